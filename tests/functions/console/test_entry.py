"""The entry of the console: who gets in, by what, and who learns nothing of it."""

from __future__ import annotations

import dataclasses
import json
import re
import time

import pytest

from functions.console.index import ROUTES
from runtime.crypto.signing import Signer
from runtime.gateway import Gateway
from runtime.registry.known_users import document_id
from runtime.sign_in.console_codes import ConsoleCodes
from runtime.sign_in.sessions import ACCOUNT_QR, PAGE_QR, WEB_VIEW, WECOM_CLIENT
from runtime.usage.limits import CONSOLE_CODES
from tests.support.console_browser import ConsoleBrowser
from tests.support.fc_calls import REQUEST_ID
from tests.support.scripted_wechat import SERVICE, change

UNKNOWN = "/console/there-is-no-such-page"
ENTER = "/console/enter"
OWN_PROTECTION = {"/metrics", "/enter"}


PARTS = ("a" * 16, "a" * 64, "1-1", "2027-01-15", "080000.000000-aaaaaaaaaaaa")
"""Of addresses: one of them fits each group of a pattern."""


def part_of(group):
    """Return a part of an address that a group of a pattern takes."""
    return next(part for part in PARTS if re.fullmatch(group[0], part))


def paths():
    """Yield an address for each route of the console but the entry and the metrics."""
    for each in ROUTES:
        pattern = each.pattern.pattern
        if pattern not in OWN_PROTECTION:
            path = re.sub(r"\(.*?\)|\.\*", part_of, pattern)
            assert each.pattern.fullmatch(path), pattern
            yield f"/console{path}"


def same(answer):
    """What a stranger can compare of two answers."""
    return answer.status, answer.headers, answer.text.replace(REQUEST_ID, "")


def stored(gateway, pattern):
    """Return the keys of the console in Redis."""
    return gateway.redis_store.run(
        "return redis.call('KEYS', ARGV[1])", [pattern], [pattern], repeatable=True
    )


def codes(gateway, **more):
    """Return the codes of the gateway with something else given."""
    signer = Signer(gateway.settings.token_secrets, purpose="console_code")
    return ConsoleCodes(gateway.redis_store, signer, **more)


def test_a_code_opens_the_console(opened):
    """Its page names the operator, and the browser keeps one cookie more."""
    browser = opened("operator", name="Li Lei")

    page = browser.get("/console/")
    assert page.status == 200
    assert "Li Lei" in page.words
    assert list(browser.cookies) == ["__Host-gateway_console"]


def test_the_cookie(gateway, operators):
    """Bound to https and this host, for an hour, and not sent by other sites."""
    browser = ConsoleBrowser(gateway)
    answer = browser.enter(gateway.console_codes.issue(operators("viewer")))

    flags = answer.headers["set-cookie"].split("; ")[1:]
    assert sorted(flags) == sorted(
        ["Path=/", "Max-Age=3600", "HttpOnly", "SameSite=Strict", "Secure"]
    )
    assert "max-age=31536000" in answer.headers["strict-transport-security"]


@pytest.mark.case(187)
@pytest.mark.parametrize("path", sorted(set(paths())))
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_finds_nothing(gateway, path, method):
    """Every path answers what an unknown path answers, letter by letter."""
    stranger = ConsoleBrowser(gateway)
    forged = ConsoleBrowser(gateway)
    forged.cookies["__Host-gateway_console"] = "x" * 43

    for browser in (stranger, forged):
        answer = getattr(browser, method)(path)
        assert answer.status == 404
        assert same(answer) == same(getattr(browser, method)(UNKNOWN))


@pytest.mark.case(187)
def test_a_large_form_tells_a_stranger_nothing(gateway):
    """Neither that a path is one, nor how much it would take."""
    stranger = ConsoleBrowser(gateway)
    large = {"_xsrf": "x" * 200_000}

    assert stranger.post("/console/do/drop", **large).status == 404
    assert stranger.post(UNKNOWN, **large).status == 404


def test_the_entry_tells_a_stranger_nothing(gateway, operators):
    """The same page whether there are operators or not, and no name of anybody."""
    before = ConsoleBrowser(gateway).get(ENTER)
    operators("admin", name="Li Lei")
    after = ConsoleBrowser(gateway).get(ENTER)

    assert before.status == 200
    assert same(before) == same(after)
    assert "Li Lei" not in after.text
    assert "gateway" not in after.words.lower()


