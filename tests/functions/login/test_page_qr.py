"""A computer without a website app: its own QR code, a phone, and four digits."""

from __future__ import annotations

import html
import json
import logging
import re
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from runtime.crypto.encoding import from_base64url
from runtime.entry.dialects import ErrorInDialect
from runtime.errors import (
    ClientDisabled,
    ConfirmationFailed,
    ConfirmationRefused,
    ConfirmedElsewhere,
    CookieMissing,
    FlowExpired,
    QrCodeExpired,
    RateLimited,
    SameBrowser,
    SignInNotConfigured,
    SnapshotUser,
)
from runtime.sign_in.sessions import PAGE_QR
from tests.support.client_sign_in import (
    BACK,
    GRANTED,
    OIDC,
    USER,
    VERIFIER,
    WECHAT,
    exchanged,
    query_of,
)
from tests.support.handles import login, oidc
from tests.support.known_users import enter, reference_on
from tests.support.phone_and_computer import (
    JSON,
    Computer,
    Device,
    Phone,
    raised,
    session_of,
    shown_digits,
)
from tests.support.refusal import refusal
from tests.support.rsa_keys import private_key
from tests.support.scripted_wechat import (
    CLIENT_SECRET,
    FORM,
    HTML,
    IN_WECHAT,
    SERVICE,
    WEBSITE,
    ask,
    change,
    cookie,
    header,
    load,
)

OTHER = {**GRANTED, "openid": "o-2", "unionid": "u-2"}


@pytest.fixture(autouse=True)
def _service_account_alone(gateway, willing):
    change(
        gateway,
        "clients",
        "demo",
        name="Bookshop",
        scopes={SERVICE: []},
        redirect_uris=[BACK],
    )
    gateway.settings = replace(gateway.settings, oidc_key={1: private_key()})


@pytest.fixture
def computer(gateway):
    return Computer(gateway)


@pytest.fixture
def phone(gateway):
    return Phone(gateway)


