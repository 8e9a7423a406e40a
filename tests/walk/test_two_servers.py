"""Two servers behind one Redis, requests alternating between them, lose nothing."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from tests.support.brokered import BACK, OIDC, VERIFIER, WECHAT
from tests.support.local_hosts import eventually
from tests.walk.pair import SECRET, Pair
from tests.walk.visitor import Visitor

AUTHORIZE = {**OIDC, "scope": "openid profile offline_access"}
EXCHANGE = "/sns/oauth2/access_token"
ROUNDS = 5


@pytest.fixture(scope="module")
def pair(host, shared_redis, tmp_path_factory):
    shared_redis.empty()
    with Pair(tmp_path_factory.mktemp("pair"), shared_redis.url, host) as running:
        yield running


@pytest.fixture
def visitor(pair):
    return Visitor(pair)


def on_each(pair, visitor, path, **more):
    """Return what each host answers to the same question."""
    return [
        visitor.ask("GET", f"{pair.url}{path}", host=each, **more)
        for each in pair.hosts
    ]


def at_once(pair, ask, *question):
    """Return what both answer to a question that they get in the same moment."""
    with ThreadPoolExecutor(len(pair.hosts)) as pool:
        return list(pool.map(lambda each: ask(*question, host=each), pair.hosts))


def callback(host, pair, visitor, path):
    """Return where WeChat sends the browser back; it has not gone there yet."""
    query = visitor.walk(path, to="/oauth_callback/")
    appid = host.app("service")["appid"]
    return f"{pair.url}/oauth_callback/{appid}?{urlencode(query)}"


def authorize(**changes):
    return f"/oidc/authorize?{urlencode({**AUTHORIZE, **changes})}"


def code_of(answer):
    location = answer.headers["Location"]
    assert location.startswith(BACK)
    return dict(parse_qsl(urlsplit(location).query))["code"]


def token(pair, host=None, **form):
    """Ask the token endpoint as the client."""
    who = {"client_id": "demo", "client_secret": SECRET}
    more = {"fields": {**who, **form}, "encode_multipart": False}
    return pair.request("POST", f"{pair.url}/oidc/token", host=host, **more)


def redeem(pair, code, host=None):
    form = {"code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    return token(pair, host, grant_type="authorization_code", **form)


def refresh(pair, value, host=None):
    return token(pair, host, grant_type="refresh_token", refresh_token=value)


def test_a_session(host, pair, visitor):
    """Begun, ended and shown at whichever: both know it, and both know of its end."""
    visitor.walk("/login?next=/login/me", to="/login/me")
    before = on_each(pair, visitor, "/login/me")
    page = visitor.ask("GET", f"{pair.url}/logout").data.decode()
    form = {"_xsrf": re.search(r'name="_xsrf" value="([^"]+)"', page)[1]}
    cookies = dict(visitor.cookies)
    fields = {"fields": form, "encode_multipart": False}
    left = visitor.ask("POST", f"{pair.url}/logout", **fields)
    visitor.cookies = cookies  # a thief's copy
    after = on_each(pair, visitor, "/login/me")

    assert [host.user()["unionid"]] * 2 == [each.json()["sub"] for each in before]
    assert 200 == left.status
    assert [401, 401] == [each.status for each in after]


@pytest.mark.case(47, 49)
def test_a_callback_that_is_repeated(host, pair, visitor):
    """The same code from both, one exchange at WeChat, and one set of tokens."""
    url = callback(host, pair, visitor, authorize())
    answers = [visitor.ask("GET", url, host=each) for each in pair.hosts * 2]
    (code,) = {code_of(each) for each in answers}

    assert 200 == redeem(pair, code).status
    assert 1 == len(host.journal(EXCHANGE))


@pytest.mark.case(47)
def test_callbacks_at_once_one_on_each(host, pair):
    """Whoever is first exchanges the code, the other one waits for it."""
    for _ in range(ROUNDS):
        visitor = Visitor(pair)
        url = callback(host, pair, visitor, authorize())
        answers = at_once(pair, visitor.ask, "GET", url)

        assert 1 == len({code_of(each) for each in answers})
    assert ROUNDS == len(host.journal(EXCHANGE))


@pytest.mark.case(39)
def test_two_tabs(host, pair, visitor):
    """Each flow ends at the host that did not begin it."""
    tabs = [callback(host, pair, visitor, authorize(state=tab)) for tab in "xy"]
    answers = [visitor.ask("GET", url) for url in reversed(tabs)]

    assert ["y", "x"] == [
        dict(parse_qsl(urlsplit(each.headers["Location"]).query))["state"]
        for each in answers
    ]
    assert [200, 200] == [redeem(pair, code_of(each)).status for each in answers]


def test_tokens_go_from_host_to_host(pair, visitor):
    """Issued by one, used and renewed at the other, five times in a row."""
    code = visitor.walk(authorize(), to=BACK)["code"]
    tokens = redeem(pair, code).json()
    subs = set()
    for _ in range(ROUNDS):
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        told = on_each(pair, visitor, "/oidc/userinfo", headers=bearer)
        subs |= {each.json()["sub"] for each in told}
        tokens = refresh(pair, tokens["refresh_token"]).json()

    assert 1 == len(subs)


@pytest.mark.case(65, 66)
@pytest.mark.parametrize("spend", [redeem, refresh])
def test_what_is_good_once_is_good_once(pair, spend):
    """A code or a refresh token, at both in the same moment: one of them wins."""
    for _ in range(ROUNDS):
        value = Visitor(pair).walk(authorize(), to=BACK)["code"]
        if spend is refresh:
            value = redeem(pair, value).json()["refresh_token"]
        answers = at_once(pair, spend, pair, value)

        assert [200, 400] == sorted(each.status for each in answers)
        (won,) = [each.json() for each in answers if each.status == 200]
        assert 400 == refresh(pair, won["refresh_token"]).status


def test_wechats_dialect(host, pair, visitor):
    """/connect, /sns and the person's session, each at another host than the last."""
    asked = {**WECHAT, "redirect_uri": BACK}
    path = f"/connect/oauth2/authorize?{urlencode(asked)}"
    who = {"appid": "demo", "secret": SECRET}
    openids = set()
    for _ in range(2):
        code = visitor.walk(path, to=BACK)["code"]
        query = {**who, "code": code, "grant_type": "authorization_code"}
        tokens = pair.request("GET", f"{pair.url}{EXCHANGE}?{urlencode(query)}").json()
        held = {name: tokens[name] for name in ("access_token", "openid")}
        told = on_each(pair, visitor, f"/sns/userinfo?{urlencode(held)}")
        openids |= {each.json()["openid"] for each in told}

    assert 1 == len(openids)
    assert 1 == len(host.journal(EXCHANGE))


def test_requests_take_turns(pair, visitor):
    """Else all of this would show nothing: one walk is seen by both."""
    before = [sign_ins(each) for each in pair.hosts]
    visitor.walk(authorize(), to=BACK)

    eventually(
        lambda: (
            [1, 1]
            == [
                sign_ins(each) - old
                for each, old in zip(pair.hosts, before, strict=True)
            ]
        )
    )


def sign_ins(host):
    return len(re.findall(r"/oidc/authorize|/oauth_callback/", host.log()))
