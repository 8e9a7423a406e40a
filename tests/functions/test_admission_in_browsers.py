"""Users whom a client does not admit, at each path that a browser comes to."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from runtime.errors import NotAdmitted, NotSignedIn, ServiceUnavailable
from runtime.operations.user_verbs import add as add_user
from tests.support.callback_flows import StartedFlow
from tests.support.client_sign_in import (
    BACK,
    Visit,
    exchanged,
    fields,
    query_of,
    sns,
    willing,
)
from tests.support.handles import login, oauth_callback
from tests.support.known_users import (
    admit_only,
    document_id,
    enter,
    reference_on,
    remove,
)
from tests.support.refusal import refusal
from tests.support.scripted_wechat import (
    COOKIE,
    HTML,
    SERVICE,
    ask,
    change,
    header,
    load,
)

SUB = "u-1"
REFUSED = {
    "error": "access_denied",
    "error_description": "The client does not admit this user.",
    "state": "s-1",
    "iss": "https://gateway.example.com",
}
WAYS = {
    "openid connect": (Visit.authorize, REFUSED),
    "wechat's protocol": (Visit.connect, {"state": "s-1"}),
}


@pytest.fixture
def visit(gateway, wechat):
    willing(wechat)
    change(gateway, "clients", "demo", redirect_uris=[BACK])
    gateway.settings = replace(gateway.settings, oidc_key={1: b"a key"})
    return Visit(gateway)


@pytest.fixture(params=WAYS.values(), ids=WAYS)
def way(request):
    """How a browser comes to the gateway, and what the client is told of a refusal."""
    return request.param


def back_of(response):
    """Return the link that leads from the page to the client."""
    links = [
        html.unescape(each) for each in re.findall(r'href="(.+?)"', text(response))
    ]
    return next(each for each in links if each.startswith(BACK))


def text(response):
    return response.body.decode()


def cookies_of(response):
    return [value for name, value in response.headers if name == "Set-Cookie"]


@pytest.mark.case(138)
def test_a_stranger_sees_a_reference(visit, gateway, way, redis_server):
    """No session, no code; the page leads on to the client with its state."""
    begin, answer = way
    admit_only(gateway)
    page = visit.agree(begin(visit))

    assert page.status == 403
    assert cookies_of(page) == []
    assert SUB not in text(page)
    assert "u-1" not in back_of(page)
    assert query_of(back_of(page)) == answer
    found = gateway.references.find(reference_on(page.body))
    assert (found.sub, found.name, found.client_id) == (SUB, "张三", "demo")
    with redis_server.client() as redis:
        assert redis.keys("gateway:session:*") + redis.keys("gateway:grant:*") == []


def test_an_operator_admits_by_the_reference(visit, gateway, way):
    """Then the same user gets a code."""
    begin, _ = way
    admit_only(gateway, ["staff"])
    reference = reference_on(visit.agree(begin(visit)).body)
    add_user(gateway, {"reference": reference, "groups": ["staff"]})

    assert visit.code(begin(visit))


def test_a_reload_shows_the_same_page(visit, gateway, wechat):
    """WeChat's code is spent, and not sent again."""
    admit_only(gateway)
    walk = StartedFlow(gateway)
    pages = [_page(walk, gateway) for _ in range(2)]

    assert [each.status for each in pages] == [403, 403]
    assert len({reference_on(each.body) for each in pages}) == 1
    assert len(wechat.calls("/sns/oauth2/access_token")) == 1


def _page(walk, gateway):
    query = urlencode({"code": "code-1", "state": walk.state})
    asked = ask(path=f"/{SERVICE}", query=query, headers=HTML, cookies=walk.cookies)
    return oauth_callback(asked, gateway)


def test_the_gateways_own_sign_in(visit, gateway):
    """Its client is LOGIN_CLIENT; the page has no client to lead to."""
    admit_only(gateway)
    page = _page(StartedFlow(gateway), gateway)

    assert (page.status, cookies_of(page)) == (403, [])
    assert "/login?next=%2Forders" in text(page)
    enter(gateway, SUB)
    signed_in = _page(StartedFlow(gateway), gateway)
    assert (signed_in.status, header(signed_in, "Location")) == (303, "/orders")
    assert COOKIE in header(signed_in, "Set-Cookie")


def test_a_program_is_answered_in_json(visit, gateway):
    """Where no client asked; where one did, the answer is the client's."""
    admit_only(gateway)
    with refusal(NotAdmitted) as told:
        StartedFlow(gateway).back()
    answer = told.error
    visit.headers = visit.headers[1:]  # without Accept: text/html
    refused = visit.agree(visit.authorize())

    assert reference_on(answer.reference)
    assert (refused.status, query_of(header(refused, "Location"))) == (303, REFUSED)


@pytest.mark.case(138)
def test_a_user_who_is_signed_in_already(visit, gateway, way):
    """A session of another client's sign-in opens no client that does not admit."""
    begin, answer = way
    other = {**gateway.documents.read("clients", "demo").content, "allow": "known"}
    gateway.documents.write("clients", "wiki", other, after=0)
    assert visit.code(visit.authorize())
    name = "client_id" if begin is Visit.authorize else "appid"
    page = begin(visit, **{name: "wiki"})

    assert page.status == 403
    assert query_of(back_of(page)) == answer
    assert 'href="/logout"' in text(page)
    assert reference_on(page.body)
    enter(gateway, SUB)
    assert begin(visit, **{name: "wiki"}).status == 303