class TestSignIn:
    def test_scan_confirm_type(self, computer, phone):
        """The computer is signed in as the phone's user, and goes on to `next`."""
        digits = phone.confirm(computer)
        page = computer.type(digits)
        session = session_of(computer)

        assert computer.scanned == (
            f"https://gateway.example.com/login/scan/{computer.id}?lang=zh-CN"
        )
        assert 200 == page.status
        assert b'content="0; url=/orders"' in page.body
        assert ("u-1", PAGE_QR) == (session.sub, session.way)
        assert not session.may_open_console
        assert "o-1" == computer.gateway.sessions.profile(session)["wechat_openid"]

    def test_the_phone_is_not_signed_in(self, computer, phone):
        """Only a flow's cookie is on it, whatever happens."""
        computer.type(phone.confirm(computer))

        assert ["__Host-flow"] == [name.rpartition("_")[0] for name in phone.cookies]

    @pytest.mark.case(148)
    def test_what_the_phone_is_told(self, gateway, phone):
        """Service, user, browser, address and time; and to beware."""
        computer = Computer(gateway, peer_ip="8.8.4.4")
        page = phone.arrive(phone.scan(computer)).body.decode()
        told = dict(re.findall(r"<dt>(.+?)</dt><dd>(.*?)</dd>", page))

        assert ["Bookshop", "张三", "Chrome, Windows", "8.8.4.4"] == [*told.values()][
            :4
        ]
        assert "不到 1 分钟前" == [*told.values()][4]
        assert 'class="warning"' in page
        assert shown_digits(phone.look()) is None

    @pytest.mark.parametrize("peer_ip", ["10.1.2.3", "192.0.2.1", "127.0.0.1", ""])
    def test_an_address_that_tells_nothing_is_not_told(self, gateway, phone, peer_ip):
        """It would be a proxy's that no setting names."""
        computer = Computer(gateway, peer_ip=peer_ip)
        page = phone.arrive(phone.scan(computer)).body.decode()

        assert "<dd>未知</dd>" in page

    @pytest.mark.case(148)
    def test_the_script_of_the_computer_is_told_of_the_phone(self, computer, phone):
        """Before and after; and no digits."""
        before = computer.told()
        digits = phone.confirm(computer)
        after = computer.told()

        assert "waiting" == before["state"]
        assert 290 < before["expires_in"] <= 300
        assert "confirmed" == after["state"]
        assert digits not in json.dumps({**after, "expires_in": 0})
        assert session_of(computer) is None

    def test_the_computer_gets_the_form_when_the_phone_has_confirmed(
        self, computer, phone
    ):
        """Before that it is the QR code again, the same one."""
        before = Computer(computer.gateway, begin=lambda it: computer.wait())
        digits = phone.confirm(computer)
        after = computer.wait().body.decode()

        assert computer.scanned == before.scanned
        assert 'name="digits"' in after
        assert digits not in after

    @pytest.mark.parametrize("spelling", ["{} ", "{}", " {}"])
    def test_digits_of_an_input_method(self, computer, phone, spelling):
        """Of full width, or with blanks."""
        digits = phone.confirm(computer)
        wide = "".join(chr(ord(each) + 0xFEE0) for each in digits)

        assert 200 == computer.type(spelling.format(wide)).status

    def test_the_same_form_twice(self, computer, phone):
        """The second answer is the first one's; after that the flow is over."""
        digits = phone.confirm(computer)
        first, second = computer.type(digits), computer.type(digits)

        assert cookie(first).keys() == cookie(second).keys()
        assert first.body == second.body

    def test_the_phones_page_afterwards(self, computer, phone):
        """It says that the computer is signed in, and shows no digits any more."""
        computer.type(phone.confirm(computer))
        page = phone.look()

        assert shown_digits(page) is None
        assert "电脑已登录" in page.body.decode()

    def test_the_user_may_scan_again(self, gateway, computer, phone):
        """Whoever has closed the page gets the same digits."""
        digits = phone.confirm(computer)
        again = Phone(gateway)

        assert digits == shown_digits(again.arrive(again.scan(computer)))

    def test_a_profile_that_began_silently(self, gateway, computer, phone, wechat):
        """An app that tells openids alone signs in by them."""
        change(gateway, "apps", SERVICE, subject="openid", oauth_scope="snsapi_base")
        silent = {**GRANTED, "scope": "snsapi_base"}
        wechat.rescript("/sns/oauth2/access_token", silent)
        scanned = phone.scan(computer)
        assert "scope=snsapi_base" in header(scanned, "Location")
        page = phone.arrive(scanned)
        computer.type(shown_digits(phone.answer("confirm")))

        assert 4 == page.body.count(b"<dt>")
        assert "o-1" == session_of(computer).sub


