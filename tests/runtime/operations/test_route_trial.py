"""The verb `push test`, against services written with wechatpy and other ones."""

from __future__ import annotations

import dataclasses
import json
import time
from typing import get_args

import pytest
import wechatpy
from wechatpy.crypto import WeChatCrypto
from wechatpy.replies import TextReply

from runtime.gateway import Gateway
from runtime.operations.push_reasons import ANSWERS, TARGETS
from runtime.operations.refusals import UnknownDocument
from runtime.push.passive_replies import Reason
from runtime.push.sample_messages import ACCOUNT, OPENID, TYPES
from runtime.registry.schema import InvalidDocument
from tests.support.push_callback import serve_callback
from tests.support.scripted_wechat import SERVICE

KEY, TOKEN = "k" * 43, "routeToken"


class Bot:
    """A message server in safe mode, which echoes; what is not right, fails."""

    def __init__(self, callback, *, token=TOKEN, key=KEY, appid=SERVICE):
        self.crypto = WeChatCrypto(token, key, appid)
        self.answers = WeChatCrypto(token, key, appid)
        self.heard = []
        self.make = lambda message: TextReply(
            content=f"echo {message.content}", message=message
        ).render()
        callback.answer = self.answer

    def answer(self, delivery):
        query = delivery.query
        opened = self.crypto.decrypt_message(
            delivery.body, query["msg_signature"], query["timestamp"], query["nonce"]
        )
        message = wechatpy.parse_message(opened)
        self.heard.append(message)
        reply = self.make(message)
        sealed = self.answers.encrypt_message(reply, query["nonce"], query["timestamp"])
        return 200, sealed.encode()


@pytest.fixture
def gateway(settings, wechat):
    networks = ("127.0.0.0/8",)
    return Gateway(
        dataclasses.replace(settings, push_private_networks=networks), transport=wechat
    )


@pytest.fixture
def callback():
    with serve_callback() as callback:
        yield callback


@pytest.fixture
def route(do, orders, callback):
    """Add a route to the callback; return a function that tries it."""

    def add(**fields):
        fields = {"token": TOKEN, "encoding_aes_key": KEY, "reply": True, **fields}
        given = {name: v for name, v in fields.items() if v is not None}
        made = do(
            "push route-add", appid=SERVICE, client="orders", url=callback.url, **given
        )
        return lambda **more: do("push test", appid=SERVICE, route=made["id"], **more)

    return add


def test_a_reply_is_shown(route, callback):
    """Decrypted, with status and time; nothing is wrong."""
    bot = Bot(callback)
    answer = route()(text="报名")

    assert "faults" not in answer
    assert (200, "encrypted", True) == tuple(
        answer[name] for name in ("status", "answer", "fits")
    )
    assert "echo 报名" == answer["reply"]["Content"]
    assert (OPENID, ACCOUNT) == (bot.heard[0].source, bot.heard[0].target)
    assert 0 <= answer["milliseconds"] < 20_000


@pytest.mark.parametrize("type_", TYPES)
def test_each_type_is_one_that_services_read(route, callback, type_):
    """As wechatpy reads it, with an id or a key where the type has one."""
    bot = Bot(callback)
    bot.make = lambda message: TextReply(content="ok", message=message).render()
    answer = route()(type=type_)

    assert "faults" not in answer
    (heard,) = bot.heard
    if type_ in ("text", "image", "voice", "video", "shortvideo", "location", "link"):
        assert (type_, True) == (heard.type, heard.id > 0)
    else:
        assert ("event", type_.lower()) == (heard.type, heard.event.lower())


def test_two_trials_are_two_messages(route, callback):
    """A service that forgets equal ones must not forget the second."""
    bot = Bot(callback)
    tried = route()
    tried()
    tried()

    assert bot.heard[0].id != bot.heard[1].id


def test_json(route, callback):
    """As accounts that have chosen it in the console send it."""
    route(encoding_aes_key=None, plain=True)(data="json", type="CLICK", text="menu_1")

    (delivery,) = callback.deliveries
    message = json.loads(delivery.body)
    assert ("event", "CLICK", "menu_1") == (
        message["MsgType"],
        message["Event"],
        message["EventKey"],
    )
    assert "application/json" == delivery.headers["Content-Type"]


def test_whether_it_fits(route, callback):
    """The route gets the message though it does not fit."""
    tried = route(match={"msg_type": ["image"]})

    assert [False, True] == [tried(type=each)["fits"] for each in ("text", "image")]
    assert 2 == len(callback.deliveries)


@pytest.mark.parametrize(("body", "shown"), [(b"success", "success"), (b"", "empty")])
def test_no_reply(route, callback, body, shown):
    """That is right, too."""
    callback.answer = lambda delivery: (200, body)
    answer = route()()

    assert (shown, "none") == (answer["answer"], answer["reply"])
    assert "faults" not in answer


def test_an_event_route(route, callback):
    """A signed CloudEvent; what the service answers means nothing but by its status."""
    callback.answer = lambda delivery: (204, b"")
    answer = route(format="event", token=None, encoding_aes_key=None, reply=None)()

    assert (204, "faults" in answer) == (answer["status"], False)
    (delivery,) = callback.deliveries
    assert "com.weixin.message.text" == json.loads(delivery.body)["type"]
    assert delivery.headers["webhook-signature"].startswith("v1,")