@pytest.mark.case(188)
def test_a_preview_uses_nothing_up(gateway, operators):
    """Whoever fetches the address changes nothing, even with the code in it."""
    code = gateway.console_codes.issue(operators("admin"))
    before = stored(gateway, "gateway:console*")

    for query in ("", f"code={code}"):
        page = ConsoleBrowser(gateway).get(ENTER, query)
        assert (page.status, page.headers.get("set-cookie")) == (200, None)
        assert code not in page.text
    assert stored(gateway, "gateway:console*") == before
    assert ConsoleBrowser(gateway).enter(code).status == 303


@pytest.mark.case(189)
def test_a_code_counts_once(gateway, operators):
    """The second one who types it gets the form again, and no session."""
    code = gateway.console_codes.issue(operators("admin"))

    assert ConsoleBrowser(gateway).enter(code).status == 303
    second = ConsoleBrowser(gateway)
    answer = second.enter(code)
    assert (answer.status, second.cookies) == (403, {})


@pytest.mark.case(189)
def test_a_code_expires(gateway, operators):
    """Redis forgets it after its time."""
    gateway.console_codes = codes(gateway, seconds=0.05)
    code = gateway.console_codes.issue(operators("admin"))
    until = time.monotonic() + 10
    while stored(gateway, "gateway:console_code*"):
        assert time.monotonic() < until, "Redis has the code still"
        time.sleep(0.05)

    assert ConsoleBrowser(gateway).enter(code).status == 403


def test_a_code_lives_five_minutes(gateway, operators):
    """Nothing keeps it longer."""
    gateway.console_codes.issue(operators("admin"))
    key = stored(gateway, "gateway:console_code*")[0].decode()

    left = gateway.redis_store.run(
        "return redis.call('PTTL', KEYS[1])", [key], [], repeatable=True
    )
    assert 290_000 < left <= 300_000


def test_a_code_is_not_in_redis(gateway, operators):
    """Neither it nor its plain hash: whoever reads Redis cannot type it."""
    code = gateway.console_codes.issue(operators("admin"))
    letters = code.replace("-", "")
    dump = b" ".join(stored(gateway, "*")).decode()

    assert letters not in dump
    assert document_id(letters) not in dump
    assert document_id(code) not in dump


@pytest.mark.parametrize(
    "typed",
    [
        "k7qf 2m9x 4tbd",
        "\uff2b\uff17\uff31\uff26-\uff12\uff2d\uff19\uff38-\uff14\uff34\uff22\uff24",
        "K7QF2M9X4TBD ",
    ],
)
def test_a_code_as_users_type_it(gateway, operators, typed):
    """Without its dashes, in small letters, and as Chinese input methods write it."""
    operator = operators("viewer")
    gateway.console_codes = codes(gateway, draw=lambda: "K7QF2M9X4TBD")
    gateway.console_codes.issue(operator)

    assert ConsoleBrowser(gateway).enter(typed).status == 303


@pytest.mark.case(189)
def test_too_many_codes(gateway, operators):
    """An address is refused whatever it types; another one is not."""
    code = gateway.console_codes.issue(operators("admin"))
    guesser = ConsoleBrowser(gateway, peer_ip="198.51.100.7")

    for _ in range(CONSOLE_CODES):
        assert guesser.enter("0000-0000-0000").status == 403
    refused = guesser.enter(code)
    assert (refused.status, guesser.cookies) == (429, {})
    assert int(refused.headers["retry-after"]) <= 60
    assert ConsoleBrowser(gateway).enter(code).status == 303


@pytest.mark.case(191)
def test_a_role_that_is_taken_away(gateway, settings, opened):
    """By another process, in the middle of a session: within two seconds."""
    browser = opened("operator")
    token = browser.token
    other = Gateway(settings)
    change(other, "people", browser.operator, role="viewer")
    until = time.monotonic() + 10
    while browser.get("/console/ask/pause", f"appid={SERVICE}").status == 200:
        assert time.monotonic() < until, "the role is still there"
        time.sleep(0.05)

    refused = browser.post("/console/do/pause", _xsrf=token, appid=SERVICE)
    assert refused.status == 403
    assert browser.get("/console/").status == 200
    other.documents.remove("people", browser.operator, after=2)
    while browser.get("/console/").status == 200:
        assert time.monotonic() < until, "the user is still there"
        time.sleep(0.05)
    assert browser.post("/console/do/pause", _xsrf=token, appid=SERVICE).status == 404
    assert not gateway.push_pauses.is_paused(SERVICE)


