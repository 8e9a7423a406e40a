"""Late replies: the customer-service message that says the same, sent once."""

from __future__ import annotations

import json

import pytest

from runtime.crypto.envelope import Envelope
from runtime.errors import (
    AnswerTooLarge,
    ApiRefused,
    OutcomeUnknown,
    RateLimited,
    WeChatRefused,
    WeChatTimeout,
    WeChatUnreachable,
)
from runtime.push.dead_letters import DeadLetters
from runtime.push.deliveries import Deliveries
from runtime.push.late_reply import (
    EVENT_SECONDS,
    MESSAGE,
    MESSAGE_SECONDS,
    REQUEST,
    LateReplies,
    message_of,
    seconds_for,
    sends_late,
)
from runtime.push.passive_replies import Reply
from runtime.push.push_message import read_message
from runtime.push.relay import Undelivered
from runtime.registry.models import App
from runtime.registry.routes import Route
from runtime.state.redis_store import RedisStore
from runtime.upstream.answer import Answer
from tests.support.pushes import INBOX, event, text

APPID, USER, PUSH = "wx" + "a" * 16, "o" + "B" * 27, f"wx{'a' * 16}/1-0/r1"
ACCOUNT = App(APPID, "service", "secret")
OK = Answer(200, (), b'{"errcode":0,"errmsg":"ok"}')


def reply(inner):
    head = f"<ToUserName>{USER}</ToUserName><FromUserName>gh_1</FromUserName>"
    return Reply(f"<xml>{head}{inner}</xml>".encode(), False)


def of_type(kind, inner):
    return reply(f"<MsgType>{kind}</MsgType>{inner}")


TEXT = of_type("text", "<Content>你好</Content>")
ITEM = "<item><Title>{0}</Title><Description>d</Description><Url>u</Url></item>"
PAGE = (
    "<Title>t</Title><AppId>wx1</AppId><PagePath>p</PagePath>"
    "<ThumbMediaId>m</ThumbMediaId>"
)
MUSIC = "<Music><Title>t</Title>{}</Music>"


@pytest.mark.parametrize(
    ("kind", "inner", "expected"),
    [
        ("text", "<Content>你好</Content>", {"content": "你好"}),
        ("image", "<Image><MediaId>m</MediaId></Image>", {"media_id": "m"}),
        ("voice", "<Voice><MediaId>m</MediaId></Voice>", {"media_id": "m"}),
        (
            "video",
            "<Video><MediaId>m</MediaId><Title>t</Title><Description></Description>"
            "</Video>",
            {"media_id": "m", "title": "t"},
        ),
        (
            "music",
            MUSIC.format("<MusicUrl>a</MusicUrl><ThumbMediaId>m</ThumbMediaId>"),
            {"title": "t", "musicurl": "a", "hqmusicurl": "a", "thumb_media_id": "m"},
        ),
        (
            "music",
            MUSIC.format("<HQMusicUrl>b</HQMusicUrl>"),
            {"title": "t", "musicurl": "b", "hqmusicurl": "b"},
        ),
        (
            "news",
            f"<Articles>{ITEM.format('1')}{ITEM.format('2')}</Articles>",
            {"articles": [{"title": "1", "description": "d", "url": "u"}]},
        ),
        (
            "miniprogrampage",
            PAGE,
            {"title": "t", "appid": "wx1", "pagepath": "p", "thumb_media_id": "m"},
        ),
    ],
)
def test_a_reply_as_a_message(kind, inner, expected):
    found = message_of(of_type(kind, inner), sender="account")
    assert {"touser": USER, "msgtype": kind, kind: expected} == found


def test_what_no_message_says():
    """To hand the user over is WeChat's answer alone."""
    transfer = of_type("transfer_customer_service", "")
    assert message_of(transfer, sender="account") is None
    voice = of_type("voice", "<Voice><MediaId>m</MediaId></Voice>")
    assert message_of(voice, sender="miniprogram") is None


def test_a_mini_program_sends_its_own_pages():
    found = message_of(of_type("miniprogrampage", PAGE), sender="miniprogram")
    expected = {"title": "t", "pagepath": "p", "thumb_media_id": "m"}
    assert expected == found["miniprogrampage"]


@pytest.mark.parametrize(
    ("kind", "setting", "expected"),
    [
        ("service", "", True),
        ("miniprogram", "", True),
        ("subscription", "", False),
        ("subscription", "customer_service", True),
        ("service", "off", False),
    ],
)
def test_whose_replies_are_sent_late(kind, setting, expected):
    route = Route("r1", "demo", "https://demo.example.com/", late_reply=setting)
    assert expected == sends_late(route, App(APPID, kind, "secret"))


def test_how_late():
    assert EVENT_SECONDS == seconds_for(read_message(event("CLICK").encode()))
    assert MESSAGE_SECONDS == seconds_for(read_message(text().encode()))


