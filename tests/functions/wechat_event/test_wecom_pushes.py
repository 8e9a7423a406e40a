"""Pushes of WeCom: the check of the URL, what is accepted, stored, relayed, replied."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlencode

import pytest
import xmltodict
from wechatpy.enterprise.crypto import WeChatCrypto

from functions.deliver.index import deliver
from functions.wechat_event.index import handler
from runtime.operations.push_reasons import refusal
from runtime.push.encryption import decrypt, encrypt, key_of, signature
from runtime.push.late_reply import sends_late
from runtime.push.message_fields import write_xml
from runtime.push.passive_replies import check_reply
from runtime.push.push_message import read_message
from runtime.registry.models import App
from runtime.registry.routes import Route
from runtime.upstream.answer import Answer
from tests.support import message_service
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.local_hosts import eventually
from tests.support.message_service import next_nonce, route_to
from tests.support.pushes import INBOX, stored
from tests.support.scripted_wechat import change
from tests.support.wecom_pushes import (
    AES_KEY,
    APP,
    CORP,
    TOKEN,
    check,
    event,
    robots_text,
    sealed,
    text,
    wecom_app,
)

VECTORS = json.loads(
    (Path(__file__).parents[2] / "runtime/push/push_vectors.json").read_text("utf-8")
)
BY_ID = {each["id"]: each for each in VECTORS["vectors"]}
SUITE = "ww99aabbccddeeff00"
SUCCESS = (200, "success")


@pytest.fixture(autouse=True)
def _app(relaying, clock, redis):
    clock.now = redis.time()[0]
    relaying.documents.write("apps", APP, wecom_app(), after=0)


@pytest.fixture
def settle(relaying):
    """Give the app other fields."""

    def run(**fields):
        change(relaying, "apps", APP, **fields)

    return run


@pytest.fixture
def call(relaying):
    """Send a call of WeCom; return status and text."""

    def run(made, *, method="POST", appid=APP):
        query, body = made if isinstance(made, tuple) else (made, b"")
        environ = make_environ_fc(
            method=method, path=f"/wechat_event/{appid}", query=query, body=body
        )
        status, _, answer = call_wsgi(handler.with_gateway(relaying), environ)
        return status, answer.decode()

    return run


@pytest.fixture
def send(call):
    """Push a message under a nonce that nobody had."""

    def run(message, **more):
        return call(sealed(message, nonce=next_nonce(), **more))

    return run


@pytest.fixture
def service():
    with message_service.message_service(appid=CORP) as made:
        yield made


@pytest.fixture
def replies(settle, service):
    """Let the service reply to everything."""

    def run(**fields):
        settle(routes=[route_to(service, reply=True, **fields)])

    return run


def opened(answer, *, receive_id=CORP):
    """Return the fields of a reply as WeCom reads it."""
    outer = xmltodict.parse(answer)["xml"]
    crypto = WeChatCrypto(TOKEN, AES_KEY, receive_id)
    signed = (outer["MsgSignature"], outer["TimeStamp"], outer["Nonce"])
    return xmltodict.parse(crypto.decrypt_message(answer, *signed))["xml"]


class TestCheckOfTheUrl:
    def test_the_text_is_answered_exactly(self, call):
        assert (200, "6147913184475555277") == call(check(), method="GET")

    def test_the_vector_of_an_own_app(self, call, settle, clock):
        vector = BY_ID["W1"]
        clock.now = int(vector["timestamp"])
        assert (200, vector["response_body"]) == call(vector["query"], method="GET")

    def test_the_vector_of_another_receiver(self, call, relaying, clock):
        """W6 is made for a provider, which an app of another corp may name."""
        vector, corp = BY_ID["W6"], "ww0000000000000000"
        clock.now = int(vector["timestamp"])
        secrets = {name: vector[name] for name in ("token", "encoding_aes_key")}
        content = wecom_app(corpid=corp, **secrets)
        relaying.documents.write("apps", f"{corp}-1000002", content, after=0)
        made = {"method": "GET", "appid": f"{corp}-1000002"}
        assert (403, "403") == call(vector["query"], **made)
        change(relaying, "apps", made["appid"], receive_ids=[vector["receive_id"]])
        assert (200, vector["response_body"]) == call(vector["query"], **made)

    def test_a_plus_in_it(self, call):
        """Encoded as WeCom does it, and as it is."""
        query = check(plus_in_it=True)
        assert "%2B" in query
        assert 200 == call(query, method="GET")[0]
        assert 200 == call(query.replace("%2B", "+"), method="GET")[0]

    def test_the_values_of_before_until_they_are_cleared(self, call, settle):
        old = check()
        settle(
            token="another",
            encoding_aes_key="B" * 43,
            previous_token=TOKEN,
            previous_encoding_aes_key=AES_KEY,
        )
        assert 200 == call(old, method="GET")[0]
        assert 200 == call(check(token="another", aes_key="B" * 43), method="GET")[0]
        settle(previous_token="", previous_encoding_aes_key="")
        assert 403 == call(old, method="GET")[0]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"token": "wrong"},
            {"aes_key": "C" * 43},
            {"receive_id": SUITE},
            {"receive_id": ""},
            {"at": 1},
        ],
        ids=str,
    )
    def test_what_is_refused(self, call, wrong):
        assert (403, "403") == call(check(**wrong), method="GET")

    @pytest.mark.parametrize("name", ["echostr", "msg_signature", "timestamp"])
    @pytest.mark.parametrize("value", [None, "", "x", "*"])
    def test_a_malformed_query(self, call, name, value):
        query = dict(parse_qsl(check()))
        del query[name]
        if value is not None:
            query[name] = value
        assert (403, "403") == call(urlencode(query), method="GET")

    def test_a_push_is_read_to_nobody(self, call):
        """It is signed over the same parts, and is no number."""
        query, body = sealed(text(7))
        echostr = xmltodict.parse(body)["xml"]["Encrypt"]
        asked = urlencode({**dict(parse_qsl(query)), "echostr": echostr})
        assert (403, "403") == call(asked, method="GET")

    def test_without_an_aes_key_there_is_no_such_url(self, call, settle):
        """WeCom has no plain text."""
        settle(encoding_aes_key="")
        query = {"timestamp": "1", "nonce": "n", "echostr": "1"}
        query["signature"] = signature(TOKEN, "1", "n")
        assert 404 == call(urlencode(query), method="GET")[0]
        assert 404 == call(sealed(text()))[0]


class TestReceiving:
    @pytest.mark.parametrize("id_", ["W2", "W7"])
    def test_a_vector(self, call, settle, relaying, redis, id_, settings):
        vector = BY_ID[id_]
        settle(
            token=vector["token"],
            encoding_aes_key=vector["encoding_aes_key"],
            receive_ids=[""],
        )
        now = str(redis.time()[0])  # the vector itself is from another time
        signed = signature(vector["token"], now, "n", vector["encrypt"])
        query = {"msg_signature": signed, "timestamp": now, "nonce": "n"}
        push = urlencode(query), vector["request_body"].encode()
        assert SUCCESS == call(push)
        assert [vector["plaintext"]] == stored(redis, settings, APP)

    def test_a_robots_push_by_choice(self, send, settle, redis, settings):
        push = {"receive_id": "", "as_json": True}
        assert (403, "403") == send(robots_text(), **push)
        settle(receive_ids=[""])
        assert SUCCESS == send(robots_text(), **push)
        assert [robots_text()] == stored(redis, settings, APP)

    def test_the_odd_receiver_is_told_to_the_operator(
        self, send, settle, relaying, caplog
    ):
        with caplog.at_level(logging.WARNING, logger="gateway.push"):
            assert (403, "403") == send(text(), receive_id=SUITE)
        assert f"{APP}: refused, receive_id {SUITE}" in caplog.text
        outcome = relaying.last_seen.read(APP).refused.outcome
        assert f"receive_id {SUITE}" == outcome
        assert f"app update {APP} --receive-id {SUITE}" in refusal(outcome, APP)
        assert "--receive-id ''" in refusal("receive_id", APP)
        settle(receive_ids=[SUITE])
        assert SUCCESS == send(text(), receive_id=SUITE)

    @pytest.mark.parametrize("vector", VECTORS["negative"], ids=lambda each: each["id"])
    def test_each_negative_vector_gets_one_answer(self, call, settle, redis, vector):
        settle(
            token=vector["token"],
            encoding_aes_key=vector["encoding_aes_key"],
            receive_ids=[vector["receive_id"]],
        )
        now, signed = str(redis.time()[0]), vector["msg_signature"]
        if vector["id"] not in ("N1", "N2"):
            signed = signature(vector["token"], now, "n", vector["encrypt"])
        query = {"msg_signature": signed, "timestamp": now, "nonce": "n"}
        body = f"<xml><Encrypt>{vector['encrypt']}</Encrypt></xml>".encode()
        assert (403, "403") == call((urlencode(query), body))
        assert 0 == redis.exists(f"{INBOX}:stream:{APP}")

    @pytest.mark.parametrize(
        "body", [b"", b"{", b"[]", b"<xml>", b"\xff", b"{}", b"<xml/>", b"text"]
    )
    def test_a_malformed_body(self, call, body):
        assert (403, "403") == call((sealed(text())[0], body))

    def test_nothing_of_a_member_is_logged(self, send, caplog):
        with caplog.at_level(logging.DEBUG):
            assert SUCCESS == send(text(user="WangXiaoming"))
            assert 403 == send(text(user="WangXiaoming"), receive_id=SUITE)[0]
        assert "xiaoming" not in caplog.text.lower()


class TestEqualPushes:
    def number(self, redis):
        return redis.xlen(f"{INBOX}:stream:{APP}")

    def test_a_message_by_its_id(self, send, redis):
        """Whatever else of it differs, such as blanks."""
        send(text(7))
        assert SUCCESS == send(text(7).replace("<MsgId>", "\n<MsgId>"))
        assert 1 == self.number(redis)
        send(text(8))
        assert 2 == self.number(redis)

    def test_an_event_by_sender_and_time(self, send, redis):
        send(event("enter_agent", EventKey="", AgentID=1))
        send(event("enter_agent", AgentID=1))
        assert 1 == self.number(redis)

    @pytest.mark.parametrize(
        "other",
        [
            event("LOCATION", AgentID=1),
            event("enter_agent", user="li", AgentID=1),
            event("enter_agent", at=1796001061, AgentID=1),
        ],
    )
    def test_another_event(self, send, redis, other):
        """A member who opens the app causes two events in one second."""
        send(event("enter_agent", AgentID=1))
        send(other)
        assert 2 == self.number(redis)

    def test_events_without_an_id_and_a_sender(self, send, redis):
        """Every byte counts; a repeat is byte for byte the same."""
        bell = event("kf_msg_or_event", user="", Token="T1", OpenKfId="wk1")
        for message in (bell, bell, bell.replace("T1", "T2")):
            assert SUCCESS == send(message)
        assert 2 == self.number(redis)

    def test_events_of_a_member_that_differ_elsewhere(self, send, redis):
        """Two schedules that a member changes in one second are two events."""
        for number in ("a", "b", "b"):
            send(event("modify_schedule", CalId="c", ScheduleId=number))
        assert 2 == self.number(redis)

    def test_changes_of_the_contacts_at_one_time(self, send, redis):
        change_ = {"user": "sys", "ChangeType": "update_user"}
        first = event("change_contact", **change_, UserID="li")
        for message in (first, first, event("change_contact", **change_, UserID="wu")):
            send(message)
        assert 2 == self.number(redis)


class TestOrder:
    def orders(self, redis):
        found = redis.hgetall(f"{INBOX}:jobs").values()
        jobs = [json.loads(each) for each in found if each.startswith(b"{")]
        return [job["o"] for job in sorted(jobs, key=lambda job: job["i"])]

    def test_by_customer_service_account(self, send, settle, service, redis):
        settle(routes=[route_to(service, ordered=True)])
        for token, account in (("1", "wkA"), ("2", "wkB"), ("3", "wkA")):
            send(event("kf_msg_or_event", user="", Token=token, OpenKfId=account))
        one, other, again = self.orders(redis)
        assert one == again != other

    def test_by_member(self, send, settle, service, redis):
        """In whatever letters the userid comes."""
        settle(routes=[route_to(service, ordered=True)])
        for number, user in enumerate(("Li", "wu", "li")):
            send(text(number, user=user))
        one, other, again = self.orders(redis)
        assert one == again != other

    def test_an_earlier_bell_is_delivered_first(
        self, send, settle, service, relaying, redis
    ):
        """While it fails, later ones of its account wait, and others do not."""
        settle(routes=[route_to(service, ordered=True)])
        bells = [
            event("kf_msg_or_event", user="", Token=token, OpenKfId=account)
            for token, account in (("1", "wkA"), ("2", "wkA"), ("3", "wkB"))
        ]
        came = []

        def answer(message):
            came.append(message["Token"])
            return 500 if message["Token"] == "1" else None

        service.answer = answer
        service.take = _taken_raw(service)
        for each in bells:
            send(each)
        deliver(relaying)
        assert ["1", "3"] == came


def _taken_raw(service):
    """Return what a service does that reads the fields itself."""

    def take(query, body):
        opened_ = service.crypto.decrypt_message(
            body, query["msg_signature"], query["timestamp"], query["nonce"]
        )
        status = service.answer(xmltodict.parse(opened_)["xml"])
        return (status or 200), b"success"

    return take


class TestRoutes:
    def test_a_copy_is_what_wecom_sends(self, send, settle, service, relaying):
        """Its query has three names, and the receiver is the corpid."""
        settle(routes=[route_to(service)])
        seen = []
        taken = service.take

        def take(query, body):
            seen.append((sorted(query), xmltodict.parse(body)["xml"]))
            return taken(query, body)

        service.take = take
        send(text(content="你好"))
        deliver(relaying)
        ((names, outer),) = seen
        assert ["msg_signature", "nonce", "timestamp"] == names
        assert (CORP, "1000002") == (outer["ToUserName"], outer["AgentID"])
        assert ["你好"] == service.contents

    def test_a_route_for_one_member(self, send, settle, service, relaying):
        settle(routes=[route_to(service, match={"openid": ["zhangsan"]})])
        send(text(1, user="ZhangSan", content="mine"))
        send(text(2, user="li", content="another's"))
        deliver(relaying)
        assert ["mine"] == service.contents

    def test_a_robots_push_fits_by_the_names_of_all_others(
        self, call, settle, relaying, redis
    ):
        match = {"msg_type": ["text"], "content": ["order*"], "openid": ["zhangsan"]}
        with message_service.message_service(appid="") as service:
            bodies = []
            service.take = lambda query, body: bodies.append(body) or (200, b"")
            settle(receive_ids=[""], routes=[route_to(service, match=match)])
            push = {"receive_id": "", "as_json": True}
            call(sealed(robots_text("1", "order 5"), **push, nonce="1"))
            call(sealed(robots_text("2", "hello"), **push, nonce="2"))
            deliver(relaying)
        (body,) = bodies
        (name,) = json.loads(body)
        assert "encrypt" == name
        key = key_of(message_service.AES_KEY)
        message, receiver = decrypt(json.loads(body)[name], key=key)
        assert ("order 5", "") == (json.loads(message)["text"]["content"], receiver)

    def test_as_an_event(self, send, settle, service, relaying):
        got = []
        service.take = lambda query, body: got.append(json.loads(body)) or (200, b"")
        route = {
            **{"id": "ev01", "client": "demo", "url": service.url, "format": "event"},
            "secret": "whsec_" + "A" * 44,
        }
        settle(routes=[route])
        send(text(content="hi"))
        send(event("kf_msg_or_event", user="", Token="T", OpenKfId="wk1"))
        deliver(relaying)
        first, second = got
        assert "com.weixin.work.message.text" == first["type"]
        assert ("ZhangSan", "hi") == (first["subject"], first["data"]["Content"])
        assert "com.weixin.work.event.kf_msg_or_event" == second["type"]
        assert "subject" not in second


def rendered(message, type_, **fields):
    """Return a reply to a message, as XML."""
    common = {
        **{"ToUserName": message.source, "FromUserName": message.target},
        **{"CreateTime": 1, "MsgType": type_},
    }
    return write_xml({**common, **fields})


CARD = {"CardType": "text_notice", "MainTitle": {"Title": "done"}}
ARTICLE = {"Title": "t", "Description": "d", "Url": "https://a.example/", "PicUrl": ""}
TYPES = {
    "image": {"Image": {"MediaId": "m"}},
    "voice": {"Voice": {"MediaId": "m"}},
    "video": {"Video": {"MediaId": "m", "Title": "t"}},
    "news": {"ArticleCount": 2, "Articles": {"item": [ARTICLE, ARTICLE]}},
    "update_button": {"Button": {"ReplaceName": "done"}},
    "update_template_card": {"TemplateCard": CARD},
}


class TestReplies:
    def test_a_text(self, send, replies, service):
        replies()
        service.answer = lambda message: f"you said {message.content}"
        status, answer = send(text(content="你好"))
        fields = opened(answer)
        assert (200, "you said 你好") == (status, fields["Content"])
        assert ("ZhangSan", CORP) == (fields["ToUserName"], fields["FromUserName"])

    @pytest.mark.parametrize("type_", TYPES)
    def test_every_type_of_wecom(self, send, replies, service, type_):
        replies()
        service.answer = lambda message: rendered(message, type_, **TYPES[type_])
        fields = opened(send(text())[1])
        assert type_ == fields["MsgType"]
        (name,) = set(TYPES[type_]) - {"ArticleCount"}
        assert fields[name]

    @pytest.mark.parametrize(
        ("type_", "fields"),
        [
            ("music", {"Music": {"MusicUrl": "https://a.example/"}}),
            ("transfer_customer_service", {}),
            ("update_button", {"Button": {}}),
            ("update_template_card", {}),
        ],
    )
    def test_what_wecom_does_not_take(self, send, replies, service, type_, fields):
        replies()
        service.answer = lambda message: rendered(message, type_, **fields)
        assert SUCCESS == send(text())

    def test_the_answer_is_encrypted_for_the_receiver_of_the_push(
        self, send, settle, service
    ):
        settle(receive_ids=[SUITE], routes=[route_to(service, reply=True)])
        service.answer = lambda message: "hello"
        answer = send(text(), receive_id=SUITE)[1]
        assert "hello" == opened(answer, receive_id=SUITE)["Content"]

    def test_by_the_key_of_before(self, send, replies, service, settle):
        replies()
        settle(encoding_aes_key="B" * 43, previous_encoding_aes_key=AES_KEY)
        service.answer = lambda message: "hello"
        assert "hello" == opened(send(text())[1])["Content"]

    @pytest.mark.parametrize("is_sealed", [True, False])
    def test_a_robot_gets_json_in_small_letters(self, call, settle, is_sealed):
        stream = {"id": "s1", "finish": False, "content": "…"}
        reply = json.dumps({"msgtype": "stream", "stream": stream})
        with message_service.message_service(appid="") as service:
            service.take = lambda query, body: (
                200,
                _sealed_by_robot(reply) if is_sealed else reply.encode(),
            )
            settle(receive_ids=[""], routes=[route_to(service, reply=True)])
            push = sealed(robots_text(), receive_id="", as_json=True)
            status, answer = call(push)
        outer = json.loads(answer)
        assert ["encrypt", "msgsignature", "timestamp", "nonce"] == list(outer)
        parts = str(outer["timestamp"]), outer["nonce"], outer["encrypt"]
        assert outer["msgsignature"] == signature(TOKEN, *parts)
        found, receiver = decrypt(outer["encrypt"], key=key_of(AES_KEY))
        assert (200, "") == (status, receiver)
        assert {"msgtype": "stream", "stream": stream} == json.loads(found)

    @pytest.mark.parametrize(
        "reply",
        [
            b"<xml><MsgType>text</MsgType></xml>",
            b'{"msgtype": "music"}',
            b'{"msgtype": "stream"}',
            b'{"a": 1}',
            b"oops",
        ],
    )
    def test_what_a_robot_may_not_say(self, call, settle, reply):
        with message_service.message_service(appid="") as service:
            service.take = lambda query, body: (200, reply)
            settle(receive_ids=[""], routes=[route_to(service, reply=True)])
            assert SUCCESS == call(sealed(robots_text(), receive_id="", as_json=True))


def _sealed_by_robot(reply):
    key = key_of(message_service.AES_KEY)
    encrypted = encrypt(reply.encode(), key=key, receive_id="")
    signed = signature(message_service.TOKEN, "1", "n", encrypted)
    named = {"encrypt": encrypted, "msgsignature": signed, "timestamp": 1}
    return json.dumps({**named, "nonce": "n"}).encode()


SEND = "/cgi-bin/message/send"
MEMBER = SimpleNamespace(source="ZhangSan", target=CORP)
OK = {"errcode": 0, "errmsg": "ok"}


class TestLateReplies:
    @pytest.fixture
    def wecom(self, wechat):
        """WeCom takes every message."""
        token = {"access_token": "a-real-token", "expires_in": 7200, **OK}
        wechat.script("/cgi-bin/gettoken", token)
        wechat.script(SEND, OK)
        return wechat

    @pytest.fixture
    def late(self, relaying, wecom):
        """Send a reply that came late; return what came of its job."""

        def run(type_, **fields):
            reply = rendered(MEMBER, type_, **fields)
            app = relaying.registry.app(APP)
            passive = check_reply(reply, read_message(text().encode()), "wecom")
            if not relaying.late_replies.store(app, "j1", passive, seconds=60):
                return None
            deliver(relaying)
            found = relaying.push_store.fields(f"{INBOX}:jobs").values()
            dead = [json.loads(each) for each in found if each.startswith(b"{")]
            return [each["y"] for each in dead]

        return run

    def sent(self, wecom):
        return [each.content for each in wecom.calls(SEND)]

    def test_a_slow_service(self, in_threads, replies, service, wecom, send, settle):
        """WeCom gets `success`, and the member a message of the app."""
        replies(reply_within=0.5)
        service.answer = lambda message: time.sleep(0.8) or f"said {message.content}"
        assert SUCCESS == send(text())

        def is_sent():
            deliver(in_threads)
            return self.sent(wecom)

        eventually(is_sent)
        common = {"touser": "ZhangSan", "agentid": 1000002, "msgtype": "text"}
        assert [{**common, "text": {"content": "said hello"}}] == self.sent(wecom)
        (call,) = wecom.calls(SEND)
        assert {"access_token": "a-real-token"} == call.arguments

    def test_all_articles(self, late, wecom):
        assert [] == late("news", **TYPES["news"])
        article = {"title": "t", "description": "d", "url": "https://a.example/"}
        assert [article] * 2 == self.sent(wecom)[0]["news"]["articles"]

    @pytest.mark.parametrize("type_", ["update_button", "update_template_card"])
    def test_a_card_cannot_be_changed_later(self, late, wecom, type_):
        assert late(type_, **TYPES[type_]) is None
        assert [] == self.sent(wecom)

    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            ({**OK, "invaliduser": "ZhangSan"}, "invaliduser"),
            ({**OK, "unlicenseduser": "ZhangSan"}, "unlicenseduser"),
            ({"errcode": 81013, "errmsg": "all invalid"}, "errcode_81013"),
            (b"no JSON", "unknown"),
        ],
        ids=str,
    )
    def test_a_message_that_reaches_nobody(self, late, wecom, answer, reason):
        """Also where WeCom calls it a success."""
        if isinstance(answer, bytes):
            answer = Answer(200, (), answer)
        wecom.rescript(SEND, answer)
        assert [reason] == late("text", Content="hello")

    def test_a_secret_without_an_agentid_sends_none(self, relaying):
        made = App(f"{CORP}-kf", "wecom", corpid=CORP, name="kf")
        app = App(APP, "wecom", corpid=CORP, name="1000002")
        route = Route("r1", "demo", "https://a.example/", late_reply="customer_service")
        assert (False, True) == (sends_late(route, made), sends_late(route, app))
