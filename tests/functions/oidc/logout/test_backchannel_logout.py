"""Back-channel logout: whom a sign-out tells, and by which token."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import count
from urllib.parse import parse_qs, urlencode

import pytest

from runtime.broker.form_tokens import sign_out_token
from runtime.crypto.encoding import from_base64url
from runtime.entry.dialects import ErrorInDialect
from runtime.errors import ServiceUnavailable
from runtime.gateway import Gateway
from runtime.operations.verbs import operation, perform
from runtime.push.deliveries import Claim
from runtime.registry.client_secrets import hash_secret
from runtime.tokens.id_tokens import BadHint
from runtime.tokens.logout_notices import EVENT, KIND
from tests.support.client_sign_in import (
    BACK,
    Visit,
    query_of,
    redeemed,
    secret_of,
    willing,
)
from tests.support.handles import admin, login
from tests.support.handles import oidc as handle
from tests.support.rsa_keys import private_key
from tests.support.scripted_wechat import (
    FORM,
    HTML,
    SERVICE,
    WEBSITE,
    ask,
    change,
    header,
)

URL = "https://app.example.com/logout?kind=backchannel"


_STATES = count()


@pytest.fixture(autouse=True)
def _clients(gateway, wechat):
    """Two clients that are told, one of them with names of its own, and one not."""
    gateway.settings = replace(gateway.settings, oidc_key={1: private_key()})
    held = gateway.documents.read("clients", "demo").content
    told = {**held, "redirect_uris": [BACK], "scopes": {SERVICE: [], WEBSITE: []}}
    told["backchannel_logout_uri"] = URL
    change(gateway, "clients", "demo", **told)
    pairwise = {"subject_type": "pairwise", "pairwise_salt": "0" * 32}
    for client_id, more in (("shop", pairwise), ("quiet", {})):
        hashes = [hash_secret(secret_of(client_id))]
        content = {**told, **more, "secret_hashes": hashes}
        if client_id == "quiet":
            del content["backchannel_logout_uri"]
        gateway.documents.write("clients", client_id, content, after=0)
    willing(wechat)


@pytest.fixture
def visit(gateway):
    return Visit(gateway)


def sign_in(visit, client_id="demo"):
    """Sign in to a client; return its ID token's claims."""
    # A state of its own: an answered request shows a page in place of a second code.
    sent = visit.authorize(client_id=client_id, state=f"s-{next(_STATES)}")
    location = header(sent, "Location")
    code = query_of(location).get("code") if location.startswith(BACK) else None
    answer = redeemed(visit.gateway, code or visit.code(sent), client_id)
    return claims_of(answer["id_token"])


def claims_of(token):
    return json.loads(from_base64url(token.split(".")[1]))


def session_of(visit):
    return visit.gateway.sessions.of(
        ask(cookies=visit.cookies), now=visit.gateway.clock()
    )


class Platform:
    """The context of a call, as the local host gives it: it starts functions."""

    def __init__(self):
        self.started = []

    def start_function(self, name):
        self.started.append(name)


def sign_out(visit, *, platform=None):
    """Send the gateway's own form."""
    token = sign_out_token(visit.gateway, session_of(visit))
    body = urlencode({"_xsrf": token}).encode()
    headers = (*HTML, ("content-type", FORM))
    asked = ask("POST", "/logout", headers=headers, body=body, cookies=visit.cookies)
    return login(replace(asked, context=platform), visit.gateway)


def notices(gateway):
    """Return the payload of each notice that waits, by client."""
    found = {}
    for target in gateway.deliveries.due().targets:
        claim = gateway.deliveries.claim(target)
        assert isinstance(claim, Claim)
        for job in claim.jobs:
            assert job.kind == KIND
            payload = gateway.deliveries.payload(job)
            found.setdefault(target.removeprefix("logout/"), []).append(payload)
        gateway.deliveries.release(claim)
    return found


def sent(gateway, payload):
    """Return header and claims of the token that a notice posts."""
    request = gateway.logout_notices.request(payload)
    token = parse_qs(request.body.decode())["logout_token"][0]
    return json.loads(from_base64url(token.split(".")[0])), claims_of(token)


@pytest.mark.case(163)
def test_a_sign_out_tells_each_client(visit, gateway):
    """Each once, whichever has the session of this browser, and no other one."""
    named = {each: sign_in(visit, each) for each in ("demo", "shop", "quiet")}
    sign_out(visit)
    waiting = notices(gateway)
    tokens = {each: sent(gateway, waiting[each][0])[1] for each in waiting}

    assert {"demo": 1, "shop": 1} == {k: len(v) for k, v in waiting.items()}
    for client_id, claims in tokens.items():
        assert named[client_id]["sid"] == claims["sid"]
        assert named[client_id]["sub"] == claims["sub"]
        assert client_id == claims["aud"]
    assert 3 == len({claims["sid"] for claims in named.values()})