class TestClients:
    def test_openid_connect(self, gateway, phone, post):
        """The code of the flow becomes tokens, with the time of this sign-in."""
        computer = Computer(
            gateway,
            begin=lambda it: it.get("/authorize", urlencode(OIDC), handle=oidc),
        )
        page = computer.type(phone.confirm(computer)).body.decode()
        url = re.search(r'content="0; url=([^"]+)"', page)[1].replace("&amp;", "&")
        answer = query_of(url)
        status, _, tokens = post(
            {
                "grant_type": "authorization_code",
                "code": answer["code"],
                "redirect_uri": BACK,
                "client_id": "demo",
                "client_secret": CLIENT_SECRET,
                "code_verifier": VERIFIER,
            }
        )
        payload = tokens["id_token"].split(".")[1]
        claims = json.loads(from_base64url(payload))

        assert (200, "s-1") == (status, answer["state"])
        assert url.startswith(f"{BACK}?")
        assert ("u-1", int(gateway.clock())) == (claims["sub"], claims["auth_time"])
        assert "amr" not in claims
        assert 1 == page.count("Bookshop")

    def test_an_answer_by_form_post(self, gateway, phone):
        """The page that answers the digits posts it on, with the session."""
        query = urlencode({**OIDC, "response_mode": "form_post"})
        computer = Computer(
            gateway, begin=lambda it: it.get("/authorize", query, handle=oidc)
        )
        page = computer.type(phone.confirm(computer))

        assert f'action="{BACK}"'.encode() in page.body
        assert b'name="code"' in page.body
        assert "u-1" == session_of(computer).sub

    @pytest.mark.parametrize(
        ("path", "scope"),
        [
            ("/connect/oauth2/authorize", "snsapi_userinfo"),
            ("/connect/qrconnect", "snsapi_login"),
        ],
    )
    def test_wechats_dialect(self, gateway, phone, path, scope):
        """Where the client has no website app, its service account answers for both."""
        query = urlencode({**WECHAT, "scope": scope})
        computer = Computer(gateway, begin=lambda it: it.get(path, query))
        page = computer.type(phone.confirm(computer)).body.decode()
        url = re.search(r'content="0; url=([^"]+)"', page)[1].replace("&amp;", "&")

        assert "o-1" == exchanged(gateway, query_of(url)["code"])["openid"]

    def test_a_front_end_is_told_where_the_qr_code_is(self, gateway):
        """It sends the browser there; the page is the same."""
        device = Device(gateway)
        told = load(device.get("/", "next=/orders", headers=JSON))
        path = told["page_qr"]["url"].removeprefix("https://gateway.example.com/login")
        computer = Computer(
            gateway, begin=lambda it: _taken(device, it).get(*path.split("?"))
        )

        assert (SERVICE, None) == (told["page_qr"]["appid"], told["qr"])
        assert "waiting" == computer.told()["state"]

    def test_a_website_app_goes_first(self, gateway):
        """Its QR code is WeChat's own; with `page_qr` it is not used."""
        change(gateway, "clients", "demo", scopes={SERVICE: [], WEBSITE: []})
        wechats = Device(gateway).get("/")
        change(gateway, "clients", "demo", page_qr=True)
        ours = Device(gateway).get("/")

        assert (b'id="qr"' in wechats.body, b'id="wait"' in wechats.body) == (
            True,
            False,
        )
        assert (b'id="qr"' in ours.body, b'id="wait"' in ours.body) == (False, True)

    def test_where_a_tap_is_enough(self, gateway, phone):
        """The client says so: the computer goes on by itself, without digits."""
        change(gateway, "clients", "demo", confirm="tap")
        computer = Computer(gateway)
        assert "waiting" == computer.told()["state"]
        assert phone.confirm(computer) is None
        assert "confirmed" == computer.told()["state"]
        assert session_of(computer) is None
        gone = computer.wait()

        assert (303, "/orders") == (gone.status, header(gone, "Location"))
        assert ("u-1", PAGE_QR) == (session_of(computer).sub, session_of(computer).way)

    def test_where_few_are_admitted_a_tap_is_not_enough(self, gateway, phone):
        """Whatever the document says: another version may have written it."""
        change(gateway, "clients", "demo", confirm="tap", allow="known")
        enter(gateway, "u-1")
        computer = Computer(gateway)

        assert phone.confirm(computer)
        assert b'name="digits"' in computer.wait().body

    @pytest.mark.case(138)
    def test_a_user_who_is_not_admitted(self, gateway, computer, phone):
        """The phone shows the reference, and asks nothing; the computer waits on."""
        change(gateway, "clients", "demo", allow="known")
        page = phone.arrive(phone.scan(computer))
        posted = phone.post("/phone", flow=phone.state, answer="confirm")

        assert (403, 403) == (page.status, posted.status)
        assert reference_on(page.body) == reference_on(posted.body)
        assert "Bookshop" in page.body.decode()
        assert b"<form" not in page.body
        assert "waiting" == computer.told()["state"]
        assert 200 == computer.wait().status

    def test_another_user_may_scan_after_one_who_is_not_admitted(
        self, gateway, computer, phone, wechat
    ):
        """Nothing is used up by a user who may not sign in."""
        change(gateway, "clients", "demo", allow="known")
        enter(gateway, "u-2")
        phone.arrive(phone.scan(computer))
        phone.post("/phone", flow=phone.state, answer="confirm")
        wechat.rescript("/sns/oauth2/access_token", OTHER)
        wechat.rescript("/sns/userinfo", {**USER, "openid": "o-2", "unionid": "u-2"})
        computer.type(Phone(gateway).confirm(computer))

        assert "u-2" == session_of(computer).sub

    @pytest.mark.case(138)
    def test_a_user_who_is_no_longer_admitted(self, gateway, computer, phone):
        """After the phone: the computer shows the reference; there is no session."""
        digits = phone.confirm(computer)
        change(gateway, "clients", "demo", allow="known")
        page = computer.type(digits)

        assert 403 == page.status
        assert reference_on(page.body)
        assert session_of(computer) is None

    def test_a_phone_that_only_scans_signs_nobody_in_by_a_tap(self, gateway, phone):
        """Not before it has been tapped."""
        change(gateway, "clients", "demo", confirm="tap")
        computer = Computer(gateway)
        phone.arrive(phone.scan(computer))

        assert 200 == computer.wait().status
        assert session_of(computer) is None


