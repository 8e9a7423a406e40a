"""The callback URL: `success` to what is stored, a bare refusal to anything else."""

from __future__ import annotations

import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import parse_qsl

import pytest

from functions.wechat_event.index import handler
from runtime.gateway import Gateway
from tests.support.fc_calls import call_event, call_wsgi, make_environ_fc, make_event_fc
from tests.support.local_hosts import eventually
from tests.support.pushes import (
    AES_KEY,
    OPENID,
    check,
    event,
    plain,
    safe,
    sizes,
    stored,
    text,
)
from tests.support.relay import Relay
from tests.support.scripted_wechat import SERVICE, WEBSITE

SUCCESS = (200, "success")
REFUSED = (403, "403")
OTHER_KEY = "C" * 43


def counts(gateway, clock, redis):
    """Return the counts of today by outcome."""
    clock.now += 2  # counts are written once a second
    gateway.counters.add("demo", SERVICE, f"/{clock.now}", errcode=0)
    eventually(lambda: gateway.counters.today("demo", SERVICE, f"/{clock.now}"))
    found = {}
    for key in redis.scan_iter("gateway:calls:{????????}"):
        for field, number in redis.hgetall(key).items():
            client, _, path, _ = field.decode().split("|")
            if client == "-":
                found[path] = int(number)
    return found


def test_the_check_of_the_url_needs_only_the_document(settings, settle, push, clock):
    """The echostr comes back bare, though Redis is away."""
    away = replace(settings, redis_url="redis://127.0.0.1:1/0")
    alone = Gateway(away, clock=clock)

    assert (200, "5837") == push((check(), b""), method="GET", by=alone)
    assert REFUSED == push((check(token="wrong"), b""), method="GET", by=alone)
    late = check(at=time.time() - 301)
    assert REFUSED == push((late, b""), method="GET", by=alone)


@pytest.mark.case(158)
@pytest.mark.parametrize("make", [safe, plain], ids=["safe", "plain"])
def test_a_push_is_stored_before_success(make, settle, push, redis, settings):
    """As it came, sealed; no body and no openid is readable in Redis."""
    settle(encoding_aes_key=AES_KEY if make is safe else "")

    assert SUCCESS == push(make(text(content="geheim")))
    assert [text(content="geheim")] == stored(redis, settings)
    for key in redis.scan_iter("gateway:push:*"):
        assert OPENID.encode() not in key
        assert redis.ttl(key) > 0
        assert redis.type(key) == b"zset" or b"geheim" not in redis.dump(key)
        assert OPENID.encode() not in redis.dump(key)


def test_both_forms_of_a_call(gateway, settle, redis, settings):
    """With and without the mount, on FC 2.0 and 3.0."""
    for number, path in enumerate([f"/wechat_event/{SERVICE}", f"/{SERVICE}"]):
        query, body = safe(text(number))
        more = {"method": "POST", "path": path, "body": body}
        environ = make_environ_fc(**more, query=query)
        status, _, answer = call_wsgi(handler.with_gateway(gateway), environ)
        assert (200, b"success") == (status, answer)
        query, body = safe(text(number + 2))
        more = {"method": "POST", "path": path, "body": body}
        called = make_event_fc(**more, parameters=parse_qsl(query))
        status, _, answer = call_event(handler.with_gateway(gateway), called)
        assert (200, b"success") == (status, answer)

    assert [text(each) for each in (0, 2, 1, 3)] == stored(redis, settings)


def test_json_and_compat_mode(settle, push, redis, settings):
    """Of compat mode's two messages the encrypted one counts."""
    said = json.dumps({"MsgType": "text", "FromUserName": OPENID, "Content": "嗨"})
    query, body = safe(text())
    forged = body.replace(b"<Encrypt>", b"<Content>forged</Content><Encrypt>")

    assert SUCCESS == push(safe(said))
    assert SUCCESS == push((query, forged))
    assert [said, text()] == stored(redis, settings)