def test_the_token(visit, gateway):
    """As the specification wants it: signed, short-lived, and no ID token."""
    named = sign_in(visit)
    sign_out(visit)
    ((payload,),) = notices(gateway).values()
    request = gateway.logout_notices.request(payload)
    head, claims = sent(gateway, payload)
    again = sent(gateway, payload)[1]

    assert (URL, "application/x-www-form-urlencoded") == (
        request.url,
        request.headers["Content-Type"],
    )
    assert ("RS256", "logout+jwt") == (head["alg"], head["typ"])
    assert head["kid"] in gateway.oidc_keys.verifying
    assert {"iss", "sub", "aud", "iat", "exp", "jti", "events", "sid"} == set(claims)
    assert {EVENT: {}} == claims["events"]
    assert named["iss"] == claims["iss"]
    assert 120 == claims["exp"] - claims["iat"]
    assert claims["jti"] != again["jti"]


@pytest.mark.case(163)
def test_a_logout_token_is_no_hint(visit, gateway):
    """Nobody can sign a user out by one that has come to light."""
    sign_in(visit)
    sign_out(visit)
    ((payload,),) = notices(gateway).values()
    request = gateway.logout_notices.request(payload)
    token = parse_qs(request.body.decode())["logout_token"][0]

    with pytest.raises(BadHint):
        gateway.id_tokens.hint(token, now=gateway.clock())


@pytest.mark.case(163)
def test_what_a_client_is_told_names_no_session(visit, gateway):
    """Neither the session's own id nor the sid of another client."""
    named = sign_in(visit)
    session = session_of(visit)

    assert session.sid not in json.dumps(named)
    assert 22 == len(named["sid"])


def test_a_second_sign_in_of_the_same_session(visit, gateway):
    """It has the same sid, and is told once."""
    first, second = sign_in(visit), sign_in(visit)
    sign_out(visit)

    assert first["sid"] == second["sid"]
    assert {"demo": 1} == {k: len(v) for k, v in notices(gateway).items()}


def test_another_browser_stays_signed_in(visit, gateway):
    """A sign-out ends its own session alone."""
    other = Visit(gateway)
    ended, kept = sign_in(visit), sign_in(other)
    sign_out(visit)
    ((payload,),) = notices(gateway).values()

    assert ended["sid"] == sent(gateway, payload)[1]["sid"] != kept["sid"]


@pytest.mark.parametrize("verb", ["person sign-out", "person remove"])
def test_a_sign_out_everywhere(visit, gateway, verb):
    """An operator's tells all clients of all sessions of this user."""
    named = [sign_in(visit), sign_in(Visit(gateway)), sign_in(visit, "shop")]
    for each in ("person add", verb):
        perform(operation(*each.split()).run, gateway, {"sub": "u-1"})
    waiting = notices(gateway)
    tokens = [sent(gateway, each)[1] for found in waiting.values() for each in found]

    assert sorted(each["sid"] for each in named) == sorted(t["sid"] for t in tokens)


def test_a_sign_out_at_a_client(visit, gateway):
    """/oidc/logout by an ID token tells the others, and that client."""
    answer = redeemed(gateway, visit.code(visit.authorize()))
    sign_in(visit, "shop")
    query = urlencode({"id_token_hint": answer["id_token"]})
    visit.get(handle, "/logout", query)

    assert {"demo", "shop"} == set(notices(gateway))


@pytest.mark.case(163)
def test_a_code_of_a_session_that_has_ended(visit, gateway):
    """It is refused: the client was told before it knew of the session."""
    code = visit.code(visit.authorize())
    sign_out(visit)

    with pytest.raises(ErrorInDialect, match="invalid_grant"):
        redeemed(gateway, code)
    assert {"demo"} == set(notices(gateway))


@pytest.mark.case(163)
def test_a_sign_out_at_the_same_moment(visit, gateway, monkeypatch):
    """A client that is noted just after the sign-out gets no code."""
    sign_in(visit, "quiet")
    session, note = session_of(visit), gateway.session_clients.note

    def late(sub, use):
        gateway.sessions.end(session)
        note(sub, use)

    monkeypatch.setattr(gateway.session_clients, "note", late)
    sent_back = visit.authorize(state="s-late")
    again = header(sent_back, "Location")

    assert again.startswith("https://gateway.example.com/oidc/authorize?")
    assert "/connect/oauth2/authorize" in header(
        visit.get(handle, "/authorize", again.partition("?")[2]), "Location"
    )


