"""Scans of an account's QR code: the event that is pushed, and the user's chat."""

from __future__ import annotations

import re

import pytest

from sandbox.push_xml import read_xml

SCAN = "/_sandbox/phone/scan"
REPLY = (
    "<xml><ToUserName>{to}</ToUserName><FromUserName>{by}</FromUserName>"
    "<CreateTime>1</CreateTime><MsgType>text</MsgType>"
    '<Content><![CDATA[See <a href="http://127.0.0.1/x?a=1&b=2">here</a> '
    "& <b>there</b>]]>"
    "</Content></xml>"
)


def create(account, action="QR_STR_SCENE", scene=None, **more):
    """Return a new code of the account."""
    info = {"scene": scene or {"scene_str": "order-1"}}
    body = {"action_name": action, "action_info": info, **more}
    return account.post("/cgi-bin/qrcode/create", body)


def scan(account, code, **more):
    """Scan the code; return the answer of the phone."""
    return account.sandbox.post(SCAN, {"url": code["url"], **more})


@pytest.fixture
def pushed(account, callback):
    """The account, whose pushes go to the callback in plain text."""
    change = {"appid": account.appid, "callback_url": callback.url}
    account.sandbox.post("/_sandbox/apps", change)
    return account


def message(callback):
    """Return the last message that came to the callback."""
    return read_xml(callback.deliveries[-1].body)


@pytest.mark.parametrize(
    ("action", "scene", "key"),
    [
        ("QR_STR_SCENE", {"scene_str": "order-1"}, "order-1"),
        ("QR_SCENE", {"scene_id": 7}, "7"),
        ("QR_LIMIT_STR_SCENE", {"scene_str": "shelf"}, "shelf"),
    ],
)
def test_a_follower_scans(pushed, callback, action, scene, key):
    """The event has the scene and the ticket."""
    code = create(pushed, action, scene)
    answer = scan(pushed, code, mode="plain").json()
    event = message(callback)

    assert ("SCAN", key) == (answer["event"], answer["event_key"])
    assert ("event", "SCAN", key) == (
        event["MsgType"],
        event["Event"],
        event["EventKey"],
    )
    assert code["ticket"] == event["Ticket"]
    assert pushed.openid() == event["FromUserName"]
    assert 1 == answer["push"]["deliveries"]


def test_a_stranger_follows_by_it(pushed, callback):
    """The first time it is a follow, with another form of the scene."""
    code = create(pushed)
    stranger = pushed.openid(3)
    first = scan(pushed, code, openid=stranger, mode="plain").json()
    followed = message(callback)
    again = scan(pushed, code, openid=stranger, mode="plain").json()

    assert ("subscribe", "qrscene_order-1") == (first["event"], first["event_key"])
    assert "qrscene_order-1" == followed["EventKey"]
    assert ("SCAN", "order-1") == (again["event"], again["event_key"])
    assert 1 == pushed.get("/cgi-bin/user/info", openid=stranger)["subscribe"]


def test_safe_mode_is_the_usual_one(pushed, callback):
    """As an account that signs users in has it."""
    scan(pushed, create(pushed))

    assert "aes" == callback.queries[-1]["encrypt_type"]


def test_an_unanswered_scan_is_repeated(pushed, callback):
    """Three deliveries, and the user sees that the account is broken."""
    callback.answer = lambda delivery: (500, b"")
    answer = scan(pushed, create(pushed), mode="plain").json()

    assert 3 == answer["push"]["deliveries"]
    assert answer["push"]["shown"]


def test_a_code_that_has_ended(pushed, callback):
    """Nothing is pushed."""
    code = create(pushed, expire_seconds=60)
    pushed.sandbox.post("/_sandbox/clock", {"advance": 61})
    ended = scan(pushed, code)
    unknown = scan(pushed, {"url": "http://weixin.qq.com/q/unknown"})

    assert (409, 409) == (ended.status, unknown.status)
    assert [] == callback.deliveries


def test_the_phone_shows_codes_and_answers(pushed, callback):
    """A link of a message is one, and no other markup is."""
    code = create(pushed)
    create(pushed, "QR_LIMIT_STR_SCENE", {"scene_str": "shelf"})
    before = pushed.sandbox.get("/_sandbox/phone").text

    def answer(delivery):
        pushed_ = read_xml(delivery.body)
        named = {"to": pushed_["FromUserName"], "by": pushed_["ToUserName"]}
        return 200, REPLY.format(**named).encode()

    callback.answer = answer
    form = f"url={code['url']}&mode=plain".encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    gone = pushed.sandbox.post(SCAN, form, headers=headers)
    after = pushed.sandbox.get("/_sandbox/phone").text
    openid = pushed.openid(1)
    pushed.sandbox.post("/_sandbox/phone/holder", {"openid": openid})
    others = pushed.sandbox.get("/_sandbox/phone").text

    assert 1 == before.count('name="url"')
    assert "公众号消息" not in before
    assert 303 == gone.status
    assert '<a href="http://127.0.0.1/x?a=1&amp;b=2"' in after
    assert "&lt;b&gt;there&lt;/b&gt;" in after
    assert "公众号消息" not in others


def test_the_phone_shows_customer_service_messages(pushed):
    """They come to the same chat."""
    scan(pushed, create(pushed), mode="plain")
    sent = {"touser": pushed.openid(), "msgtype": "text", "text": {"content": "你好"}}
    pushed.post("/cgi-bin/message/custom/send", sent)
    page = pushed.sandbox.get("/_sandbox/phone").text

    assert re.search(r'class="chat">你好<', page)
