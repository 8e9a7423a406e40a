"""A QR code that the service account makes: a scan, a message, and four digits."""

from __future__ import annotations

import json
import logging
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from runtime.errors import (
    AccountQrUnavailable,
    ClientDisabled,
    ConfirmationFailed,
    FlowExpired,
    QrCodeExpired,
    ServiceUnavailable,
    WeChatRefused,
    WeChatTimeout,
)
from runtime.gateway import Gateway
from runtime.push.inbox import InboxFull
from runtime.sign_in.confirmations import confirmation_id
from runtime.sign_in.sessions import ACCOUNT_QR
from tests.support.account_scans import (
    CREATE,
    INFO,
    SEND,
    AccountComputer,
    deliver,
    digits_in,
    scan,
    scan_event,
    willing,
)
from tests.support.client_sign_in import (
    BACK,
    OIDC,
    WECHAT,
    exchanged,
    query_of,
)
from tests.support.handles import oidc
from tests.support.known_users import enter, reference_on
from tests.support.message_service import message_service, route_to
from tests.support.phone_and_computer import (
    JSON,
    ON_WINDOWS,
    Device,
    Phone,
    raised,
    session_of,
)
from tests.support.pushes import AES_KEY, OPENID, TOKEN, plain, safe, stored
from tests.support.rsa_keys import private_key
from tests.support.scripted_wechat import (
    IN_WECHAT,
    SERVICE,
    WEBSITE,
    change,
    header,
    load,
)

OTHER = "o" + "C" * 27


@pytest.fixture(autouse=True)
def _an_account_that_makes_qr_codes(gateway, wechat, clock):
    clock.now = time.time()  # Redis has a clock of its own
    change(gateway, "apps", SERVICE, token=TOKEN, encoding_aes_key=AES_KEY)
    change(
        gateway,
        "clients",
        "demo",
        name="Bookshop",
        scopes={SERVICE: [], WEBSITE: []},
        redirect_uris=[BACK],
        account_qr=True,
    )
    gateway.settings = replace(gateway.settings, oidc_key={1: private_key()})
    willing(wechat)


@pytest.fixture
def computer(gateway, wechat):
    return AccountComputer(gateway, wechat)


@pytest.fixture
def elsewhere(settings, clock, wechat):
    """Another instance of the same deployment."""
    made = Gateway(settings, clock=clock, transport=wechat)
    made.settings = replace(made.settings, oidc_key={1: private_key()})
    return made