def _taken(device, other):
    """Give one browser the cookies of another: they are the same."""
    other.cookies = device.cookies
    return other


@pytest.mark.case(143)
class TestWrongDigits:
    def test_three_tries(self, computer, phone):
        """Then the right digits are worth nothing."""
        digits = phone.confirm(computer)
        wrong = f"{(int(digits) + 1) % 10_000:04}"
        first, second = computer.type(wrong), computer.type(wrong)
        third = raised(computer.type, wrong)
        late = raised(computer.type, digits)

        assert (400, 400) == (first.status, second.status)
        assert b'role="alert"' in first.body
        assert (ConfirmationFailed, ConfirmationFailed) == (type(third), type(late))
        assert isinstance(raised(phone.look), ConfirmationFailed)
        assert session_of(computer) is None

    @pytest.mark.parametrize("typed", ["", "12", "12345", "abcd", "१२३४", "1.23"])
    def test_what_cannot_be_the_digits_is_no_try(self, computer, phone, typed):
        """The form comes again, with three tries."""
        digits = phone.confirm(computer)
        page = computer.type(typed)

        assert 400 == page.status
        assert "还可以试 3 次" in page.body.decode()
        assert 200 == computer.type(digits).status

    @pytest.mark.parametrize("typed", ["0000", "", "abcd"])
    def test_before_the_phone_has_confirmed(self, computer, typed):
        """There are no digits; the page is the one with the QR code."""
        answers = [computer.type(typed) for _ in range(5)]

        assert {303} == {each.status for each in answers}
        assert "waiting" == computer.told()["state"]


@pytest.mark.case(144)
class TestWhoseBrowser:
    def test_another_browser_with_the_digits(self, gateway, computer, phone):
        """The flow's cookie decides, not who knows state and digits."""
        digits = phone.confirm(computer)
        thief = Device(gateway)
        errors = [
            raised(thief.post, "/wait", flow=computer.state, digits=digits),
            raised(thief.get, "/wait", f"flow={computer.state}"),
        ]
        name = next(iter(computer.cookies))
        thief.cookies = {name: "0" * 32 + ".."}
        errors.append(raised(thief.post, "/wait", flow=computer.state, digits=digits))

        assert [CookieMissing, CookieMissing, FlowExpired] == [*map(type, errors)]
        assert 200 == computer.type(digits).status

    def test_the_address_of_the_qr_code_names_no_state(self, computer):
        """Who sees the screen can scan, and cannot take the computer's place."""
        assert computer.state not in computer.scanned
        assert computer.state[:8] not in computer.scanned

    def test_the_qr_code_in_the_same_browser(self, gateway, computer):
        """It is no second device, so it confirms nothing."""
        phone = Phone(gateway)
        phone.cookies = computer.cookies

        assert isinstance(raised(phone.scan, computer), SameBrowser)

    def test_a_phone_cannot_be_taken_for_the_computer(self, computer, phone):
        """Nor the computer for the phone: each flow has its own pages."""
        phone.arrive(phone.scan(computer))
        errors = [
            raised(phone.get, "/wait", f"flow={phone.state}"),
            raised(phone.post, "/wait", flow=phone.state, digits="0000"),
            raised(computer.get, "/phone", f"flow={computer.state}"),
            raised(computer.post, "/phone", flow=computer.state, answer="confirm"),
            raised(computer.get, "/phone", f"flow={phone.state}"),
        ]

        assert all(isinstance(each, FlowExpired) for each in errors)
        assert "waiting" == computer.told()["state"]

    def test_a_form_of_another_site_confirms_nothing(self, gateway, computer, phone):
        """It brings no cookie of ours."""
        phone.arrive(phone.scan(computer))
        other = Phone(gateway)
        error = raised(other.post, "/phone", flow=phone.state, answer="confirm")

        assert isinstance(error, CookieMissing)
        assert "waiting" == computer.told()["state"]


