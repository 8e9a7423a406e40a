"""`push listen` on a developer's machine: a service of wechatpy gets what comes."""

from __future__ import annotations

import json
import os

import pytest
import wechatpy
from wechatpy.crypto import WeChatCrypto
from wechatpy.replies import TextReply
from wechatpy.utils import check_signature

from management.failure import Failure
from management.push_listening import MOST_FAILURES, Forwarder, listen
from tests.management.conftest import APPID
from tests.support import wecom_pushes
from tests.support.push_callback import serve_callback
from tests.support.pushes import OPENID, event, text

TOKEN, KEY = "myToken", "K" * 43


@pytest.fixture
def service():
    with serve_callback() as callback:
        yield callback


def _named(message):
    return message if isinstance(message, dict) else {"message": message}


class Gateway:
    """Answers as the verb does: a list of pushes with each call after the first."""

    def __init__(self, *comes):
        self.comes = list(comes)
        self.calls = []
        self.now = 0.0

    def __call__(self, arguments):
        self.calls.append(arguments)
        if len(self.calls) == 1:
            return {"since": "1-0", "pushes": []}
        self.now += arguments["wait"] or 1.0
        found = self.comes.pop(0) if self.comes else []
        if isinstance(found, Exception):
            raise found
        replied = dict.fromkeys(arguments.get("replies", {}), "")
        pushes = [
            {"push": f"{len(self.calls)}-{number}", **_named(message)}
            for number, message in enumerate(found)
        ]
        since = f"{len(self.calls)}-9"
        return {"since": since, "pushes": pushes, "replied": replied}

    def listen(self, forwarder, *, seconds=90.0, **more):
        self.told, slept = [], []
        done = listen(
            self,
            {"appid": APPID, "openids": [OPENID]},
            forwarder,
            tell=self.told.append,
            seconds=seconds,
            clock=lambda: self.now,
            sleep=slept.append,
            **more,
        )
        return done


def test_a_service_in_plain_mode(service):
    """It is signed with a token that is made and told; the message is as it came."""
    gateway = Gateway([text(1)], [], [event("subscribe")])
    done = gateway.listen(Forwarder(service.url, appid=APPID))

    assert {"forwarded": 2} == done
    settings, first, second = gateway.told
    assert ("plain", service.url) == (settings["mode"], settings["url"])
    for delivery in service.deliveries:
        query = delivery.query
        check_signature(
            settings["token"], query["signature"], query["timestamp"], query["nonce"]
        )
    assert [text(1), event("subscribe")] == [
        each.body.decode() for each in service.deliveries
    ]
    assert ["text: status 200", "event subscribe: status 200"] == [
        *first.values(),
        *second.values(),
    ]
    assert OPENID not in json.dumps(gateway.told)


def test_a_service_in_safe_mode(service):
    """With its own token and AES key; its reply is read, and told by its type."""
    crypto = WeChatCrypto(TOKEN, KEY, APPID)

    def answer(delivery):
        query = delivery.query
        opened = crypto.decrypt_message(
            delivery.body, query["msg_signature"], query["timestamp"], query["nonce"]
        )
        reply = TextReply(content="hi", message=wechatpy.parse_message(opened))
        sealed = crypto.encrypt_message(
            reply.render(), query["nonce"], query["timestamp"]
        )
        return 200, sealed.encode()

    service.answer = answer
    gateway = Gateway([text(1)])
    gateway.listen(Forwarder(service.url, appid=APPID, token=TOKEN, aes_key=KEY))

    settings, line = gateway.told
    assert "safe" == settings["mode"]
    assert TOKEN not in str(settings)
    assert ["text: status 200, reply: text"] == list(line.values())
    assert all("replies" not in each for each in gateway.calls)


def test_a_push_of_wecom(service):
    """It is encrypted for the corpid, and comes as WeCom sends it."""
    crypto = WeChatCrypto(TOKEN, KEY, wecom_pushes.CORP)

    def answer(delivery):
        query = delivery.query
        opened = crypto.decrypt_message(
            delivery.body, query["msg_signature"], query["timestamp"], query["nonce"]
        )
        reply = TextReply(content="hi", message=wechatpy.parse_message(opened))
        return 200, crypto.encrypt_message(reply.render(), query["nonce"]).encode()

    service.answer = answer
    push = {"message": wecom_pushes.text(), "receive_id": wecom_pushes.CORP}
    gateway = Gateway([push])
    appid = wecom_pushes.APP
    gateway.listen(Forwarder(service.url, appid=appid, token=TOKEN, aes_key=KEY))
    (delivery,) = service.deliveries
    assert {"msg_signature", "timestamp", "nonce", "a"} == set(delivery.query)
    _, line = gateway.told
    assert ["text: status 200, reply: text"] == list(line.values())
    assert "ZhangSan" not in json.dumps(gateway.told)


