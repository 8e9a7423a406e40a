"""Route format `wechat`: requests as WeChat's own, and answers read and sealed."""

import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from wechatpy import create_reply, parse_message
from wechatpy.crypto import WeChatCrypto

from runtime.push.encryption import encrypt, key_of, signature
from runtime.push.passive_replies import BadReply
from runtime.push.push_message import read_message
from runtime.push.wechat_format import answer_with, passive_reply, request_to
from runtime.registry.routes import Route

VECTORS = {
    each["id"]: each
    for each in json.loads(
        Path(__file__).with_name("push_vectors.json").read_text("utf-8")
    )["vectors"]
}
NOW, NONCE = 1_796_000_000, "320560102"
APPID, TOKEN, AES_KEY = "wx0123456789abcdef", "routeToken", "R" * 42 + "A"
ACCOUNT, USER = "gh_1a2b3c4d5e6f", "o" + "B" * 27
TEXT = (
    f"<xml><ToUserName><![CDATA[{ACCOUNT}]]></ToUserName>\n"
    f"<FromUserName><![CDATA[{USER}]]></FromUserName>\n<CreateTime>1</CreateTime>\n"
    "<MsgType><![CDATA[text]]></MsgType>\n<Content><![CDATA[你好 <b>&]]></Content>\n"
    "<MsgId>24000000000000001</MsgId>\n</xml>"
).encode()
PUSH = read_message(TEXT)


ROUTE = Route(
    "r1",
    "bot",
    "https://bot.example.com/wechat",
    token=TOKEN,
    encoding_aes_key=AES_KEY,
)
PLAIN = replace(ROUTE, encoding_aes_key="")


def of_vector(vector):
    aes_key = vector["encoding_aes_key"]
    return replace(ROUTE, token=vector["token"], encoding_aes_key=aes_key)


def sent(route=None, message=PUSH, **more):
    """Return query, headers and body of the request to a route."""
    request = request_to(
        route or ROUTE,
        message,
        **{"receive_id": APPID, "now": NOW, "nonce": NONCE, **more},
    )
    return dict(parse_qsl(urlsplit(request.url).query)), request.headers, request.body


def answered(body, route=None, *, push=PUSH, **more):
    return passive_reply(body, route or ROUTE, push, receive_id=APPID, **more)


def reason(body, route=None, **more):
    with pytest.raises(BadReply) as raised:
        answered(body, route, **more)
    return raised.value.reason


@pytest.mark.parametrize("name", ["C1", "C4", "M1"])
def test_a_request_equals_the_vector_byte_by_byte(name):
    """XML and JSON; an open platform's own message names the component."""
    vector = VECTORS[name]
    route = of_vector(vector)
    query, headers, body = sent(
        route,
        read_message(vector["plaintext"].encode()),
        receive_id=vector["receive_id"],
        now=int(vector["timestamp"]) + 0.9,
        nonce=vector["nonce"],
        random=lambda size: vector["random16"].encode(),
    )
    assert vector["request_body"].encode() == body
    names = ("signature", "msg_signature", "timestamp", "nonce")
    assert {each: vector[each] for each in names} == {n: query[n] for n in names}
    assert "aes" == query["encrypt_type"]
    types = {True: "application/json", False: "text/xml"}
    assert types[name == "M1"] == headers["Content-Type"]


def test_wechatpy_reads_the_request():
    query, _, body = sent()
    crypto = WeChatCrypto(TOKEN, AES_KEY, APPID)
    opened = crypto.decrypt_message(
        body.decode(), query["msg_signature"], query["timestamp"], query["nonce"]
    )
    assert TEXT == (opened if isinstance(opened, bytes) else opened.encode())
    message = parse_message(opened)
    assert ("你好 <b>&", USER) == (message.content, message.source)
    assert USER == query["openid"]


def test_a_plain_route_gets_the_message_as_it_came():
    query, headers, body = sent(PLAIN)
    assert TEXT == body
    assert {"signature", "timestamp", "nonce", "openid"} == set(query)
    assert signature(TOKEN, str(NOW), NONCE) == query["signature"]
    assert "Mozilla/4.0" == headers["User-Agent"]


def test_the_query_of_a_route_is_kept():
    request = request_to(
        replace(ROUTE, url="https://bot.example.com/?a=1"),
        PUSH,
        receive_id=APPID,
        now=NOW,
        nonce=NONCE,
    )
    assert request.url.startswith("https://bot.example.com/?a=1&signature=")


def test_a_message_without_a_sender_has_no_openid():
    event = read_message(b"<xml><ToUserName>gh_1</ToUserName><Event>a</Event></xml>")
    assert "openid" not in sent(message=event)[0]