@pytest.mark.case(145)
class TestPhones:
    def test_a_preview_confirms_nothing(self, gateway, computer, phone):
        """WeChat fetches addresses; however often, the user can still confirm."""
        before = gateway.confirmations.find(computer.id)
        for agent in (IN_WECHAT, (("user-agent", "curl/8"),), ()):
            Device(gateway, *agent).get(f"/scan/{computer.id}")
        after = gateway.confirmations.find(computer.id)

        assert replace(before, seconds=0) == replace(after, seconds=0)
        assert 200 == computer.type(phone.confirm(computer)).status

    def test_to_look_is_not_to_confirm(self, computer, phone):
        """Each GET of the phone changes nothing; a POST without an answer neither."""
        phone.arrive(phone.scan(computer))
        for _ in range(3):
            phone.look()
        raised(phone.post, "/phone", flow=phone.state)
        raised(phone.post, "/phone", flow=phone.state, answer="yes")

        assert "waiting" == computer.told()["state"]

    def test_a_second_phone_comes_too_late(self, gateway, computer, phone, wechat):
        """The first one that confirms is the one; the other is told so."""
        digits = phone.confirm(computer)
        wechat.rescript("/sns/oauth2/access_token", OTHER)
        wechat.rescript("/sns/userinfo", {**USER, "openid": "o-2", "unionid": "u-2"})
        second = Phone(gateway)
        seen = raised(second.arrive, second.scan(computer))
        raised(second.answer, "confirm")
        raised(second.answer, "refuse")
        computer.type(digits)

        assert isinstance(seen, ConfirmedElsewhere)
        assert "u-1" == session_of(computer).sub

    def test_both_have_the_question_and_one_confirms(
        self, gateway, computer, phone, wechat
    ):
        """The digits are shown on one phone only."""
        phone.arrive(phone.scan(computer))
        wechat.rescript("/sns/oauth2/access_token", OTHER)
        wechat.rescript("/sns/userinfo", {**USER, "openid": "o-2", "unionid": "u-2"})
        second = Phone(gateway)
        second.arrive(second.scan(computer))
        assert shown_digits(second.answer("confirm"))
        error = raised(phone.answer, "confirm")

        assert isinstance(error, ConfirmedElsewhere)

    @pytest.mark.parametrize("when", ["before", "after"])
    def test_the_user_refuses(self, computer, phone, when):
        """The computer says so, and its form is worth nothing."""
        phone.arrive(phone.scan(computer))
        digits = None
        if when == "after":
            digits = shown_digits(phone.answer("confirm"))
        page = phone.answer("refuse")

        assert "您已拒绝本次登录" in page.body.decode()
        assert "refused" == computer.told()["state"]
        assert isinstance(raised(computer.wait), ConfirmationRefused)
        assert isinstance(raised(computer.type, digits or "0000"), ConfirmationRefused)
        assert isinstance(raised(phone.scan, computer), QrCodeExpired)

    @pytest.mark.parametrize(
        "agent", ["Mozilla/5.0 (iPhone) Safari", "wxwork MicroMessenger", ""]
    )
    def test_another_scanner(self, gateway, computer, agent):
        """It is told to use WeChat's; nothing begins."""
        page = Phone(gateway, agent=(("user-agent", agent),)).scan(computer)

        assert 200 == page.status
        assert "Location" not in dict(page.headers)
        assert "Set-Cookie" not in dict(page.headers)

    def test_a_virtual_user_confirms_nothing(self, computer, phone, wechat):
        """WeChat's snapshot mode is nobody."""
        snapshot = {**GRANTED, "is_snapshotuser": 1}
        wechat.rescript("/sns/oauth2/access_token", snapshot)

        assert isinstance(raised(phone.arrive, phone.scan(computer)), SnapshotUser)
        assert "waiting" == computer.told()["state"]

    @pytest.mark.parametrize("id_", ["A" * 16, "-" * 16])
    def test_an_id_that_nobody_has_begun(self, phone, id_):
        """To guess one is hopeless, and leads nowhere."""
        assert isinstance(raised(phone.get, f"/scan/{id_}"), QrCodeExpired)