@pytest.mark.case(189)
def test_a_code_of_somebody_without_a_role(gateway, operators):
    """It was taken away between the code and the form."""
    operator = operators("admin")
    code = gateway.console_codes.issue(operator)
    gateway.documents.remove("people", operator, after=1)

    assert ConsoleBrowser(gateway).enter(code).status == 403


@pytest.mark.case(191)
def test_signed_out_everywhere(gateway, opened, clock):
    """The sign-out of a user ends the user's console, too."""
    browser = opened("admin", sub="o-admin")
    assert browser.get("/console/").status == 200
    gateway.redis_store.put(
        f"gateway:signed_out:{{{browser.operator}}}",
        str(int(clock())).encode(),
        seconds=60,
    )

    assert browser.get("/console/").status == 404


@pytest.mark.case(191)
def test_log_out(gateway, opened):
    """The session ends in Redis, so that a copy of the cookie opens nothing."""
    browser = opened("viewer")
    copied = dict(browser.cookies)
    left = browser.post("/console/leave", _xsrf=browser.token)

    assert (left.status, browser.cookies) == (303, {})
    browser.cookies = copied
    assert browser.get("/console/").status == 404
    assert not stored(gateway, "gateway:console_session*")


def signed_in(gateway, clock, sub, *, way=""):
    """Return a browser in which a user has signed in with WeChat."""
    session, entry = gateway.sessions.make(sub, {"name": "Li"}, now=clock(), way=way)
    gateway.redis_store.put_all([entry])
    browser = ConsoleBrowser(gateway)
    _, line = gateway.sessions.cookie(session, now=clock())
    name, _, value = line.split("; ")[0].partition("=")
    browser.cookies[name] = value
    return browser, session


@pytest.mark.case(192)
def test_wechat_gives_a_viewer_at_most(gateway, operators, clock):
    """An admin who is signed in with WeChat may look, and no more."""
    operators("admin", sub="o-admin")
    browser, session = signed_in(gateway, clock, "o-admin")
    page = browser.get(ENTER)
    token = re.findall(r'name="_xsrf" value="([^"]+)"', page.text)[1]
    entered = browser.post(ENTER, _xsrf=token, way="session")

    assert browser.follow(entered).status == 200
    refused = browser.do("pause", appid=SERVICE)
    assert refused.status == 403
    assert not gateway.push_pauses.is_paused(SERVICE)
    gateway.sessions.end(session)
    assert browser.get("/console/").status == 404


@pytest.mark.case(192)
@pytest.mark.parametrize("way", [PAGE_QR, ACCOUNT_QR, WEB_VIEW])
def test_a_way_that_others_can_talk_into(gateway, operators, clock, way):
    """The page is a stranger's, and the form that would open it is none."""
    operators("admin", sub="o-admin")
    honest, _ = signed_in(gateway, clock, "o-admin")
    token = re.findall(r'name="_xsrf" value="([^"]+)"', honest.get(ENTER).text)[1]
    browser, _ = signed_in(gateway, clock, "o-admin", way=way)

    assert same(browser.get(ENTER)) == same(ConsoleBrowser(gateway).get(ENTER))
    assert browser.post(ENTER, _xsrf=token, way="session").status == 404
    assert browser.get("/console/").status == 404


def test_a_user_without_a_role(gateway, clock):
    """Signed in, and a stranger to the console."""
    browser, _ = signed_in(gateway, clock, "o-somebody")

    assert same(browser.get(ENTER)) == same(ConsoleBrowser(gateway).get(ENTER))
    assert browser.get("/console/").status == 404


