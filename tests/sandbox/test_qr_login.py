"""Sign-in by QR code on a website: page, picture, poll, phone, profile."""

import http.client
import io
import json
import re
import select
from contextlib import closing
from urllib.parse import urlencode

import pytest
import segno

BACK = "http://127.0.0.1:8080/back?a=1"
WECHAT = {"User-Agent": "MicroMessenger/8.0"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def website(sandbox):
    return sandbox.app("website")


@pytest.fixture
def uuid(sandbox, website):
    """The uuid that the login page shows."""
    page = open_page(sandbox, website)
    return re.search(r'src="/connect/qrcode/([0-9a-zA-Z]{16})"', page.text)[1]


def open_page(sandbox, app, **changes):
    query = {
        "appid": app["appid"],
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "snsapi_login",
        "state": "abc",
        **changes,
    }
    return sandbox.get("/connect/qrconnect", query)


def poll(sandbox, uuid, **more):
    query = {"uuid": uuid, "f": "json", **more}
    answer = sandbox.get("/connect/l/qrconnect", query).json()
    return answer["wx_errcode"], answer["wx_code"]


def test_the_page_has_what_clients_look_for(sandbox, website):
    """The picture, the poll's URL on the host of the request, the redirect back."""
    page = open_page(sandbox, website)
    uuid = re.search(r'class="js_qrcode_img .*" src="/connect/qrcode/(\w+)"', page.text)
    hint = f'var fordevtool = "{sandbox.url}/connect/l/qrconnect?uuid={uuid[1]}"'

    assert page.status == 200
    assert hint in page.text.replace("\\/", "/")
    assert "window.top" in page.text


def test_the_page_may_stay_in_its_frame(sandbox, website):
    """self_redirect=true moves the frame itself instead of the top window."""
    page = open_page(sandbox, website, login_type="jssdk", self_redirect="true")

    assert "window.top" not in page.text


def test_every_load_shows_a_new_code(sandbox, website, uuid):
    """A reload never shows the same QR code."""
    assert uuid not in open_page(sandbox, website).text


def test_a_wrong_link_has_the_title_that_clients_look_for(sandbox, website):
    """An account that is no website application has no such scope."""
    page = open_page(sandbox, sandbox.app("service"))
    title = '<h4 class="weui_msg_title">Scope 参数错误或没有 Scope 权限</h4>'

    assert (page.status, title in page.text) == (200, True)


def test_nothing_of_the_link_becomes_markup(sandbox, website):
    """A state or address with markup in it stays text."""
    page = open_page(sandbox, website, state="</script><script>alert(1)</script>")

    assert "<script>alert(1)" not in page.text


def test_the_picture_is_a_png(sandbox, uuid):
    """It holds the phone's address while it can be scanned; an unknown one is 404."""
    picture = sandbox.get(f"/connect/qrcode/{uuid}")
    right = io.BytesIO()
    address = f"{sandbox.url}/connect/confirm?uuid={uuid}"
    segno.make(address, error="m").save(right, kind="png", scale=8, border=2)

    assert picture.headers["Content-Type"] == "image/png"
    assert picture.body == right.getvalue()
    assert sandbox.get("/connect/qrcode/0000000000000000").status == 404


def test_all_steps_of_a_sign_in(sandbox, website, uuid):
    """404 after the scan, 405 with the code after the consent, 666 once it is used."""
    deer = sandbox.user(1)
    openid = deer["openid"][website["appid"]]
    sandbox.control("phone/scan", uuid=uuid, openid=openid)

    assert poll(sandbox, uuid) == (404, "")
    sandbox.control("phone/confirm", uuid=uuid, openid=openid)
    status, code = poll(sandbox, uuid, last="404")

    assert status == 405
    query = {
        "appid": website["appid"],
        "secret": website["secret"],
        "code": code,
        "grant_type": "authorization_code",
    }
    tokens = sandbox.get("/sns/oauth2/access_token", query).json()

    assert (tokens["openid"], tokens["scope"]) == (openid, "snsapi_login")
    assert tokens["unionid"] == deer["unionid"]
    assert poll(sandbox, uuid) == (666, "")


def test_the_code_lives_ten_minutes(sandbox, website, uuid):
    """Twice as long as inside WeChat."""
    sandbox.control("phone/confirm", uuid=uuid)
    code = poll(sandbox, uuid)[1]
    query = {
        "appid": website["appid"],
        "secret": website["secret"],
        "code": code,
        "grant_type": "authorization_code",
    }
    sandbox.control("clock", advance=599)

    assert "openid" in sandbox.get("/sns/oauth2/access_token", query).json()


def test_a_refusal_and_another_try(sandbox, uuid):
    """403, then the same QR code may be scanned and confirmed."""
    sandbox.control("phone/scan", uuid=uuid)
    sandbox.control("phone/refuse", uuid=uuid)

    assert poll(sandbox, uuid, last="404") == (403, "")
    sandbox.control("phone/scan", uuid=uuid)

    assert poll(sandbox, uuid, last="403") == (404, "")


def test_an_old_or_unknown_qr_code_is_expired(sandbox, uuid):
    """402 after five minutes, and for a uuid that nobody made."""
    sandbox.control("clock", advance=300)

    assert poll(sandbox, uuid) == (402, "")
    assert poll(sandbox, "0000000000000000") == (402, "")


def open_poll(sandbox, uuid, last):
    """Send a poll without waiting for its answer; the sandbox has read it."""
    host = sandbox.url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=3)
    connection.request("GET", f"/connect/l/qrconnect?uuid={uuid}&f=json&last={last}")
    # Two more round trips: what was sent before them has been read by then.
    sandbox.user()
    sandbox.user()
    return closing(connection)