class TestSignIn:
    def test_scan_and_type(self, computer, gateway):
        """The computer is signed in as who has scanned, and goes on to `next`."""
        digits = digits_in(scan(gateway, computer.scene))
        assert session_of(computer) is None
        page = computer.type(digits)
        session = session_of(computer)
        profile = gateway.sessions.profile(session)

        assert "http://weixin.qq.com/q/code1" == computer.scanned
        assert b'content="0; url=/orders"' in page.body
        assert ("u-B", ACCOUNT_QR) == (session.sub, session.way)
        assert not session.may_open_console
        assert (OPENID, "u-B", "") == (
            profile["wechat_openid"],
            profile["wechat_unionid"],
            profile["name"],
        )

    def test_what_wechat_is_asked_for(self, computer, wechat):
        """A scene of text, for as long as the sign-in waits for a scan."""
        (made,) = wechat.calls(CREATE)
        asked = json.loads(made.body)

        assert ("QR_STR_SCENE", 300) == (asked["action_name"], asked["expire_seconds"])
        assert len(computer.scene) <= 64
        assert computer.state not in computer.scene
        assert computer.state[:8] not in computer.scene

    def test_the_page_is_shown_again(self, computer, gateway, wechat, elsewhere):
        """The same QR code, wherever it is asked for; WeChat makes no other one."""
        again = computer.wait().body
        computer.gateway = elsewhere
        third = computer.wait().body

        assert again == third
        assert 1 == len(wechat.calls(CREATE))

    def test_what_the_message_names(self, gateway, wechat):
        """Service, computer, address and time; the page to type at; and a warning."""
        computer = AccountComputer(gateway, wechat, peer_ip="8.8.4.4")
        message = scan(gateway, computer.scene)
        at = time.strftime("%Y-%m-%d %H:%M", time.gmtime(gateway.clock() + 8 * 3600))

        for part in ("Bookshop", "Chrome, Windows", "8.8.4.4", at, "（UTC+8）"):
            assert part in message
        assert gateway.settings.public_base_url in message
        assert "不要把这些数字告诉任何人" in message
        assert len(message.encode()) < 2048

    def test_a_follow(self, computer, gateway, redis_server, settings):
        """It signs in likewise, and is stored as any follow is."""
        event = scan_event(computer.scene, follows=True)
        digits = digits_in(scan(gateway, computer.scene, follows=True))
        computer.type(digits)
        with redis_server.client() as redis:
            found = stored(redis, settings)

        assert "u-B" == session_of(computer).sub
        assert [event] == found

    def test_many_instances(self, computer, elsewhere):
        """One shows the QR code, another hears of the scan."""
        digits = digits_in(scan(elsewhere, computer.scene))
        computer.gateway = elsewhere
        assert "confirmed" == computer.told()["state"]
        computer.type(digits)

        assert "u-B" == session_of(computer).sub

    def test_the_script_of_the_computer_is_told_of_the_scan(self, computer, gateway):
        """Before and after; and no digits."""
        before = computer.told()
        digits = digits_in(scan(gateway, computer.scene))
        after = computer.told()

        assert ("waiting", "confirmed") == (before["state"], after["state"])
        assert digits not in json.dumps({**after, "expires_in": 0})
        assert b'name="digits"' in computer.wait().body
        assert digits.encode() not in computer.wait().body

    def test_an_event_in_json(self, gateway, computer):
        """The console may choose JSON: the reply is JSON, too."""
        event = {
            "ToUserName": "gh_1",
            "FromUserName": OPENID,
            "CreateTime": 1,
            "MsgType": "event",
            "Event": "SCAN",
            "EventKey": computer.scene,
        }
        query, body = safe(json.dumps(event))
        sealed = re.search(rb"<Encrypt>(.+)</Encrypt>", body)[1].decode()
        body = json.dumps({"ToUserName": "gh_1", "Encrypt": sealed}).encode()
        status, answer = deliver(gateway, (query, body))

        assert 200 == status
        assert {"Encrypt", "MsgSignature", "TimeStamp", "Nonce"} == {
            *json.loads(answer)
        }
        assert "confirmed" == computer.told()["state"]

    def test_an_account_that_tells_openids(self, gateway, wechat, computer):
        """Its users need no unionid."""
        change(gateway, "apps", SERVICE, subject="openid")
        willing(wechat, unionid=None)
        computer.type(digits_in(scan(gateway, computer.scene)))

        assert OPENID == session_of(computer).sub
        profile = gateway.sessions.profile(session_of(computer))
        assert profile["wechat_unionid"] is None

    def test_a_language(self, gateway, wechat):
        """The message has the language of the computer's page."""
        computer = AccountComputer(
            gateway, wechat, begin=lambda it: it.get("/", "ui_locales=en")
        )
        message = scan(gateway, computer.scene)

        assert "Tell them to nobody" in message
        assert digits_in(message)


class TestClients:
    def test_openid_connect(self, gateway, wechat):
        """The code goes to the client; the account's way is not its business."""
        computer = AccountComputer(
            gateway,
            wechat,
            begin=lambda it: it.get("/authorize", urlencode(OIDC), handle=oidc),
        )
        page = computer.type(digits_in(scan(gateway, computer.scene))).body.decode()
        url = re.search(r'content="0; url=([^"]+)"', page)[1].replace("&amp;", "&")

        assert url.startswith(f"{BACK}?")
        assert "s-1" == query_of(url)["state"]

    def test_the_next_request_of_a_client(self, gateway, wechat, computer):
        """Whoever is signed in so is not asked again: WeChat would tell no more."""
        computer.type(digits_in(scan(gateway, computer.scene)))
        again = computer.get("/authorize", urlencode(OIDC), handle=oidc)

        assert header(again, "Location").startswith(f"{BACK}?code=")

    def test_wechats_protocol(self, gateway, wechat):
        """/connect/qrconnect, too."""
        query = urlencode({**WECHAT, "scope": "snsapi_login"})
        computer = AccountComputer(
            gateway, wechat, begin=lambda it: it.get("/connect/qrconnect", query)
        )
        page = computer.type(digits_in(scan(gateway, computer.scene))).body.decode()
        url = re.search(r'content="0; url=([^"]+)"', page)[1].replace("&amp;", "&")

        assert OPENID == exchanged(gateway, query_of(url)["code"])["openid"]

    def test_a_front_end_is_told_where_the_qr_code_is(self, gateway, wechat):
        """It sends the browser there."""
        device = Device(gateway, *ON_WINDOWS)
        told = load(device.get("/", "next=/orders", headers=JSON))
        path = told["page_qr"]["url"].removeprefix("https://gateway.example.com/login")
        page = device.get(*path.split("?"))

        assert (SERVICE, None) == (told["page_qr"]["appid"], told["qr"])
        assert b'class="symbol"' in page.body

    def test_inside_wechat_the_account_itself_signs_in(self, gateway, wechat):
        """There is nothing to scan there."""
        sent = Device(gateway, *IN_WECHAT).get("/", "next=/orders")

        assert "/connect/oauth2/authorize" in header(sent, "Location")
        assert [] == wechat.calls(CREATE)

    @pytest.mark.case(138)
    def test_a_user_who_is_not_admitted(self, gateway, computer):
        """The message has the reference; the computer waits on, another may scan."""
        change(gateway, "clients", "demo", allow="known")
        enter(gateway, "u-C")
        message = scan(gateway, computer.scene)
        assert "waiting" == computer.told()["state"]
        computer.type(digits_in(scan(gateway, computer.scene, openid=OTHER)))

        assert reference_on(message)
        assert digits_in(message) is None
        assert "u-C" == session_of(computer).sub

    def test_a_client_that_is_withdrawn_meanwhile(self, gateway, computer):
        """Neither scan nor computer goes on."""
        change(gateway, "clients", "demo", disabled=True)

        assert "已过期" in scan(gateway, computer.scene)
        assert isinstance(raised(computer.wait), ClientDisabled)