class TestLimits:
    @pytest.mark.case(146)
    def test_a_user_is_not_worn_down(self, gateway, phone):
        """Five confirmations a minute, whoever shows QR codes from wherever."""
        for number in range(5):
            assert phone.confirm(Computer(gateway, peer_ip=f"192.0.2.{number}"))
        computer = Computer(gateway, peer_ip="192.0.2.99")
        phone.arrive(phone.scan(computer))

        assert isinstance(raised(phone.answer, "confirm"), RateLimited)
        assert "waiting" == computer.told()["state"]

    @pytest.mark.case(146)
    def test_scans_count_as_starts_of_their_address(self, gateway):
        """A flood of them fills no Redis."""
        gateway.settings = replace(gateway.settings, sign_ins_per_address=2)
        computer, phone = Computer(gateway), Phone(gateway)
        phone.scan(computer)
        phone.scan(computer)

        assert isinstance(raised(phone.scan, computer), RateLimited)

    @pytest.mark.case(147)
    def test_after_five_minutes(self, gateway, computer, phone, redis_server):
        """The address of the QR code leads nowhere, nor do its pages go on."""
        phone.arrive(phone.scan(computer))
        redis = redis_server.client()
        key = next(redis.scan_iter("gateway:confirmation:*"))
        redis.pexpire(key, 599_000)

        assert isinstance(raised(phone.scan, computer), QrCodeExpired)
        assert isinstance(raised(phone.look), QrCodeExpired)
        assert isinstance(raised(phone.answer, "confirm"), QrCodeExpired)
        assert {"state": "expired", "expires_in": 0} == computer.told()
        assert isinstance(raised(computer.wait), QrCodeExpired)
        assert isinstance(raised(computer.type, "0000"), QrCodeExpired)

    @pytest.mark.case(147)
    def test_the_flow_is_over_after_the_sign_in(
        self, gateway, computer, phone, redis_server
    ):
        """A minute later the same digits in the same browser begin nothing."""
        digits = phone.confirm(computer)
        computer.type(digits)
        redis = redis_server.client()
        redis.delete(*redis.scan_iter("gateway:flow:*:done"))

        assert isinstance(raised(computer.type, digits), FlowExpired)
        assert isinstance(raised(computer.wait), FlowExpired)


@pytest.mark.case(126)
@pytest.mark.parametrize(
    ("change_", "error"),
    [
        ({"disabled": True}, ClientDisabled),
        ({"scopes": {WEBSITE: []}}, SignInNotConfigured),
    ],
)
def test_a_client_that_is_withdrawn_meanwhile(gateway, computer, phone, change_, error):
    """Neither phone nor computer goes on."""
    digits = phone.confirm(computer)
    change(gateway, "clients", "demo", **change_)

    assert isinstance(raised(computer.type, digits), error)
    assert isinstance(raised(computer.wait), error)
    assert isinstance(raised(Phone(gateway).scan, computer), error)


@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_the_phone_speaks_the_computers_language(gateway, language):
    """The QR code names it, whatever the phone's own is."""
    computer = Computer(gateway, ("accept-language", language))
    phone = Phone(gateway, agent=(*IN_WECHAT, ("accept-language", "zh-CN")))
    question = phone.arrive(phone.scan(computer))
    digits = phone.answer("confirm")

    assert computer.scanned.endswith(f"?lang={language}")
    for page in (question, digits):
        assert f'<html lang="{language}"'.encode() in page.body


@pytest.mark.case(121)
def test_the_log_is_silent(computer, phone, caplog):
    """Digits, ids, states and users are in no line of it."""
    caplog.set_level(logging.DEBUG)
    digits = phone.confirm(computer)
    computer.type(f"{(int(digits) + 1) % 10_000:04}")
    computer.type(digits)
    hushed = (computer.state, phone.state, computer.id, "o-1", "u-1", "张三")

    assert [] == [word for word in hushed if word in caplog.text]
    assert not re.search(rf"\b{digits}\b", caplog.text)


def test_an_address_that_is_too_long_for_a_qr_code(gateway):
    """The page tells the other way: through WeChat itself."""
    base = f"https://{'a' * 60}.{'b' * 60}.{'c' * 60}.example.com"
    gateway.settings = replace(gateway.settings, public_base_url=base)
    page = Device(gateway).get("/")

    assert b'class="symbol"' not in page.body
    assert b"<textarea" in page.body