@pytest.mark.parametrize(
    ("before", "last", "then", "news"),
    [
        ([], "", ("phone/scan", {}), 404),
        (["phone/scan"], "404", ("phone/confirm", {}), 405),
        (["phone/scan"], "404", ("phone/refuse", {}), 403),
        (["phone/refuse"], "403", ("phone/scan", {}), 404),
        ([], "", ("clock", {"advance": 25}), 408),
        (["phone/scan"], "404", ("clock", {"advance": 26}), 408),
        ([], "", ("clock", {"advance": 400}), 402),
        ([], "", ("reset", {}), 402),
    ],
)
def test_a_poll_hangs_until_there_is_news(sandbox, uuid, before, last, then, news):
    """It answers at once when something happens, and 408 when its 25 s are over."""
    for name in before:
        sandbox.control(name, uuid=uuid)
    name, fields = then
    named = {"uuid": uuid} if name.startswith("phone") else {}
    with open_poll(sandbox, uuid, last) as connection:
        early, _, _ = select.select([connection.sock], [], [], 0)
        sandbox.control(name, **named, **fields)
        answer = json.loads(connection.getresponse().read())

    assert (early, answer["wx_errcode"]) == ([], news)


def test_the_poll_speaks_javascript(sandbox, uuid):
    """Without f=json two assignments to window come."""
    sandbox.control("phone/scan", uuid=uuid)
    reply = sandbox.get("/connect/l/qrconnect", {"uuid": uuid, "_": "1"})

    assert reply.text == "window.wx_errcode=404;window.wx_code='';"
    assert reply.headers["Content-Type"].startswith("text/javascript")


def test_the_scanned_address_is_the_phones_page(sandbox, uuid):
    """In WeChat it counts as the scan; another browser is sent to WeChat."""
    outside = sandbox.get("/connect/confirm", {"uuid": uuid})

    assert "请在微信客户端打开链接" in outside.text
    inside = sandbox.get("/connect/confirm", {"uuid": uuid}, headers=WECHAT)

    assert "张晓雨" in inside.text
    assert poll(sandbox, uuid) == (404, "")
    gone = sandbox.get("/connect/confirm", {"uuid": "x"}, headers=WECHAT)

    assert "二维码已失效" in gone.text


def test_the_phone_page_shows_and_answers(sandbox, uuid, website):
    """Its own forms do what its buttons say, and lead back to it."""
    screen = sandbox.get("/_sandbox/phone").text

    assert uuid in screen
    openid = sandbox.user(2)["openid"][website["appid"]]
    for name in ("scan", "confirm"):
        form = urlencode({"uuid": uuid, "openid": openid}).encode()
        reply = sandbox.post(f"/_sandbox/phone/{name}", form, headers=FORM)

        assert (reply.status, reply.headers["Location"]) == (303, "/_sandbox/phone")
    assert poll(sandbox, uuid)[0] == 405
    assert uuid not in sandbox.get("/_sandbox/phone").text


def test_the_phone_says_what_it_cannot_do(sandbox, uuid):
    """409 for a QR code that is gone or another user's, 404 for nobody."""
    sandbox.control("phone/scan", uuid=uuid)
    appid = sandbox.app("website")["appid"]
    other = sandbox.user(1)["openid"][appid]
    replies = [
        sandbox.post("/_sandbox/phone/confirm", {"uuid": uuid, "openid": other}),
        sandbox.post("/_sandbox/phone/scan", {"uuid": "0000000000000000"}),
        sandbox.post("/_sandbox/phone/scan", {"uuid": uuid, "openid": "oNobody"}),
    ]

    assert [reply.status for reply in replies] == [409, 409, 404]
    assert all(reply.json()["error"] for reply in replies)
