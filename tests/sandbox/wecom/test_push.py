"""Callbacks of WeCom apps: encrypted, checked by an encrypted number, repeated."""

import json

import pytest
from defusedxml.ElementTree import fromstring

from sandbox.message_crypt import decrypt, encrypt, sign

TEXT = {"MsgType": "text", "Content": "你好"}


@pytest.fixture
def pushed(own, callback):
    """Return the first corp's own app, with the callback as its URL."""
    own.change(callback_url=callback.url)
    return own


def fields_of(document):
    return {child.tag: child.text or "" for child in fromstring(document)}


def opened(app, delivery, encrypted):
    """Return the plain message, if signature and receiveid are right."""
    query = delivery.query
    parts = (query["timestamp"], query["nonce"], encrypted)
    assert query["msg_signature"] == sign(app.app["token"], *parts)
    assert "signature" not in query
    return decrypt(encrypted, encoding_aes_key=app.app["encoding_aes_key"])


def answering(app, fields, receiveid=None):
    """Return an answer of the callback: the fields as an encrypted reply."""
    text = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    encrypted = encrypt(
        f"<xml>{text}</xml>".encode(),
        encoding_aes_key=app.app["encoding_aes_key"],
        appid=app.corpid if receiveid is None else receiveid,
        random=b"r" * 16,
    )
    signature = sign(app.app["token"], encrypted, "1", "n")
    outer = {"Encrypt": encrypted, "MsgSignature": signature}
    outer |= {"TimeStamp": "1", "Nonce": "n"}
    text = "".join(f"<{name}>{value}</{name}>" for name, value in outer.items())
    return 200, f"<xml>{text}</xml>".encode()


def push(app, message, **more):
    return app.sandbox.control("push", appid=app.appid, message=message, **more)


def test_a_message_is_encrypted_to_the_corp(pushed, callback):
    """The envelope has ToUserName, AgentID and Encrypt; the message has MsgId."""
    result = push(pushed, TEXT)
    [delivery] = callback.deliveries
    outer = fields_of(delivery.body)
    plain = opened(pushed, delivery, outer["Encrypt"])
    inner = fields_of(plain.message)

    assert result["error"] is None
    assert outer.keys() == {"ToUserName", "AgentID", "Encrypt"}
    assert plain.appid == outer["ToUserName"] == inner["ToUserName"] == pushed.corpid
    assert outer["AgentID"] == inner["AgentID"] == "1000002"
    assert (inner["FromUserName"], inner["Content"]) == ("ZhangSan", "你好")
    assert inner["MsgId"].isdecimal()


@pytest.mark.parametrize("receiveid", ["", "ww0123456789abcdef"])
def test_another_receiveid(pushed, callback, receiveid):
    push(pushed, TEXT, receiveid=receiveid)
    [delivery] = callback.deliveries
    encrypted = fields_of(delivery.body)["Encrypt"]

    assert opened(pushed, delivery, encrypted).appid == receiveid


def test_events_have_no_msgid(pushed, callback):
    """That of customer service has no sender either; its token pulls messages."""
    push(pushed, {"MsgType": "event", "Event": "change_contact", "ChangeType": "x"})
    bell = {"MsgType": "event", "Event": "kf_msg_or_event", "OpenKfId": "wk1"}
    push(pushed, bell)
    contact, bell = (
        fields_of(opened(pushed, one, fields_of(one.body)["Encrypt"]).message)
        for one in callback.deliveries
    )

    assert contact["FromUserName"] == "sys"
    assert not contact.keys() & {"MsgId", "AgentID"}
    names = {"ToUserName", "CreateTime", "MsgType", "Event", "Token", "OpenKfId"}
    assert bell.keys() == names
    assert pushed.post("kf/sync_msg", {"token": bell["Token"]})["errcode"] == 0
    pushed.sandbox.control("clock", advance=601)
    assert pushed.post("kf/sync_msg", {"token": bell["Token"]})["errcode"] == 95007