class TestTap:
    @pytest.fixture
    def tapping(self, gateway, wechat):
        change(gateway, "clients", "demo", confirm="tap")
        return AccountComputer(gateway, wechat)

    @pytest.fixture
    def asked(self, gateway, tapping):
        """The phone at the page of the message's link."""
        message = scan(gateway, tapping.scene)
        url = re.search(r'<a href="([^"]+)">', message)[1]
        phone = Phone(gateway)
        phone.state = query_of(url)["flow"]
        assert url == f"https://gateway.example.com/login/phone?flow={phone.state}"
        assert digits_in(message) is None
        return phone

    def test_confirm(self, tapping, asked):
        """The computer goes on by itself after the tap, and not before."""
        page = asked.look().body.decode()
        assert "waiting" == tapping.told()["state"]
        asked.answer("confirm")
        gone = tapping.wait()

        assert "Bookshop" in page
        assert (303, "/orders") == (gone.status, header(gone, "Location"))
        assert ("u-B", ACCOUNT_QR) == (
            session_of(tapping).sub,
            session_of(tapping).way,
        )

    def test_refuse(self, tapping, asked, gateway):
        """The computer says so; a later scan is told so, too."""
        asked.answer("refuse")

        assert "refused" == tapping.told()["state"]
        assert "已拒绝" in scan(gateway, tapping.scene, number=2)

    def test_after_the_tap_a_scan_is_told_so(self, tapping, asked, gateway):
        """By the same user; another one was too late."""
        asked.answer("confirm")

        assert "已确认" in scan(gateway, tapping.scene, number=2)
        assert "另一位" in scan(gateway, tapping.scene, openid=OTHER, number=3)

    def test_a_preview_confirms_nothing(self, tapping, asked):
        """WeChat fetches addresses that it shows."""
        for _ in range(3):
            asked.look()

        assert "waiting" == tapping.told()["state"]


@pytest.mark.case(160)
class TestTwoPhones:
    def test_the_first_one_counts(self, gateway, computer):
        """The other user gets no digits, and is told why."""
        first = digits_in(scan(gateway, computer.scene))
        second = scan(gateway, computer.scene, openid=OTHER)
        computer.type(first)

        assert digits_in(second) is None
        assert "另一位微信用户" in second
        assert "u-B" == session_of(computer).sub

    def test_at_once(self, gateway, computer):
        """One of many has digits."""
        openids = ["o" + letter * 27 for letter in "DEFGHIJK"]
        with ThreadPoolExecutor(8) as pool:
            found = pool.map(
                lambda one: digits_in(scan(gateway, computer.scene, openid=one)),
                openids,
            )
            told = [each for each in found if each]

        assert 1 == len(told)

    def test_the_same_user_scans_again(self, gateway, computer):
        """The message is lost, or the event comes again: the digits are the same."""
        first, again = (
            digits_in(scan(gateway, computer.scene, number=number)) for number in (1, 2)
        )
        repeated = digits_in(scan(gateway, computer.scene, number=1))

        assert first == again == repeated