def faults_of(answer):
    return [each.partition(":")[0] for each in answer["faults"]]


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ((500, b"oops"), "status_500"),
        ((302, b""), "status_302"),
        ((200, b"hello"), "unreadable"),
        ((200, b"<xml><MsgType>card</MsgType></xml>"), "type"),
        ((200, b"<xml><MsgType>text</MsgType></xml>"), "addressee"),
        ((200, b"x" * 70_000), "too_large"),
    ],
)
def test_what_is_wrong_is_told(route, callback, answer, fault):
    """With what it means; the beginning of the answer is shown."""
    callback.answer = lambda delivery: answer
    found = route()()

    assert [fault] == faults_of(found)
    assert len(found.get("answer", "")) < 600
    known = TARGETS | ANSWERS
    assert known.get(fault, known["status"]) in found["faults"][0]


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"token": "another"}, "signature"),
        ({"key": "x" * 43}, "key"),
        ({"appid": "wx0000000000000000"}, "receive_id"),
    ],
)
def test_a_reply_with_other_secrets(route, callback, wrong, fault):
    """Each of the three is told from the others."""
    bot = Bot(callback)
    secrets = {"token": TOKEN, "key": KEY, "appid": SERVICE, **wrong}
    bot.answers = WeChatCrypto(secrets["token"], secrets["key"], secrets["appid"])
    if fault == "key":  # signed right, encrypted wrong
        bot.answers.token = TOKEN

    assert [fault] == faults_of(route()())


def test_a_reply_that_nobody_gets(route, callback):
    """The route of copies has no reply: what it answers is dropped."""
    Bot(callback)

    assert ["no_reply"] == faults_of(route(reply=False)())


def test_a_slow_service(route, callback):
    """It is waited for, so that the operator learns how slow it is."""
    bot = Bot(callback)
    echo = bot.make

    def slow(message):
        time.sleep(0.8)
        return echo(message)

    bot.make = slow
    answer = route(reply_within=0.5, late_reply="off")()

    assert ["late"] == faults_of(answer)
    assert answer["reply"]["Content"] == "echo test"
    assert answer["milliseconds"] >= 800
    later = route(reply_within=0.5)()
    assert "faults" not in later
    assert "a customer-service message" == later["reaches_user_by"]


def test_a_slow_service_of_an_account_whose_pushes_are_held(do, route, callback):
    """The hold of the route counts, as long as it is."""
    bot = Bot(callback)
    echo = bot.make

    def slow(message):
        time.sleep(0.8)
        return echo(message)

    bot.make = slow
    do("app update", appid=SERVICE, kind="subscription")
    held = route(reply_within=0.5, hold=2)()

    assert "a request of WeChat that is held" == held["reaches_user_by"]
    assert ["late"] == faults_of(route(reply_within=0.5)())


def test_a_reply_of_a_mini_program(do, route, callback):
    """A text is no passive reply of it, and is sent as a message."""
    Bot(callback)
    do("app update", appid=SERVICE, kind="miniprogram")
    answer = route()()

    assert "faults" not in answer
    assert "a customer-service message" == answer["reaches_user_by"]
    assert ["type"] == faults_of(route(late_reply="off")())


def test_a_text_within_the_limit_of_the_settings(do, settings, route, callback):
    """As in real pushes."""
    Bot(callback).make = lambda message: TextReply(
        content="a" * 2100, message=message
    ).render()
    tried = route()
    assert ["size"] == faults_of(tried())
    wider = Gateway(
        dataclasses.replace(
            settings, push_private_networks=("127.0.0.0/8",), push_text_bytes=4096.0
        )
    )
    id_ = tried()["route"]
    answer = do("push test", on=wider, appid=SERVICE, route=id_)
    assert "the answer to WeChat" == answer["reaches_user_by"]


def test_nobody_listens(do, orders):
    """The reason is told, and no status."""
    made = do(
        "push route-add", appid=SERVICE, client="orders", url="http://127.0.0.1:1/"
    )
    answer = do("push test", appid=SERVICE, route=made["id"])

    assert ["unreachable"] == faults_of(answer)
    assert "status" not in answer


def test_an_address_that_is_forbidden_by_now(route, callback, do, gateway, settings):
    """It is named; the gateway checks each call."""
    tried = route()
    alone = Gateway(settings)
    id_ = tried()["route"]
    answer = do("push test", on=alone, appid=SERVICE, route=id_)

    assert answer["faults"][0].startswith("not_allowed (127.0.0.1): ")
    assert 1 == len(callback.deliveries)


def test_arguments(route, do):
    """An unknown route, and a type that there is not."""
    with pytest.raises(UnknownDocument, match="There is no route none1111"):
        do("push test", appid=SERVICE, route="none1111")
    with pytest.raises(InvalidDocument) as refusal:
        route()(type="card")
    assert "type" == refusal.value.field


def test_every_reason_is_explained():
    """Of an answer that is no reply."""
    assert set(get_args(Reason)) == set(ANSWERS)