def test_what_the_page_may_do(computer):
    """It runs one script of ours, which asks our own origin, and loads nothing else."""
    policy = header(computer.page, "Content-Security-Policy")

    assert "script-src https://gateway.example.com/login/wait.js" in policy
    assert "connect-src 'self'" in policy
    assert "frame-src" not in policy
    assert 1 == str(computer.page.headers).count("Set-Cookie")


def test_refusal_shows_ways_on(computer, phone):
    """The page of an end leads to where the sign-in began."""
    phone.arrive(phone.scan(computer))
    phone.answer("refuse")
    with refusal(ConfirmationRefused) as told:
        computer.wait()

    assert "/login?next=%2Forders" == told.links.start_again


@pytest.mark.parametrize("how", ["refused", "failed", "expired"])
def test_an_end_leads_back_to_the_client(gateway, phone, how, redis_server):
    """The client gets access_denied with its state, by a link."""
    computer = of_client(gateway, OIDC, how, phone, redis_server)
    page = ended(computer)
    (link,) = re.findall(r'href="([^"]+)">返回 Bookshop<', page.body.decode())
    told = query_of(html.unescape(link))

    assert link.startswith(f"{BACK}?")
    assert ("access_denied", "s-1") == (told["error"], told["state"])
    assert "https://gateway.example.com" == told["iss"]
    assert "/oidc/authorize?" in page.body.decode()


def test_an_end_leads_back_by_a_form(gateway, phone, redis_server):
    """Where the client takes its answers by POST; the page's policy lets it go."""
    query = {**OIDC, "response_mode": "form_post"}
    page = ended(of_client(gateway, query, "refused", phone, redis_server))
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.body.decode()))

    assert f'<form method="post" action="{BACK}">' in page.body.decode()
    assert ("access_denied", "s-1") == (fields["error"], fields["state"])
    assert "form-action 'self' https:;" in header(page, "Content-Security-Policy")


def test_an_end_leads_back_to_an_app(gateway, phone, redis_server):
    """By its own scheme."""
    own = "com.example.app:/cb"
    change(gateway, "clients", "demo", native=True, redirect_uris=[own])
    query = {**OIDC, "redirect_uri": own}
    page = ended(of_client(gateway, query, "refused", phone, redis_server))

    assert f'href="{own}?error=access_denied'.encode() in page.body


def test_an_end_in_wechats_protocol(gateway, phone, redis_server):
    """As at WeChat: the state and no code."""
    query = {**WECHAT, "scope": "snsapi_userinfo"}
    path = "/connect/oauth2/authorize"
    computer = of_client(gateway, query, "refused", phone, redis_server, path, login)

    assert f'href="{BACK}?state={WECHAT["state"]}"'.encode() in ended(computer).body


def of_client(gateway, query, how, phone, redis, path="/authorize", handle=oidc):
    """Return a computer whose sign-in for a client has ended in that way."""
    computer = Computer(
        gateway, begin=lambda it: it.get(path, urlencode(query), handle=handle)
    )
    phone.arrive(phone.scan(computer))
    if how == "refused":
        phone.answer("refuse")
    elif how == "failed":
        digits = shown_digits(phone.answer("confirm"))
        wrong = f"{(int(digits) + 1) % 10_000:04}"
        computer.type(wrong), computer.type(wrong), raised(computer.type, wrong)
    else:
        key = next(redis.client().scan_iter("gateway:confirmation:*"))
        redis.client().pexpire(key, 599_000)
    return computer


def ended(computer):
    """Return the page that the computer shows at the end."""
    with pytest.raises(ErrorInDialect) as caught:
        computer.wait()
    shown = ask(path="/wait", headers=HTML)
    return caught.value.dialect(shown, caught.value.error, https=True)


def test_only_forms_are_read(gateway, computer, phone):
    """A form that is none is nobody's flow."""
    asked = ask("POST", "/wait", headers=(*HTML, ("content-type", FORM)))

    assert isinstance(raised(login, asked, gateway), FlowExpired)


def test_the_page_renews_itself_before_its_code_expires(gateway):
    """By a timer with scripts; without them it asks every five seconds instead."""
    page = oidc(
        ask(path="/authorize", query=urlencode(OIDC), headers=HTML), gateway
    ).body.decode()
    timers = re.findall(
        r'(<noscript>)?<meta http-equiv="refresh" content="(\d+);', page
    )

    assert [("<noscript>", "5"), ("", "540")] == timers
    assert "_renewed=1" in page