@pytest.mark.case(154)
def test_a_push_that_comes_again_is_stored_once(gateway, clock, push, redis, settings):
    """Each delivery has a signature of its own; the message is the same."""
    with ThreadPoolExecutor(8) as pool:
        made = [safe(text(), nonce=str(number)) for number in range(16)]
        answers = set(pool.map(push, made))

    assert {SUCCESS} == answers
    assert [text()] == stored(redis, settings)
    seen = counts(gateway, clock, redis)
    assert (1, 15) == (seen["/wechat_event/stored"], seen["/wechat_event/equal"])


# Made in the test: a push that is older than five minutes is refused for its age.
REFUSALS = {
    "signature": lambda: safe(text(), token="wrong"),
    "key": lambda: safe(text(), aes_key=OTHER_KEY),
    "receive_id": lambda: safe(text(), appid=WEBSITE),
    "not_encrypted": lambda: plain(text()),
}


@pytest.mark.case(153)
@pytest.mark.parametrize("reason", REFUSALS)
def test_why_it_is_refused_stands_in_log_and_count(
    reason, gateway, clock, push, redis, caplog
):
    """The caller learns that it is refused, and no more."""
    caplog.set_level(logging.INFO)

    assert REFUSED == push(REFUSALS[reason]())
    assert f"{SERVICE}: refused, {reason}" in caplog.text
    assert {f"/wechat_event/{reason}": 1} == counts(gateway, clock, redis)
    assert not redis.keys("gateway:push:*")
    assert OPENID not in caplog.text


@pytest.mark.case(154)
@pytest.mark.parametrize("seconds", [-302, 302])
def test_a_push_of_another_time_by_redis_clock(
    seconds, gateway, push, redis, clock, caplog
):
    """The process' own clock does not matter."""
    clock.now += seconds
    assert SUCCESS == push(safe(text(1)))
    assert REFUSED == push(safe(text(2), at=time.time() + seconds))
    assert "refused, age" in caplog.text
    assert 1 == redis.xlen(f"gateway:push:{{inbox}}:stream:{SERVICE}")


@pytest.mark.case(154)
def test_a_plain_signature_covers_one_message(settle, push, redis, settings, caplog):
    """WeChat signs no plain body: who saw one push must not send another."""
    settle(encoding_aes_key="")
    at = time.time()

    assert SUCCESS == push(plain(text(1), at=at))
    assert REFUSED == push(plain(text(2), at=at))
    assert "refused, replayed" in caplog.text
    assert SUCCESS == push(plain(text(1), at=at))
    assert SUCCESS == push(plain(text(2), at=at, nonce="other"))
    assert [text(1), text(2)] == stored(redis, settings)


def test_former_secrets_are_accepted_until_they_are_cleared(settle, push):
    """Both at once too, as either may change first in WeChat's console."""
    settle(
        token="newToken",
        encoding_aes_key=OTHER_KEY,
        previous_token="pushToken",
        previous_encoding_aes_key=AES_KEY,
    )
    for number, more in enumerate(
        [{}, {"token": "newToken"}, {"token": "newToken", "aes_key": OTHER_KEY}]
    ):
        assert SUCCESS == push(safe(text(number), **more))
    assert (200, "5837") == push((check(), b""), method="GET")

    settle(previous_token="", previous_encoding_aes_key="")
    assert REFUSED == push(safe(text(7)))
    assert REFUSED == push(safe(text(8), token="newToken"))


@pytest.mark.case(156)
@pytest.mark.parametrize("appid", [WEBSITE, "wx" + "9" * 16, "gh_1", "..", ""])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_app_without_pushes_tells_nothing(appid, method, push, redis):
    """Unknown, of another kind, or without a token."""
    assert (404, "404") == push(safe(text()), appid=appid, method=method)
    assert not redis.keys("gateway:push:*")


def test_a_component_is_not_answered_here(gateway, settle, push):
    """Its tickets have a URL of their own."""
    document = gateway.documents.read("apps", SERVICE)
    content = {**document.content, "kind": "component"}
    gateway.documents.write("apps", SERVICE, content, after=document.version)

    assert (404, "404") == push(safe(text()))