@pytest.mark.case(190)
@pytest.mark.parametrize("origin", ["https://evil.example.com", "null", ""])
def test_a_form_of_another_site(gateway, operators, opened, origin):
    """Neither enters, nor acts, nor logs out, even with the tokens of our own forms."""
    code = gateway.console_codes.issue(operators("viewer"))
    browser = opened("operator")
    token = browser.token
    entry = browser.get(ENTER).token(ENTER)

    for path, fields in (
        ("/console/do/pause", {"_xsrf": token, "appid": SERVICE}),
        ("/console/leave", {"_xsrf": token}),
        (ENTER, {"_xsrf": entry, "code": code}),
    ):
        assert browser.post(path, origin=origin, **fields).status == 403, path
    assert not gateway.push_pauses.is_paused(SERVICE)
    assert browser.get("/console/").status == 200
    assert ConsoleBrowser(gateway).enter(code).status == 303


@pytest.mark.case(190)
@pytest.mark.parametrize("token", ["", "x", "another"])
def test_a_forged_token(gateway, opened, token):
    """Neither none, nor another operator's."""
    browser, other = opened("operator"), opened("admin")
    token = other.token if token == "another" else token

    refused = browser.post("/console/do/pause", _xsrf=token, appid=SERVICE)
    assert refused.status == 403
    assert not gateway.push_pauses.is_paused(SERVICE)


def test_the_page_needs_no_script(opened):
    """Its policy allows none, no cache keeps it, and no site frames it."""
    page = opened("admin").get("/console/")

    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "<script" not in page.text
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("lang", "words"),
    [("zh-CN", "请求编号"), ("zh-TW", "請求編號"), ("en", "Overview")],
)
def test_languages(opened, lang, words):
    """Chosen on any page, and kept by the cookie of all pages."""
    browser = opened("viewer")
    browser.follow(browser.get("/console/", f"lang={lang}"))

    assert words in browser.get("/console/").words


def test_in_json(gateway):
    """A program gets the code alone."""
    answer = ConsoleBrowser(gateway).get("/console/", headers=())

    assert (answer.status, json.loads(answer.text)["error"]) == (404, "not_found")


MEMBER = "ww0123456789abcdef:li.lei"


def form_tokens(page):
    return re.findall(r'name="_xsrf" value="([^"]+)"', page.text)


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_wecoms_client_gives_the_role(gateway, operators, clock, role):
    """A member whose code is certainly the client's acts as an operator does."""
    operators(role, sub=MEMBER)
    browser, session = signed_in(gateway, clock, MEMBER, way=WECOM_CLIENT)
    token = form_tokens(browser.get(ENTER))[1]
    entered = browser.post(ENTER, _xsrf=token, way="session")

    assert browser.follow(entered).status == 200
    assert browser.do("pause", appid=SERVICE).status == 303
    assert gateway.push_pauses.is_paused(SERVICE)
    browser.do("disable", client_id="demo")
    assert not gateway.registry.client("demo").disabled  # that needs a new code
    gateway.sessions.end(session)
    assert browser.get("/console/").status == 404


@pytest.mark.case(192)
@pytest.mark.parametrize(("way", "age"), [("", 0), (WECOM_CLIENT, 3601)])
def test_a_members_other_sign_ins_give_a_viewer(gateway, operators, clock, way, age):
    """By WeCom's page on a computer, and by a sign-in of more than an hour ago."""
    operators("admin", sub=MEMBER)
    browser, _ = signed_in(gateway, clock, MEMBER, way=way)
    clock.now += age
    token = form_tokens(browser.get(ENTER))[1]
    entered = browser.post(ENTER, _xsrf=token, way="session")

    assert browser.follow(entered).status == 200
    assert browser.do("pause", appid=SERVICE).status == 403


@pytest.mark.case(192)
def test_a_shared_cookie_gives_a_viewer(gateway, operators, clock):
    """Every host below COOKIE_DOMAIN gets it, and could enter the console with it."""
    operators("admin", sub=MEMBER)
    browser, _ = signed_in(gateway, clock, MEMBER, way=WECOM_CLIENT)
    shared = dataclasses.replace(gateway.settings, cookie_domain="example.com")
    gateway.settings = shared
    token = form_tokens(browser.get(ENTER))[1]
    entered = browser.post(ENTER, _xsrf=token, way="session")

    assert browser.follow(entered).status == 200
    assert browser.do("pause", appid=SERVICE).status == 403