@pytest.mark.case(161)
class TestForgery:
    def test_no_plain_push_signs_in(self, gateway, computer):
        """Its signature does not cover the openid; nobody is told digits by it."""
        change(gateway, "apps", SERVICE, encoding_aes_key="")
        answer = deliver(gateway, plain(scan_event(computer.scene)))

        assert (200, "success") == answer
        assert "waiting" == computer.told()["state"]

    @pytest.mark.parametrize(
        "secrets",
        [{"token": "wrong"}, {"aes_key": "C" * 43}, {"appid": WEBSITE}],
        ids=["token", "key", "receiver"],
    )
    def test_a_forged_event(self, gateway, computer, secrets):
        """It is refused like any forged push."""
        answer = deliver(gateway, safe(scan_event(computer.scene), **secrets))

        assert (403, "403") == answer
        assert "waiting" == computer.told()["state"]

    def test_an_old_event(self, gateway, computer):
        """A replay after five minutes is refused."""
        at = time.time() - 301

        assert (403, "403") == deliver(gateway, safe(scan_event(computer.scene), at=at))
        assert "waiting" == computer.told()["state"]

    def test_a_replay_after_the_sign_in(self, gateway, computer):
        """It gets no digits, and begins nothing."""
        push = safe(scan_event(computer.scene))
        digits = digits_in(scan(gateway, computer.scene))
        computer.type(digits)
        deliver(gateway, push)
        message = scan(gateway, computer.scene, number=2)

        assert "已登录" in message
        assert digits_in(message) is None

    def test_an_event_of_another_account(self, gateway, computer):
        """An account of the same gateway cannot speak of this one's scenes."""
        other = "wx" + "c" * 16
        content = gateway.documents.read("apps", SERVICE).content
        gateway.documents.write("apps", other, content, after=0)
        scopes = {SERVICE: [], other: []}
        change(gateway, "clients", "demo", scopes=scopes)
        made = safe(scan_event(computer.scene), appid=other)
        status, _ = deliver(gateway, made, appid=other)

        assert 200 == status
        assert "waiting" == computer.told()["state"]

    def test_a_scene_of_another_deployment(self, gateway, computer):
        """It is an event like any other, and not ours to answer."""
        there = "https://other.example.com"
        settings = gateway.settings
        gateway.settings = replace(settings, public_base_url=there)
        answer = deliver(gateway, safe(scan_event(computer.scene)))
        gateway.settings = settings

        assert (200, "success") == answer
        assert "waiting" == computer.told()["state"]

    @pytest.mark.parametrize(
        "scene",
        [
            "order-1",
            "gateway_",
            "{scene}x",
            "x{scene}",
            "{scene}\n",
            "123",
            "qrscene_{scene}",
        ],
    )
    def test_scenes_of_services(self, gateway, computer, scene):
        """They are the services' own, whatever they are called."""
        named = scene.format(scene=computer.scene)

        assert (200, "success") == deliver(gateway, safe(scan_event(named)))
        assert "waiting" == computer.told()["state"]

    def test_a_scene_that_nobody_has_begun(self, gateway, computer):
        """It is answered kindly."""
        made_up = computer.scene[:-16] + "A" * 16

        assert "已过期" in scan(gateway, made_up)

    def test_the_two_kinds_of_qr_codes(self, gateway, wechat, computer):
        """The id of the one is worth nothing at the other."""
        id_ = computer.scene[-16:]
        assert isinstance(
            raised(Device(gateway, *IN_WECHAT).get, f"/scan/{id_}"), QrCodeExpired
        )
        change(gateway, "clients", "demo", account_qr=False, page_qr=True)
        device = Device(gateway, *ON_WINDOWS)
        page = device.get("/", "next=/orders").body.decode()
        state = re.search(r"flow=([0-9a-f]{32})", page)[1]
        scene = computer.scene[:-16] + confirmation_id(state)

        assert "已过期" in scan(gateway, scene)
        assert (
            "waiting"
            == load(device.get("/wait", f"flow={state}", headers=JSON))["state"]
        )