@pytest.mark.case(138)
def test_nobody_sees_a_page_in_a_hidden_frame(visit, gateway):
    """With prompt=none the client is told at once."""
    assert visit.code(visit.authorize())
    admit_only(gateway)
    answer = visit.authorize(prompt="none")

    assert query_of(header(answer, "Location")) == REFUSED


def test_a_refusal_by_form(visit, gateway):
    """The page has the fields of response_mode=form_post, behind a button."""
    admit_only(gateway)
    page = visit.agree(visit.authorize(response_mode="form_post"))

    assert f'action="{BACK}"' in text(page)
    assert fields(page) == REFUSED
    assert "form-action 'self' https:" in header(page, "Content-Security-Policy")


def test_who_is_removed_redeems_no_code(visit, gateway):
    """At /oidc/token and at /sns/oauth2/access_token alike, and for good."""
    enter(gateway, SUB)
    admit_only(gateway)
    codes = [visit.code(visit.authorize())]
    codes.append(query_of(header(visit.connect(), "Location"))["code"])
    remove(gateway, SUB)

    assert exchanged(gateway, codes[1])["errcode"] == 40029
    for code in codes:
        with pytest.raises(Exception, match="invalid_grant"):
            gateway.grants.redeem(code)
    enter(gateway, SUB)
    assert exchanged(gateway, codes[1])["errcode"] in (40029, 40163)


def test_who_is_removed_refreshes_nothing(visit, gateway):
    """The tokens end for good, also if the user is entered again."""
    enter(gateway, SUB)
    admit_only(gateway)
    tokens = exchanged(gateway, visit.code(visit.connect()))
    asked = {
        "appid": "demo",
        "grant_type": "refresh_token",
        "refresh_token": tokens["refresh_token"],
    }
    user = {"access_token": tokens["access_token"], "openid": tokens["openid"]}
    assert "access_token" in sns(gateway, "oauth2/refresh_token", **asked)
    remove(gateway, SUB)

    assert sns(gateway, "oauth2/refresh_token", **asked)["errcode"] == 40030
    enter(gateway, SUB)
    assert sns(gateway, "oauth2/refresh_token", **asked)["errcode"] == 40030
    assert sns(gateway, "userinfo", **user)["errcode"] == 40001


def test_a_change_of_groups_counts(visit, gateway):
    """A user who left the group is out, at the next refresh of a page as well."""
    enter(gateway, SUB, groups=["staff", "wiki"])
    admit_only(gateway, ["wiki"])
    assert visit.code(visit.authorize())
    enter(gateway, SUB, groups=["staff"])

    assert visit.authorize().status == 403


def test_whom_the_own_services_do_not_admit_gets_no_session(visit, gateway):
    """Services of our host read the cookie themselves: another client is no way in."""
    other = {**gateway.documents.read("clients", "demo").content}
    gateway.documents.write("clients", "shop", other, after=0)
    admit_only(gateway)
    answer = visit.agree(visit.authorize(client_id="shop"))

    assert "code" in query_of(header(answer, "Location"))
    assert cookies_of(answer) == []


def test_a_session_of_before_is_none(visit, gateway):
    """As soon as LOGIN_CLIENT no longer admits its user."""
    assert visit.code(visit.authorize())
    me = ask(path="/me", cookies=visit.cookies)
    assert load(login(me, gateway))["sub"] == SUB
    admit_only(gateway)

    with pytest.raises(NotSignedIn):
        login(me, gateway)
    enter(gateway, SUB)
    assert load(login(me, gateway))["sub"] == SUB


@pytest.fixture
def unreadable_users(tmp_path):
    """A store that does not give the documents of users."""
    (tmp_path / "config" / "people" / document_id(SUB) / "1.json").mkdir(parents=True)


@pytest.mark.parametrize("begin", [Visit.authorize, Visit.connect])
def test_without_documents_nobody_signs_in(visit, gateway, begin, unreadable_users):
    """503, which passes: no code, no session, no word that the user is unknown."""
    admit_only(gateway)
    with refusal(ServiceUnavailable) as told:
        visit.agree(begin(visit))

    assert told.links.start_again


def test_who_is_signed_in_waits_for_the_documents(visit, gateway, unreadable_users):
    """The page is a 503 that leads to the same request."""
    assert visit.code(visit.authorize())
    admit_only(gateway)
    with refusal(ServiceUnavailable) as told:
        visit.authorize()

    assert told.links.start_again.startswith("/oidc/authorize?")


@pytest.mark.parametrize(
    ("uri", "fields"),
    [
        ("com.example.wiki:/signed_in", {"native": True, "public": True}),
        ("http://127.0.0.1:4711/signed_in", {"native": True, "public": True}),
        ("https://app.example.com/#/signed_in", {}),
    ],
)
def test_the_page_leads_to_any_callback_url(visit, gateway, uri, fields):
    """To an app by its own scheme, and to a hash route in WeChat's protocol."""
    registered = uri.replace(":4711", "")
    secrets = {"secret_hashes": []} if fields else {}
    admit_only(gateway)
    change(gateway, "clients", "demo", redirect_uris=[registered], **fields, **secrets)
    way = Visit.connect if "#" in uri else Visit.authorize
    page = visit.agree(way(visit, redirect_uri=uri))
    before, _, fragment = uri.partition("#")
    links = [html.unescape(each) for each in re.findall(r'href="(.+?)"', text(page))]
    (link,) = [each for each in links if each.startswith(before)]

    assert page.status == 403
    assert "state=s-1" in link
    assert link.endswith(f"#{fragment}" if fragment else "gateway.example.com")
