"""Two servers on one Redis, with alternating requests, lose nothing."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from tests.end_to_end.two_hosts import SECRET, TwoHosts
from tests.end_to_end.visitor import Visitor
from tests.support.client_sign_in import BACK, OIDC, VERIFIER, WECHAT
from tests.support.local_hosts import eventually

AUTHORIZE = {**OIDC, "scope": "openid profile offline_access"}
EXCHANGE = "/sns/oauth2/access_token"
ROUNDS = 5


@pytest.fixture(scope="module")
def two_hosts(host, shared_redis, tmp_path_factory):
    shared_redis.empty()
    with TwoHosts(
        tmp_path_factory.mktemp("two_hosts"), shared_redis.url, host
    ) as running:
        yield running


@pytest.fixture
def visitor(two_hosts):
    return Visitor(two_hosts)


def on_each(two_hosts, visitor, path, **more):
    """Return what each host answers to the same question."""
    return [
        visitor.ask("GET", f"{two_hosts.url}{path}", host=each, **more)
        for each in two_hosts.hosts
    ]


def at_once(two_hosts, ask, *question):
    """Return what both answer to a question that they get in the same moment."""
    with ThreadPoolExecutor(len(two_hosts.hosts)) as pool:
        return list(pool.map(lambda each: ask(*question, host=each), two_hosts.hosts))


def callback(host, two_hosts, visitor, path):
    """Return where WeChat sends the browser back; it has not gone there yet."""
    query = visitor.sign_in(path, to="/oauth_callback/")
    appid = host.app("service")["appid"]
    return f"{two_hosts.url}/oauth_callback/{appid}?{urlencode(query)}"


def authorize(**changes):
    return f"/oidc/authorize?{urlencode({**AUTHORIZE, **changes})}"


def code_of(answer):
    location = answer.headers["Location"]
    assert location.startswith(BACK)
    return dict(parse_qsl(urlsplit(location).query))["code"]


def token(two_hosts, host=None, **form):
    """Ask the token endpoint as the client."""
    who = {"client_id": "demo", "client_secret": SECRET}
    more = {"fields": {**who, **form}, "encode_multipart": False}
    return two_hosts.request("POST", f"{two_hosts.url}/oidc/token", host=host, **more)


def redeem(two_hosts, code, host=None):
    form = {"code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    return token(two_hosts, host, grant_type="authorization_code", **form)


def refresh(two_hosts, value, host=None):
    return token(two_hosts, host, grant_type="refresh_token", refresh_token=value)


def test_a_session(host, two_hosts, visitor):
    """Begun, ended and shown at whichever: both know it, and both know of its end."""
    visitor.sign_in("/login?next=/login/me", to="/login/me")
    as_program = {"headers": {"Accept": "application/json"}}
    before = on_each(two_hosts, visitor, "/login/me", **as_program)
    page = visitor.ask("GET", f"{two_hosts.url}/logout").data.decode()
    form = {"_xsrf": re.search(r'name="_xsrf" value="([^"]+)"', page)[1]}
    cookies = dict(visitor.cookies)
    fields = {"fields": form, "encode_multipart": False}
    left = visitor.ask("POST", f"{two_hosts.url}/logout", **fields)
    visitor.cookies = cookies  # a thief's copy
    after = on_each(two_hosts, visitor, "/login/me")

    assert [host.user()["unionid"]] * 2 == [each.json()["sub"] for each in before]
    assert 200 == left.status
    assert [401, 401] == [each.status for each in after]


@pytest.mark.case(47, 49)
def test_a_callback_that_is_repeated(host, two_hosts, visitor):
    """The same code from both, one exchange at WeChat, and one set of tokens."""
    url = callback(host, two_hosts, visitor, authorize())
    answers = [visitor.ask("GET", url, host=each) for each in two_hosts.hosts * 2]
    (code,) = {code_of(each) for each in answers}

    assert 200 == redeem(two_hosts, code).status
    assert 1 == len(host.journal(EXCHANGE))


@pytest.mark.case(47)
def test_callbacks_at_once_one_on_each(host, two_hosts):
    """Whoever is first exchanges the code, the other one waits for it."""
    for _ in range(ROUNDS):
        visitor = Visitor(two_hosts)
        url = callback(host, two_hosts, visitor, authorize())
        answers = at_once(two_hosts, visitor.ask, "GET", url)

        assert 1 == len({code_of(each) for each in answers})
    assert ROUNDS == len(host.journal(EXCHANGE))


@pytest.mark.case(39)
def test_two_tabs(host, two_hosts, visitor):
    """Each flow ends at the host that did not begin it."""
    tabs = [callback(host, two_hosts, visitor, authorize(state=tab)) for tab in "xy"]
    answers = [visitor.ask("GET", url) for url in reversed(tabs)]

    assert ["y", "x"] == [
        dict(parse_qsl(urlsplit(each.headers["Location"]).query))["state"]
        for each in answers
    ]
    assert [200, 200] == [redeem(two_hosts, code_of(each)).status for each in answers]


def test_tokens_go_from_host_to_host(two_hosts, visitor):
    """Issued by one, used and renewed at the other, five times in a row."""
    code = visitor.sign_in(authorize(), to=BACK)["code"]
    tokens = redeem(two_hosts, code).json()
    subs = set()
    for _ in range(ROUNDS):
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        told = on_each(two_hosts, visitor, "/oidc/userinfo", headers=bearer)
        subs |= {each.json()["sub"] for each in told}
        tokens = refresh(two_hosts, tokens["refresh_token"]).json()

    assert 1 == len(subs)


@pytest.mark.case(65, 66)
def test_a_code_is_good_once(two_hosts):
    """At both in the same moment: one of them wins, and the other revokes it."""
    for _ in range(ROUNDS):
        code = Visitor(two_hosts).sign_in(authorize(), to=BACK)["code"]
        answers = at_once(two_hosts, redeem, two_hosts, code)

        assert [200, 400] == sorted(each.status for each in answers)
        (won,) = [each.json() for each in answers if each.status == 200]
        assert 400 == refresh(two_hosts, won["refresh_token"]).status


def test_a_refresh_token_gets_one_successor(two_hosts):
    """At both in the same moment: both get the same, and it is good."""
    for _ in range(ROUNDS):
        code = Visitor(two_hosts).sign_in(authorize(), to=BACK)["code"]
        token = redeem(two_hosts, code).json()["refresh_token"]
        answers = at_once(two_hosts, refresh, two_hosts, token)
        (next_,) = {each.json()["refresh_token"] for each in answers}

        assert [200, 200] == [each.status for each in answers]
        assert 200 == refresh(two_hosts, next_).status


def test_wechats_dialect(host, two_hosts, visitor):
    """/connect, /sns and the user's session, each at another host than the last."""
    asked = {**WECHAT, "redirect_uri": BACK}
    who = {"appid": "demo", "secret": SECRET}
    openids = set()
    for state in ("s-1", "s-2"):  # one that was answered would get a page
        path = f"/connect/oauth2/authorize?{urlencode({**asked, 'state': state})}"
        code = visitor.sign_in(path, to=BACK)["code"]
        query = {**who, "code": code, "grant_type": "authorization_code"}
        tokens = two_hosts.request(
            "GET", f"{two_hosts.url}{EXCHANGE}?{urlencode(query)}"
        ).json()
        held = {name: tokens[name] for name in ("access_token", "openid")}
        told = on_each(two_hosts, visitor, f"/sns/userinfo?{urlencode(held)}")
        openids |= {each.json()["openid"] for each in told}

    assert 1 == len(openids)
    assert 1 == len(host.journal(EXCHANGE))


def test_requests_take_turns(two_hosts, visitor):
    """Else all of this would show nothing: one walk is seen by both."""
    before = [sign_ins(each) for each in two_hosts.hosts]
    visitor.sign_in(authorize(), to=BACK)

    eventually(
        lambda: (
            [1, 1]
            == [
                sign_ins(each) - old
                for each, old in zip(two_hosts.hosts, before, strict=True)
            ]
        )
    )


def sign_ins(host):
    return len(re.findall(r"/oidc/authorize|/oauth_callback/", host.log()))