@pytest.mark.case(162)
class TestDigits:
    def test_whoever_is_sent_a_strangers_code(self, gateway, wechat):
        """The stranger's browser gets nothing without the digits of the message."""
        stranger = AccountComputer(gateway, wechat)
        digits = digits_in(scan(gateway, stranger.scene))
        wrong = [f"{(int(digits) + more) % 10_000:04}" for more in (1, 2, 3)]
        answers = [stranger.type(each).status for each in wrong[:2]]
        error = raised(stranger.type, wrong[2])

        assert [400, 400] == answers
        assert isinstance(error, ConfirmationFailed)
        assert isinstance(raised(stranger.type, digits), ConfirmationFailed)
        assert session_of(stranger) is None
        assert "输错次数过多" in scan(gateway, stranger.scene, number=2)

    def test_a_stranger_who_scans_first(self, gateway, computer):
        """The victim types the digits of nobody, and is told to start again."""
        scan(gateway, computer.scene, openid=OTHER)

        assert digits_in(scan(gateway, computer.scene)) is None
        assert session_of(computer) is None

    def test_another_browser_with_the_digits(self, gateway, computer):
        """The flow's cookie decides."""
        digits = digits_in(scan(gateway, computer.scene))
        thief = Device(gateway)
        error = raised(thief.post, "/wait", flow=computer.state, digits=digits)

        assert isinstance(error, FlowExpired)
        assert 200 == computer.type(digits).status

    def test_a_user_is_not_worn_down(self, gateway, wechat):
        """Five messages with digits a minute, whoever shows QR codes."""
        for number in range(5):
            computer = AccountComputer(gateway, wechat)
            assert digits_in(scan(gateway, computer.scene, number=number))
        computer = AccountComputer(gateway, wechat)

        assert "请等一分钟" in scan(gateway, computer.scene, number=9)
        assert "waiting" == computer.told()["state"]

    def test_starts_are_limited(self, gateway, wechat):
        """No flood uses up the account's daily calls."""
        gateway.settings = replace(gateway.settings, sign_ins_per_address=2)
        for _ in range(2):
            AccountComputer(gateway, wechat)
        error = raised(Device(gateway, *ON_WINDOWS).get, "/", "next=/orders")

        assert "rate_limited" == error.code
        assert 2 == len(wechat.calls(CREATE))

    def test_after_five_minutes(self, gateway, computer, redis_server):
        """Neither the scan nor the page goes on."""
        with redis_server.client() as redis:
            (key,) = redis.scan_iter("gateway:confirmation:*")
            redis.pexpire(key, 599_000)

        assert "已过期" in scan(gateway, computer.scene)
        assert isinstance(raised(computer.wait), QrCodeExpired)


class TestWhereItIsNotPossible:
    @pytest.mark.parametrize("field", ["token", "encoding_aes_key"])
    def test_an_app_without_pushes(self, gateway, field, caplog):
        """The page says so at once, and the log what is missing."""
        change(gateway, "apps", SERVICE, **{field: ""})
        error = raised(Device(gateway, *ON_WINDOWS).get, "/", "next=/orders")

        assert isinstance(error, AccountQrUnavailable)
        assert "token and the AES key" in caplog.text

    def test_a_subscription_account(self, gateway, caplog):
        """It has no permission for QR codes."""
        held = gateway.documents.read("apps", SERVICE)
        content = {**held.content, "kind": "subscription"}
        gateway.documents.write("apps", SERVICE, content, after=held.version)
        change(gateway, "clients", "demo", scopes={SERVICE: []})
        error = raised(Device(gateway, *ON_WINDOWS).get, "/", "next=/orders")

        assert isinstance(error, AccountQrUnavailable)
        assert "no service account" in caplog.text

    def test_an_unverified_account(self, gateway, wechat, caplog):
        """WeChat says so when the first QR code is to be made."""
        refused = {"errcode": 48001, "errmsg": "api unauthorized rid: 1-2-3"}
        wechat.rescript(CREATE, refused)
        device = Device(gateway, *ON_WINDOWS)
        sent = device.get("/", "next=/orders")
        path, _, query = header(sent, "Location").partition("?")
        error = raised(device.get, path.removeprefix("/login"), query)

        assert isinstance(error, AccountQrUnavailable)
        assert "no verified service account" in caplog.text

    @pytest.mark.parametrize(
        ("answer", "expected"),
        [
            ({"errcode": 45009, "errmsg": "reach max api daily quota"}, WeChatRefused),
            (WeChatTimeout(), WeChatTimeout),
        ],
    )
    def test_wechat_makes_none_now(self, gateway, wechat, answer, expected):
        """The page leads to another try, which may succeed."""
        wechat.rescript(CREATE, answer)
        device = Device(gateway, *ON_WINDOWS)
        sent = device.get("/", "next=/orders")
        path, _, query = header(sent, "Location").partition("?")
        error = raised(device.get, path.removeprefix("/login"), query)
        willing(wechat)
        page = device.get(path.removeprefix("/login"), query)

        assert isinstance(error, expected)
        assert b'class="symbol"' in page.body

    def test_wechat_does_not_tell_who_it_is(self, gateway, wechat, computer):
        """The user is asked to scan again; nothing is confirmed."""
        wechat.rescript(INFO, WeChatTimeout())
        message = scan(gateway, computer.scene)
        assert "waiting" == computer.told()["state"]
        willing(wechat)

        assert "重新扫描" in message
        assert digits_in(scan(gateway, computer.scene, number=2))

    def test_no_room_in_the_inbox(self, gateway, computer, monkeypatch):
        """A flood of pushes costs nobody a sign-in."""

        def full(*arguments, **more):
            raise InboxFull

        monkeypatch.setattr(gateway.inbox, "store", full)
        computer.type(digits_in(scan(gateway, computer.scene)))

        assert "u-B" == session_of(computer).sub

    def test_without_redis(self, gateway, computer, monkeypatch):
        """WeChat gets 503, and sends the event again."""

        def away(*arguments, **more):
            raise ServiceUnavailable

        monkeypatch.setattr(gateway.confirmations, "find", away)

        assert 503 == deliver(gateway, safe(scan_event(computer.scene)))[0]