def test_replies_are_handed_back(service):
    """With the next call, which does not wait; and what came of them is told."""
    reply = (
        f"<xml><ToUserName>{OPENID}</ToUserName><FromUserName>gh_1</FromUserName>"
        "<MsgType>text</MsgType><Content>hi</Content></xml>"
    )
    service.answer = lambda delivery: (200, reply.encode())
    gateway = Gateway([text(1)])
    gateway.listen(Forwarder(service.url, appid=APPID), replies=True)

    assert [None, {"2-0": reply}, None, None, None] == [
        each.get("replies") for each in gateway.calls[1:]
    ]
    assert 0.0 == gateway.calls[2]["wait"]
    assert [{"2-0": "text: status 200, reply: text"}, {"2-0": "reply sent"}] == (
        gateway.told[1:]
    )


def test_it_goes_on_from_where_it_was(service):
    """With as long a wait as there is time, and at most 25 seconds."""
    gateway = Gateway()
    gateway.listen(Forwarder(service.url, appid=APPID), seconds=60.0)

    assert [None, "1-0", "2-9", "3-9"] == [each.get("since") for each in gateway.calls]
    assert [25.0, 25.0, 10.0] == [each["wait"] for each in gateway.calls[1:]]


def test_what_the_service_does_wrong_is_told(service):
    """And the next push is forwarded all the same."""
    answers = iter([(500, b""), (200, b"hello"), (200, b"success")])
    service.answer = lambda delivery: next(answers)
    gateway = Gateway([text(1), text(2), text(3)])
    gateway.listen(Forwarder(service.url, appid=APPID))

    assert [
        "text: status 500",
        "text: status 200, reply refused: unreadable",
        "text: status 200",
    ] == [value for each in gateway.told[1:] for value in each.values()]


def test_a_gateway_that_is_away_for_a_moment(service):
    """It asks again from where it was, and gives up in the end."""
    gateway = Gateway(Failure("away"), [text(1)])
    gateway.listen(Forwarder(service.url, appid=APPID))
    assert ["1-0", "1-0"] == [each["since"] for each in gateway.calls[1:3]]
    assert 1 == len(service.deliveries)

    gateway = Gateway(*[Failure("away")] * MOST_FAILURES)
    with pytest.raises(Failure, match="away"):
        gateway.listen(Forwarder(service.url, appid=APPID), seconds=1e9)


@pytest.mark.parametrize(
    "url",
    [
        "http://1.2.3.4/wx",
        "https://1.2.3.4/wx",
        "http://169.254.169.254/",
        "ftp://127.0.0.1/",
        "127.0.0.1:8090",
        "http://127.0.0.1:99999/",
    ],
)
def test_only_to_this_machine(url):
    """What testers write goes nowhere else."""
    with pytest.raises(Failure, match="--forward-to is a"):
        Forwarder(url, appid=APPID)


def test_at_the_command_line(manage, app, service):
    """It ends with the time that it is told, and says how much it has forwarded."""
    words = f"push listen {APPID} --forward-to {service.url} --openid o1 --seconds 1"
    done = manage(words)

    assert (0, "") == (done.code, done.errors)
    assert "plain" in done.output
    assert done.output.splitlines()[-1].split() == ["forwarded", "0"]
    refused = manage(f"push listen {APPID} --forward-to http://1.2.3.4/ --openid o1")
    assert (1, "manage.py: --forward-to is a URL of this machine.\n") == (
        refused.code,
        refused.errors,
    )


def test_all_users_of_the_platform_itself(manage, app, service):
    """They are not for a developer's machine."""
    os.environ["WECHAT_API_URL"] = "https://api.weixin.qq.com"
    done = manage(f"push listen {APPID} --forward-to {service.url} --seconds 1")

    assert (1, True) == (done.code, "name the testers by --openid" in done.errors)