@pytest.mark.case(155)
def test_hostile_bodies(settle, push, redis):
    """None is stored, and none takes long."""
    settle(encoding_aes_key="")
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><xml>&b;</xml>'
    bodies = [bomb, "<a>" * 20_000, "[" * 60_000, "", "{", "\x00", "<xml/>x"]
    bodies += ['<!DOCTYPE x SYSTEM "file:///etc/passwd"><xml/>', '{"a":' * 9000]
    for body in bodies:
        assert (400, "400") == push(plain(body)), body[:20]
    assert (413, "413") == push(plain("<xml>" + "a" * 65_536))
    query, body = plain(text())
    for more in ("&signature=x", "&timestamp=1", "&%ff=1"):
        assert (400, "400") == push((query + more, body))
    assert (405, "405") == push(plain(text()), method="DELETE")
    assert not redis.keys("gateway:push:*")


@pytest.mark.case(153)
def test_every_flipped_bit_is_refused(push, redis):
    """Of the encrypted text, and of each parameter that is signed."""
    query, body = safe(text())
    start, end = body.index(b"<Encrypt>") + 9, body.index(b"</Encrypt>")
    for place in range(start, end, 7):
        flipped = bytearray(body)
        flipped[place] ^= 1
        assert push((query, bytes(flipped)))[0] in (400, 403)
    for name in ("timestamp=", "nonce=", "msg_signature="):
        place = query.index(f"&{name}") + len(name) + 1
        other = "1" if query[place] != "1" else "2"
        assert REFUSED == push((query[:place] + other + query[place + 1 :], body))
    assert not redis.keys("gateway:push:*")


@pytest.mark.case(184)
def test_without_redis_nothing_is_acknowledged(settings, clock, push, own_redis):
    """WeChat sends it again; then it is stored once."""
    again = Gateway(replace(settings, redis_url=own_redis.url), clock=clock)
    made = safe(text())
    assert SUCCESS == push(safe(text(2)), by=again)
    own_redis.stop()

    assert (503, "503") == push(made, by=again)
    own_redis.start()
    assert SUCCESS == push(made, by=again)
    with own_redis.client() as client:
        assert [text()] == stored(client, settings)


def test_an_answer_of_redis_that_is_lost(settings, clock, push, redis_server, redis):
    """The script ran, and its repetition stores nothing more."""
    with Relay(redis_server.port) as relay:
        behind = Gateway(replace(settings, redis_url=relay.url), clock=clock)
        assert SUCCESS == push(safe(text(1)), by=behind)
        relay.begin(swallow=1)
        assert SUCCESS == push(safe(text(2)), by=behind)
        assert relay.swallowed

    assert [text(1), text(2)] == stored(redis, settings)


def test_who_leaves_takes_the_earlier_messages_along(push, redis, settings):
    """Those of one user at one app; the openid is the body's, never the query's."""
    other = "o" + "C" * 27
    for made in (text(1), text(2, openid=other), text(3), event("CLICK")):
        assert SUCCESS == push(safe(made))
    left = event("unsubscribe", number=9)

    assert SUCCESS == push(safe(left, openid=other))
    assert [text(2, openid=other), left] == stored(redis, settings)
    assert SUCCESS == push(safe(text(1)))  # comes again: it stays deleted
    assert SUCCESS == push(safe(text(4)))
    assert [text(2, openid=other), left, text(4)] == stored(redis, settings)
    assert sizes(redis)[SERVICE] == sizes(redis)["*"]


def test_at_the_total_nothing_is_acknowledged(settings, clock, push, redis, caplog):
    """WeChat keeps what we have no room for."""
    small = Gateway(replace(settings, push_mb_in_all=0.002), clock=clock)
    answers = [push(safe(text(number)), by=small) for number in range(5)]

    assert [SUCCESS, SUCCESS] == answers[:2]
    assert (503, "503") == answers[-1]
    assert "1 pushes not acknowledged, budget used up" in caplog.text
    assert "full" in str(counts(small, clock, redis))