def test_the_json_of_robots(pushed, callback):
    """Lower-case names, and no receiveid."""
    seen = {}

    def answer(delivery):
        seen["encrypted"] = json.loads(delivery.body)["encrypt"]
        reply = encrypt(
            b'{"msgtype":"text"}',
            encoding_aes_key=pushed.app["encoding_aes_key"],
            appid="",
            random=b"r" * 16,
        )
        signature = sign(pushed.app["token"], reply, "1", "n")
        body = {"encrypt": reply, "msgsignature": signature}
        return 200, json.dumps({**body, "timestamp": 1, "nonce": "n"}).encode()

    callback.answer = answer
    result = push(pushed, {"msgtype": "text"}, mode="json")
    plain = opened(pushed, callback.deliveries[0], seen["encrypted"])

    assert plain.appid == ""
    assert json.loads(plain.message)["msgtype"] == "text"
    assert result["reply"] == {"msgtype": "text"}


@pytest.mark.parametrize("plus", [True, False])
def test_the_url_is_checked_by_an_encrypted_number(pushed, callback, plus):
    """The answer must be the number and nothing else."""

    def answer(delivery):
        encrypted = delivery.query["echostr"]
        plain = opened(pushed, delivery, encrypted)
        assert "+" in encrypted or not plus
        assert plain.appid == pushed.corpid
        assert (len(plain.message), plain.message.isdigit()) == (19, True)
        return 200, plain.message

    callback.answer = answer
    assert push(pushed, {}, mode="verify", plus=plus)["error"] is None
    callback.answer = lambda delivery: (200, answer(delivery)[1] + b"\n")
    wrong = push(pushed, {}, mode="verify", plus=plus)["error"]
    assert wrong == "the answer is not the decrypted echostr"
    callback.answer = lambda delivery: (200, delivery.query["echostr"].encode())
    assert push(pushed, {}, mode="verify")["error"]


def test_a_passive_reply(pushed, callback):
    fields = {"ToUserName": "ZhangSan", "FromUserName": pushed.corpid}
    text = {**fields, "CreateTime": 1, "MsgType": "text", "Content": "1"}
    callback.answer = lambda delivery: answering(pushed, text)

    assert push(pushed, TEXT)["reply"]["Content"] == "1"


@pytest.mark.parametrize(
    ("changes", "receiveid", "said"),
    [
        ({"MsgType": "music"}, None, "MsgType"),
        ({"ToUserName": "nobody"}, None, "ToUserName"),
        ({}, "wx0123456789abcdef", "receiveid"),
    ],
)
def test_a_passive_reply_that_is_wrong(pushed, callback, changes, receiveid, said):
    fields = {"ToUserName": "ZhangSan", "FromUserName": pushed.corpid}
    text = {**fields, "MsgType": "text", "Content": "1", **changes}
    callback.answer = lambda delivery: answering(pushed, text, receiveid)
    result = push(pushed, TEXT)

    assert said in result["error"]
    assert result["reply"] is None


@pytest.mark.parametrize("body", [b"<xml><a>1</a></xml>", b"[]", b"\xff"])
def test_an_answer_that_is_no_reply(pushed, callback, body):
    callback.answer = lambda delivery: (200, body)

    assert push(pushed, TEXT)["error"]


def test_an_unanswered_message_comes_three_times(pushed, callback):
    """The same message, signed and encrypted afresh."""
    callback.answer = lambda delivery: (500, b"")
    result = push(pushed, TEXT, retries=True)
    sent = [fields_of(one.body)["Encrypt"] for one in callback.deliveries]
    pairs = zip(callback.deliveries, sent, strict=True)
    plain = {opened(pushed, one, encrypted).message for one, encrypted in pairs}

    assert result["deliveries"] == len(set(sent)) == 3
    assert len(plain) == 1
    assert len(pushed.sandbox.journal(path="/_sandbox/push")) == 3


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"mode": "plain"}, 400),
        ({"message": 1}, 400),
        ({"receiveid": 1}, 400),
        ({"plus": 1}, 400),
        ({"deadline": 6}, 400),
    ],
)
def test_an_order_that_cannot_be(pushed, fields, status):
    order = {"appid": pushed.appid, "message": TEXT, **fields}

    assert pushed.sandbox.post("/_sandbox/push", order).status == status


def test_an_app_without_a_callback(other):
    order = {"appid": other.appid, "message": TEXT}

    assert other.sandbox.post("/_sandbox/push", order).status == 409
