"""Pushes whose query is forged, documents that are away, and clocks that step."""

from __future__ import annotations

import time
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

import pytest

from functions.deliver.index import deliver
from runtime.gateway import Gateway
from tests.runtime.documents.document_stores import oss, use_keys
from tests.support.message_service import message_service, next_nonce, route_to
from tests.support.oss_server import BUCKET
from tests.support.pushes import AES_KEY, OPENID, TOKEN, plain, safe, stored, text
from tests.support.scripted_wechat import APP_SECRET, SERVICE
from tests.support.waited import let_pass

SUCCESS, AWAY = (200, "success"), (503, "503")
STRANGER = "o" + "X" * 27
MONTH = 30 * 86400.0


@pytest.fixture
def copied():
    with message_service() as made:
        yield made


@pytest.mark.case(182)
@pytest.mark.parametrize("make", [safe, plain], ids=["safe", "plain"])
def test_a_forged_openid_of_the_query(make, settle, push, relaying, service, copied):
    """The message's own decides: which route fits, what is relayed, who is answered."""
    queries = []
    take = service.take
    service.take = lambda query, body: queries.append(query) or take(query, body)
    service.answer = lambda message: f"for {message.source}"
    settle(
        encoding_aes_key=AES_KEY if make is safe else "",
        routes=[
            route_to(
                copied, "vip", reply=True, stop=True, match={"openid": [STRANGER]}
            ),
            route_to(service, "all", reply=True),
        ],
    )
    query, body = make(text(), openid=STRANGER)
    status, answer = push((query, body), by=relaying)

    assert (200, []) == (status, copied.messages)
    assert [OPENID] == [each["openid"] for each in queries]
    assert STRANGER not in answer
    if make is plain:
        assert f"<ToUserName><![CDATA[{OPENID}]]></ToUserName>" in answer


@pytest.mark.case(182)
def test_what_the_query_says_twice(push, redis):
    """Two readers could take different ones, so nobody takes any."""
    query, body = safe(text())
    for name, value in parse_qsl(query):
        again = urlencode({name: value})
        assert (400, "400") == push((f"{query}&{again}", body))
    assert not redis.keys("gateway:push:*")


@pytest.mark.case(184)
def test_a_bucket_that_is_away(settings, clock, push, redis, monkeypatch):
    """A process that knows the app goes on; one that knows nothing refuses nobody.

    It acknowledges nothing either: WeChat sends the push again.
    """
    use_keys(monkeypatch)
    clock.now = time.time()
    with oss(monkeypatch) as server:
        bucket = {
            "config_url": f"s3://{BUCKET}/wechat/config",
            "s3_endpoint_url": server.endpoint,
        }
        in_bucket = replace(settings, **bucket)
        knows = Gateway(in_bucket, clock=clock)
        content = {"kind": "service", "secret": APP_SECRET}
        content |= {"token": TOKEN, "encoding_aes_key": AES_KEY}
        knows.documents.write("apps", SERVICE, content, after=0)
        assert SUCCESS == push(safe(text(1)), by=knows)
    assert SUCCESS == push(safe(text(2)), by=knows)
    started = Gateway(in_bucket, clock=clock)
    assert SUCCESS == push(safe(text(3)), by=started)  # by Redis' copy
    assert [text(1), text(2), text(3)] == stored(redis, settings)

    redis.flushall()
    knows_nothing = Gateway(in_bucket, clock=clock)
    assert AWAY == push(safe(text(4)), by=knows_nothing)
    assert AWAY == push(safe(text(4), token="wrong"), by=knows_nothing)
    assert not redis.keys("gateway:push:*")


@pytest.mark.case(185)
@pytest.mark.parametrize("step", [-MONTH, -3600.0, 3600.0, MONTH])
def test_a_step_of_the_gateways_clock(step, settle, push, relaying, service, clock):
    """It decides of no push: the next one is taken and answered like the last."""
    service.answer = lambda message: message.content
    settle(routes=[route_to(service, reply=True)])
    assert "Encrypt" in push(safe(text(1)), by=relaying)[1]
    clock.now += step
    assert "Encrypt" in push(safe(text(2)), by=relaying)[1]
    late = safe(text(3), at=time.time() - 301)
    assert (403, "403") == push(late, by=relaying)
    early = safe(text(3), at=time.time() + 301)
    assert (403, "403") == push(early, by=relaying)
    assert SUCCESS != push(safe(text(1), nonce="again"), by=relaying)

    assert [1, 2] == [each.id for each in service.messages]


@pytest.mark.case(185)
@pytest.mark.parametrize("step", [-MONTH, -3600.0, 60.0, 6 * 3600.0])
def test_a_step_of_redis_clock(step, settle, push, relaying, service, copied, redis):
    """What was stored before is delivered, and the service is asked nothing twice.

    Nobody can set Redis' clock here: what is stored moves the other way.
    """
    settle(
        routes=[
            route_to(service, "bot", reply=True),
            route_to(copied, "copy"),
        ]
    )
    copied.answer = lambda message: 500
    for number in range(1, 6):
        assert SUCCESS == push(safe(text(number), nonce=next_nonce()), by=relaying)
    assert 3 == deliver(relaying)["failed"]  # which pauses the target
    copied.answer = lambda message: None
    let_pass(redis, step)
    for _ in range(12):  # a pause may last as much longer as the clock went back
        deliver(relaying, most_seconds=2)
        let_pass(redis, 400)

    assert {1, 2, 3, 4, 5} == {each.id for each in copied.messages}
    assert [1, 2, 3, 4, 5] == [each.id for each in service.messages]
    assert [] == relaying.dead_letters.list(SERVICE)


BOMBS = {
    "entities": b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><xml>&b;</xml>',
    "a file": b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><xml><a>1</a></xml>',
    "depth": b"<a>" * 10_000,
    "JSON": b'{"a":' * 9000,
    "a number": b'{"a":' + b"9" * 40_000 + b"}",
    "large": b"<xml><a>" + b"a" * 66_000 + b"</a></xml>",
    "no UTF-8": b"<xml><a>\xff</a></xml>",
}


@pytest.mark.case(181)
@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_bomb_as_a_services_answer(bomb, settle, push, relaying, service):
    """WeChat gets `success`, and the next answer of the service counts."""
    settle(routes=[route_to(service, reply=True)])
    service.answer = lambda message: bomb if message.id == 1 else "well"
    began = time.process_time()
    assert SUCCESS == push(safe(text(1)), by=relaying)
    assert "Encrypt" in push(safe(text(2)), by=relaying)[1]
    assert time.process_time() - began < 5