def test_a_client_that_registers_later(visit, gateway):
    """What it was told before has its sid; it hears of sessions from then on."""
    named = sign_in(visit, "quiet")
    change(gateway, "clients", "quiet", backchannel_logout_uri=URL)
    again = sign_in(visit, "quiet")
    sign_out(visit)
    ((payload,),) = notices(gateway).values()

    assert named["sid"] == again["sid"] == sent(gateway, payload)[1]["sid"]


@pytest.mark.parametrize("gone", [{"disabled": True}, {"backchannel_logout_uri": ""}])
def test_a_client_that_is_withdrawn_meanwhile(visit, gateway, gone):
    """There is nobody to tell any more."""
    sign_in(visit)
    sign_out(visit)
    ((payload,),) = notices(gateway).values()
    change(gateway, "clients", "demo", **gone)

    assert gateway.logout_notices.request(payload) is None


def test_the_form_twice(visit, gateway):
    """The second one tells nobody anything."""
    sign_in(visit)
    first = sign_out(visit)
    second = sign_out(visit)

    assert (200, 200) == (first.status, second.status)
    assert {"demo": 1} == {k: len(v) for k, v in notices(gateway).items()}


def test_without_the_redis_of_pushes(visit, gateway, monkeypatch, caplog):
    """The user is signed out all the same, and the log says that nobody was told."""
    sign_in(visit)

    def away(*arguments, **more):
        raise ServiceUnavailable

    monkeypatch.setattr(gateway.deliveries, "add", away)
    session = session_of(visit)
    response = sign_out(visit)

    assert 200 == response.status
    assert "not told to clients" in caplog.text
    with pytest.raises(Exception, match="not_signed_in"):
        gateway.sessions.profile(session)


def test_on_another_instance(visit, gateway, settings, wechat, clock):
    """Nothing of it is in a process' memory."""
    sign_in(visit)
    other = Gateway(settings, clock=clock, transport=wechat)
    other.settings = gateway.settings
    visit.gateway = other
    sign_out(visit)

    assert {"demo"} == set(notices(gateway))


def test_a_wechat_client_has_no_id_token(visit, gateway):
    """So it is told of no session, whatever its document says."""
    visit.agree(visit.connect())
    sign_out(visit)

    assert {} == notices(gateway)


def test_an_embedded_sign_in(visit, gateway):
    """Without a session of ours, only a sign-out everywhere tells its client."""
    from runtime.broker.authorize import grant_of
    from runtime.sign_in.authorization_request import AuthorizationRequest
    from runtime.sign_in.sessions import Session

    asked = AuthorizationRequest(
        dialect="oidc",
        client_id="demo",
        redirect_uri=BACK,
        again="/oidc/authorize",
        scope=("openid",),
    )
    client = gateway.registry.client("demo")
    nobody = Session("u-1", sid="", at=1)
    grants = [
        grant_of(gateway, client, asked, nobody, {}, language=None) for _ in range(2)
    ]
    gateway.sessions.end_all("u-1")
    ((one, other),) = notices(gateway).values()

    assert grants[0].sid != grants[1].sid
    assert {each.sid for each in grants} == {
        json.loads(each)["sid"] for each in (one, other)
    }


class TestAtOnce:
    @pytest.fixture
    def platform(self):
        return Platform()

    @pytest.mark.parametrize(
        ("client_id", "started"), [("demo", ["deliver"]), ("quiet", [])]
    )
    def test_by_our_own_form(self, visit, platform, client_id, started):
        """Deliver is started if a client is to be told, and only then."""
        sign_in(visit, client_id)
        sign_out(visit, platform=platform)

        assert started == platform.started

    def test_by_a_client(self, visit, gateway, platform):
        """/oidc/logout does the same."""
        answer = redeemed(gateway, visit.code(visit.authorize()))
        query = urlencode({"id_token_hint": answer["id_token"]})
        asked = ask(path="/logout", query=query, headers=HTML, cookies=visit.cookies)
        handle(replace(asked, context=platform), gateway)

        assert ["deliver"] == platform.started

    @pytest.mark.parametrize("verb", ["sign-out", "remove"])
    def test_by_an_operator(self, visit, gateway, platform, verb):
        """The function admin does it; other verbs start nothing."""
        sign_in(visit)
        for each in ("add", verb):
            kind = (("content-type", "application/json"),)
            body = b'{"sub": "u-1"}'
            asked = ask("POST", f"/person/{each}", headers=kind, body=body)
            admin(replace(asked, context=platform), gateway)

        assert ["deliver"] == platform.started