class WeChat:
    """Answers of WeChat in their order, an exception is raised."""

    def __init__(self):
        self.sent = []
        self.answers = [OK]

    def send(self, app, body):
        self.sent.append((app, json.loads(body)))
        answer = self.answers[min(len(self.sent), len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def redis(redis_server):
    with redis_server.client() as client:
        yield client


@pytest.fixture
def deliveries(redis, settings):
    store = RedisStore(lambda: redis)
    return Deliveries(store, Envelope(settings.master_keys))


@pytest.fixture
def wechat():
    return WeChat()


@pytest.fixture
def late(redis, deliveries, wechat):
    store = RedisStore(lambda: redis)
    return LateReplies(store, deliveries, wechat.send)


def claim(deliveries):
    claimed = deliveries.claim(f"{APPID}/late_reply")
    return claimed.jobs[0] if claimed else None


def test_a_message_is_sent(late, deliveries, wechat, redis):
    """What it says is readable by nobody in Redis."""
    assert late.store(ACCOUNT, PUSH, TEXT, seconds=30)
    for key in redis.scan_iter(f"{INBOX}*"):
        assert USER.encode() not in redis.dump(key)
    late.deliver(ACCOUNT, claim(deliveries))
    content = {"touser": USER, "msgtype": "text", "text": {"content": "你好"}}
    assert [(ACCOUNT, content)] == wechat.sent


def test_nothing_is_stored_that_no_message_says(late, deliveries):
    transfer = of_type("transfer_customer_service", "")
    assert not late.store(ACCOUNT, PUSH, transfer, seconds=30)
    assert claim(deliveries) is None


def test_either_the_request_or_the_message(late, deliveries, wechat):
    """Whichever says so first, and it may say so again."""
    assert late.carried_by(PUSH, REQUEST)
    assert late.carried_by(PUSH, REQUEST)
    late.store(ACCOUNT, PUSH, TEXT, seconds=30)
    late.deliver(ACCOUNT, claim(deliveries))
    assert [] == wechat.sent
    other = PUSH.replace("1-0", "2-0")
    assert late.carried_by(other, MESSAGE)
    assert not late.carried_by(other, REQUEST)


def failed(late, job):
    with pytest.raises(Undelivered) as raised:
        late.deliver(ACCOUNT, job)
    fault = raised.value
    assert fault.spares
    return fault.reason, fault.ends


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(200, (), b'{"errcode":45015}'), ("errcode_45015", True)),
        (Answer(200, (), b'{"errcode":45047}'), ("errcode_45047", True)),
        (Answer(200, (), b'{"errcode":48001}'), ("errcode_48001", True)),
        (Answer(200, (), b'{"errcode":-1}'), ("errcode_-1", True)),
        (Answer(502, (), b"<html>"), ("status_502", True)),
        (OutcomeUnknown(), ("unknown", True)),
        (AnswerTooLarge(), ("unknown", True)),
        (ApiRefused(40001, "token_shown"), ("token_shown", True)),
        (WeChatTimeout(), ("wechat_away", False)),
        (WeChatUnreachable(), ("wechat_away", False)),
        (RateLimited(1.0), ("wechat_away", False)),
        (WeChatRefused(40125, "invalid appsecret"), ("wechat_away", False)),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else type(value).__name__,
)
def test_what_wechat_says_against_it(answer, expected, late, deliveries, wechat):
    """Only what was not sent for certain is tried again: there was no token, or no way.

    `Calls.send` says so itself where the message may have been sent.
    """
    wechat.answers = [answer]
    late.store(ACCOUNT, PUSH, TEXT, seconds=30)
    assert expected == failed(late, claim(deliveries))


def test_a_message_that_is_too_late(late, deliveries, wechat):
    late.store(ACCOUNT, PUSH, TEXT, seconds=-1)
    assert ("too_late", True) == failed(late, claim(deliveries))
    assert [] == wechat.sent


def test_a_dead_letter_is_sent_when_an_operator_wants_it(
    late, deliveries, wechat, redis
):
    """However late, for it begins anew."""
    late.store(ACCOUNT, PUSH, TEXT, seconds=5)
    claimed = deliveries.claim(f"{APPID}/late_reply")
    (job,) = claimed.jobs
    old = type(job)(**{**as_dict(job), "began": job.began - 6})
    assert ("too_late", True) == failed(late, old)
    deliveries.fail(claimed, job, "too_late", ends=True, spares=True)
    deliveries.release(claimed)
    assert DeadLetters(RedisStore(lambda: redis)).replay(job.id)
    late.deliver(ACCOUNT, claim(deliveries))
    assert 1 == len(wechat.sent)


def test_a_message_that_fails_delays_no_other_one(late, deliveries, wechat):
    """The account is not paused as a service would be."""
    for number in range(5):
        push = f"{APPID}/{number + 2}-0/r1"
        late.store(ACCOUNT, push, TEXT, seconds=30)
    claimed = deliveries.claim(f"{APPID}/late_reply")
    for job in claimed.jobs:
        deliveries.fail(claimed, job, "errcode_45015", ends=True, spares=True)
    deliveries.release(claimed)
    late.store(ACCOUNT, PUSH, TEXT, seconds=30)
    assert claim(deliveries)


def test_who_asks_again_gets_another_message(late, deliveries, wechat):
    """An operator has replayed the push, and its first reply is a dead letter."""
    for number in range(2):
        late.store(ACCOUNT, PUSH, TEXT, seconds=30)
        claimed = deliveries.claim(f"{APPID}/late_reply")
        (job,) = claimed.jobs
        late.deliver(ACCOUNT, job)
        deliveries.fail(claimed, job, "errcode_45047", ends=True, spares=True)
        deliveries.release(claimed)
        assert number + 1 == len(wechat.sent)


def as_dict(job):
    return {name: getattr(job, name) for name in job.__slots__}
