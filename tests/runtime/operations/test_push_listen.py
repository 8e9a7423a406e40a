"""The verb `push listen`: testers' pushes for a developer, and nobody else's."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from runtime.gateway import Gateway
from runtime.operations import push_listen
from runtime.operations.refusals import OperationRefused, UnknownDocument
from runtime.operations.verbs import operation
from runtime.push.push_message import read_message
from runtime.push.receiving import Received
from runtime.push.routes import Matched
from runtime.registry.schema import InvalidDocument
from tests.support.pushes import text
from tests.support.scripted_wechat import SERVICE

SEND = "/cgi-bin/message/custom/send"

TESTER, USER = "o-tester", "o-user"


@pytest.fixture
def redis(redis_server):
    with redis_server.client() as client:
        yield client


@pytest.fixture
def real(gateway, settings, orders):
    """A gateway whose platform is WeChat itself."""
    return Gateway(replace(settings, wechat_api_url="https://api.weixin.qq.com"))


@pytest.fixture
def store(gateway, redis):
    """Store a text of a user; return its id."""

    def run(number, openid):
        message = read_message(text(number, openid=openid).encode())
        received = Received(message, "n", redis.time()[0], "s", b"k")
        return gateway.inbox.store(SERVICE, received, Matched()).entry

    return run


def messages(answer):
    return [read_message(each["message"].encode()) for each in answer["pushes"]]


def test_what_comes_after_the_beginning(do, real, store):
    """Of the testers that are named; what others have sent is passed over."""
    store(1, TESTER)
    since = do("push listen", on=real, appid=SERVICE, openids=[TESTER])["since"]
    named = {"appid": SERVICE, "openids": [TESTER, "o-2"]}
    assert [] == do("push listen", on=real, **named, since=since)["pushes"]
    store(2, USER)
    mine = store(3, TESTER)
    last = store(4, USER)
    answer = do("push listen", on=real, **named, since=since)

    assert ([mine], last) == (
        [each["push"] for each in answer["pushes"]],
        answer["since"],
    )
    assert [(TESTER, "3")] == [(m.openid, m.get("MsgId")) for m in messages(answer)]
    assert [] == do("push listen", on=real, **named, since=last)["pushes"]


def test_without_testers(do, gateway, real, settings, store):
    """All pushes come from the sandbox; from WeChat itself none."""
    with pytest.raises(OperationRefused) as refusal:
        do("push listen", on=real, appid=SERVICE)
    assert refusal.value.message.endswith("name the testers by --openid.")

    sandbox = Gateway(replace(settings, wechat_api_url="http://127.0.0.1:8001"))
    since = do("push listen", on=sandbox, appid=SERVICE)["since"]
    store(1, TESTER)
    store(2, USER)
    answer = do("push listen", on=sandbox, appid=SERVICE, since=since)
    assert [TESTER, USER] == [each.openid for each in messages(answer)]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8001", True),
        ("http://[::1]:8001", True),
        ("http://localhost:8001", True),
        ("https://api.weixin.qq.com", False),
        ("https://localhost.example.com", False),
        ("http://10.0.0.1:8001", False),
    ],
)
def test_where_the_sandbox_is(settings, url, expected):
    """On this machine, where WeChat never is."""
    from runtime.operations.simulated import is_simulated

    gateway = Gateway(replace(settings, wechat_api_url=url))
    assert expected is is_simulated(gateway)


def test_it_waits_for_what_comes(do, real, store):
    """And returns at once when it has come."""
    named = {"appid": SERVICE, "openids": [TESTER]}
    since = do("push listen", on=real, **named)["since"]
    late = threading.Timer(0.7, store, (1, TESTER))
    late.start()
    answer = do("push listen", on=real, **named, since=since, wait=20.0)
    late.join()

    assert 1 == len(answer["pushes"])


def test_it_ends_although_others_write_on_and_on(real, store):
    """The time is over, however much comes of others; the next call goes on there."""
    since = push_listen.listen(real, {"appid": SERVICE, "openids": [TESTER]})["since"]
    now = [0.0]

    def clock():  # which stores one push of another user with each look
        now[0] += 1
        store(round(now[0]), USER)
        return now[0]

    arguments = {"appid": SERVICE, "openids": [TESTER], "since": since, "wait": 5.0}
    answer = push_listen.listen(real, arguments, sleep=pytest.fail, clock=clock)

    assert ([], True) == (answer["pushes"], answer["since"] > since)


def reply(content="hi", *, to=TESTER, kind="text"):
    return (
        f"<xml><ToUserName>{to}</ToUserName><FromUserName>gh_1</FromUserName>"
        f"<MsgType>{kind}</MsgType><Content>{content}</Content></xml>"
    )


@pytest.fixture
def sandbox(gateway, settings, orders, wechat):
    """A gateway whose platform is the sandbox, of which a token is had."""
    local = "http://127.0.0.1:8001"
    token = {"access_token": "75_x", "expires_in": 7200}
    wechat.script("/cgi-bin/stable_token", token)

    def transport(method, url, **more):
        return wechat(method, url.replace(local, settings.wechat_api_url), **more)

    return Gateway(replace(settings, wechat_api_url=local), transport=transport)


def test_replies_of_a_developers_machine(do, sandbox, store, wechat):
    """To the user as a customer-service message; what is wrong is told of each."""
    wechat.script(SEND, {"errcode": 0}, {"errcode": 45015, "errmsg": "late"})
    first, second, third = store(1, TESTER), store(2, TESTER), store(3, TESTER)
    replies = {
        first: reply(),
        second: reply("bye"),
        third: reply(to="o-another"),
        "1-0": reply(),
    }
    answer = do("push listen", on=sandbox, appid=SERVICE, replies=replies)

    assert answer["replied"] == {
        first: "",
        second: "errcode_45015",
        third: "addressee",
        "1-0": "ended",
    }
    sent = [each.content for each in wechat.seen if each.path == SEND]
    assert [(TESTER, "hi"), (TESTER, "bye")] == [
        (each["touser"], each["text"]["content"]) for each in sent
    ]


def test_replies_to_users_of_the_platform_itself(do, real, store):
    """None is sent from a developer's machine, not even to a tester."""
    entry = store(1, TESTER)
    with pytest.raises(OperationRefused) as refusal:
        do(
            "push listen",
            on=real,
            appid=SERVICE,
            openids=[TESTER],
            replies={entry: reply()},
        )

    assert refusal.value.message.endswith("leave --reply out.")


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"replies": ["x"]}, "replies"),
        ({"replies": {"x": "y"}}, "replies"),
        ({"replies": {"1-0": 1}}, "replies"),
        ({"openids": [f"o-{n}" for n in range(21)]}, "openids"),
        ({"openids": "o-tester"}, "openids"),
        ({"openids": ["a b"]}, "openids"),
        ({"since": "x"}, "since"),
        ({"wait": 26}, "wait"),
        ({"later": 1}, "later"),
    ],
)
def test_an_argument_at_fault_is_named(do, real, arguments, field):
    """Its value is not repeated: it may be an openid."""
    with pytest.raises(InvalidDocument) as refusal:
        do("push listen", on=real, appid=SERVICE, **arguments)

    assert field == refusal.value.field
    assert "o-" not in refusal.value.message


def test_an_unknown_app(do, real):
    """A typing error would wait for ever."""
    with pytest.raises(UnknownDocument, match="There is no apps/wx0: app list"):
        do("push listen", on=real, appid="wx0", openids=[TESTER])


def test_it_is_logged():
    """Since it shows what testers write."""
    assert operation("push", "listen").changes