@pytest.mark.case(121)
def test_the_log_is_silent(gateway, computer, caplog):
    """Digits, scenes, states and users are in no line of it."""
    caplog.set_level(logging.DEBUG)
    digits = digits_in(scan(gateway, computer.scene))
    computer.type(digits)
    hushed = (computer.state, computer.scene, computer.scene[-16:], OPENID, "u-B")

    assert [] == [word for word in hushed if word in caplog.text]
    assert not re.search(rf"\b{digits}\b", caplog.text)


class TestRoutes:
    @pytest.fixture
    def service(self):
        with message_service() as made:
            yield made

    @pytest.fixture
    def relaying(self, gateway, settings, clock, wechat, service):
        """The same deployment; each push may be answered by a service."""
        change(gateway, "apps", SERVICE, routes=[route_to(service, reply=True)])
        private = replace(settings, push_private_networks=("127.0.0.0/8",))
        wechat.script(SEND, {"errcode": 0, "errmsg": "ok"})
        return Gateway(private, clock=clock, transport=wechat)

    def test_a_scan_is_relayed_to_nobody(self, relaying, service, computer):
        """The gateway's own message is the answer."""
        service.answer = lambda message: "welcome"

        assert digits_in(scan(relaying, computer.scene))
        assert [] == service.messages
        assert [] == list(relaying.deliveries.due().targets)

    def test_other_scans_are_the_services_own(self, relaying, service, computer):
        """Its reply goes to the user."""
        service.answer = lambda message: "welcome"

        assert "welcome" == scan(relaying, "order-1")
        assert ["order-1"] == [each.scene_id for each in service.messages]

    def test_a_follow_is_relayed(self, relaying, service, computer, wechat):
        """The service greets the user; the digits come by a message of their own."""
        service.answer = lambda message: "welcome"
        greeting = scan(relaying, computer.scene, follows=True)
        (sent,) = [json.loads(each.body) for each in wechat.calls(SEND)]
        computer.type(digits_in(sent["text"]["content"]))

        assert "welcome" == greeting
        assert (OPENID, "text") == (sent["touser"], sent["msgtype"])
        assert 1 == len(service.messages)
        assert "u-B" == session_of(computer).sub

    def test_a_follow_that_comes_again(self, relaying, service, computer, wechat):
        """The message is sent once."""
        service.answer = lambda message: "welcome"
        answers = [scan(relaying, computer.scene, follows=True) for _ in range(2)]

        assert ["welcome"] * 2 == answers
        assert 1 == len(wechat.calls(SEND))

    def test_wechat_takes_no_message(self, relaying, service, computer, wechat, caplog):
        """The service's reply goes out all the same; the user may scan once more."""
        service.answer = lambda message: "welcome"
        wechat.rescript(SEND, {"errcode": 45047, "errmsg": "out of response count"})

        assert "welcome" == scan(relaying, computer.scene, follows=True)
        assert "no message to who has scanned" in caplog.text
        assert digits_in(scan(relaying, computer.scene, number=2))