@pytest.mark.parametrize("answer", [b"", b"success", b"success\n", b" "])
def test_a_silent_answer(answer):
    assert answered(answer) is None


def rendered(content="echo", *, message=None):
    return create_reply(content, message=message or parse_message(TEXT)).render()


@pytest.mark.parametrize("route", [ROUTE, PLAIN])
def test_a_plain_answer(route):
    assert "echo" == answered(rendered().encode(), route).fields["Content"]


def test_an_answer_that_wechatpy_has_encrypted():
    crypto = WeChatCrypto(TOKEN, AES_KEY, APPID)
    sealed = crypto.encrypt_message(rendered(), NONCE, str(NOW))
    found = answered(sealed.encode())
    assert rendered().encode() == found.body


def test_an_encrypted_silent_answer():
    """WeChat needs no encryption here, and some services do not know."""
    crypto = WeChatCrypto(TOKEN, AES_KEY, APPID)
    assert answered(crypto.encrypt_message("success", NONCE, str(NOW)).encode()) is None


def sealed_json(content, *, token=TOKEN, key=AES_KEY, receive_id=APPID, **changes):
    sealed = encrypt(content, key=key_of(key), receive_id=receive_id)
    parts = str(NOW), NONCE, sealed
    fields = {"Encrypt": sealed, "MsgSignature": signature(token, *parts)}
    fields |= {"TimeStamp": NOW, "Nonce": NONCE}
    return json.dumps({**fields, **changes}).encode()


def test_an_answer_in_json():
    assert "echo" == answered(sealed_json(rendered().encode())).fields["Content"]


def test_why_an_encrypted_answer_is_refused():
    content = rendered().encode()
    assert "signature" == reason(sealed_json(content, token="another"))
    assert "signature" == reason(sealed_json(content, Nonce="another"))
    assert "signature" == reason(sealed_json(content, MsgSignature=""))
    assert "key" == reason(sealed_json(content, key="S" * 42 + "A"))
    assert "receive_id" == reason(sealed_json(content, receive_id="wx" + "f" * 16))
    assert "not_expected" == reason(sealed_json(content), PLAIN)
    assert "unreadable" == reason(sealed_json(b"<xml>"))
    assert "unreadable" == reason(b"<html>Bad gateway")


def test_a_reply_is_checked():
    assert "type" == reason(rendered().encode(), sender="miniprogram")
    assert "size" == reason(rendered("a" * 9).encode(), longest_text=8)
    assert "size" == reason(b"<xml>" + b" " * 65536)


def test_the_vector_of_an_encrypted_answer():
    vector = VECTORS["C5"]
    push = read_message(VECTORS["C4"]["plaintext"].encode())
    route = of_vector(vector)
    reply = passive_reply(
        vector["response_body"].encode(), route, push, receive_id=vector["receive_id"]
    )
    assert vector["plaintext"].encode() == reply.body
    kind, body = answer_with(
        reply,
        token=vector["token"],
        key=key_of(vector["encoding_aes_key"]),
        receive_id=vector["receive_id"],
        now=int(vector["timestamp"]),
        nonce=vector["nonce"],
        random=lambda size: vector["random16"].encode(),
    )
    assert ("text/xml", vector["response_body"].encode()) == (kind, body)


def answer_to_wechat(reply, **more):
    sealing = {"token": "own", "key": key_of("O" * 42 + "A"), "receive_id": APPID}
    return answer_with(reply, **{**sealing, "now": NOW, "nonce": NONCE, **more})


def test_wechatpy_reads_the_answer_to_wechat():
    _, body = answer_to_wechat(answered(rendered().encode()))
    outer = read_message(body).fields
    crypto = WeChatCrypto("own", "O" * 42 + "A", APPID)
    opened = crypto.decrypt_message(
        body.decode(), outer["MsgSignature"], outer["TimeStamp"], outer["Nonce"]
    )
    assert rendered() == (opened.decode() if isinstance(opened, bytes) else opened)


def test_the_answer_to_a_plain_push_is_plain():
    answer = answer_to_wechat(answered(rendered().encode()), key=None)
    assert ("text/xml", rendered().encode()) == answer


def test_the_answer_to_a_push_in_json():
    push = read_message(VECTORS["M1"]["plaintext"].encode())
    fields = {"ToUserName": push.openid, "FromUserName": push.to_user}
    content = {**fields, "MsgType": "transfer_customer_service", "CreateTime": 1}
    reply = answered(json.dumps(content).encode(), push=push, sender="miniprogram")
    kind, body = answer_to_wechat(reply)
    outer = json.loads(body)
    assert ("application/json", NOW, NONCE) == (
        kind,
        outer["TimeStamp"],
        outer["Nonce"],
    )
    _, body = answer_to_wechat(reply, key=None)
    assert content == json.loads(body)
