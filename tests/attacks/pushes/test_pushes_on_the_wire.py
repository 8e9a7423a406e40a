"""Pushes that are replayed, reordered, doubled, cut, huge or slow, at a whole host."""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.attacks.pushes.pushed import (
    ONE,
    PLAIN,
    cut,
    post,
    push,
    pushed_host,
    request_for,
    status_of,
    statuses_of,
)
from tests.attacks.resources.memory import forget_peak, memory_mb, peak_mb
from tests.support.pushes import plain, safe, stored, text

MB = 1024 * 1024


@pytest.fixture(scope="module")
def site(tmp_path_factory, shared_redis):
    shared_redis.empty()
    folder = tmp_path_factory.mktemp("site")
    with pushed_host(folder, shared_redis.url) as running:
        running.begin()
        yield running


@pytest.fixture
def redis(shared_redis):
    with shared_redis.client() as client:
        for key in client.scan_iter("gateway:push:*"):
            client.delete(key)
        yield client


@pytest.fixture
def host(site, redis):
    """The host with nothing stored; each test is followed by a good push to it."""
    yield site
    assert 200 == push(site, 999_999)
    site.check_well()
    lines = site.log().splitlines()
    assert [] == [each for each in lines if "Traceback" in each]


def numbers(redis, host, appid=ONE):
    """Return the texts that are stored, in their order."""
    return stored(redis, host.settings, appid)


@pytest.mark.case(180)
def test_replayed(host, redis):
    """At once by sixteen, and once more later: it is stored once."""
    request = request_for(text(1))
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: host.ask(request), range(32)))
    assert {200} == set(map(status_of, answers))
    assert 200 == status_of(host.ask(request))
    assert [text(1)] == numbers(redis, host)
    old = request_for(text(2), at=time.time() - 301)
    assert 403 == status_of(host.ask(old))
    assert [text(1)] == numbers(redis, host)


@pytest.mark.case(180)
def test_reordered(host, redis):
    """Each counts, in the order of arrival, whatever its time is."""
    order = [number * 7 % 31 for number in range(1, 31)]
    for number in order:
        at = time.time() - 200 + number
        assert 200 == push(host, number, at=at)
    assert [text(number) for number in order] == numbers(redis, host)


@pytest.mark.case(180)
def test_doubled(host, redis):
    """A body, a parameter or a length twice; and two pushes in one write."""
    query, body = safe(text(1), appid=ONE)
    path = f"/wechat_event/{ONE}"
    assert 400 == status_of(host.ask(post(path, query, body * 2)))
    assert 400 == status_of(host.ask(post(path, f"{query}&{query}", body)))
    lengths = (f"Content-Length: {len(body)}", f"Content-Length: {len(body) - 1}")
    assert status_of(host.ask(post(path, query, body, *lengths))) in (0, 400)
    both = (f"Content-Length: {len(body)}", "Transfer-Encoding: chunked")
    assert status_of(host.ask(post(path, query, body, *both))) in (0, 400)
    assert [] == numbers(redis, host)
    two = request_for(text(2), close=False) + request_for(text(3))
    assert [200, 200] == statuses_of(host.ask(two))
    assert [text(2), text(3)] == numbers(redis, host)


@pytest.mark.case(180)
def test_cut(host, redis):
    """Anywhere in its head or body, with and without a length that fits: nothing."""
    request = request_for(text(1))
    for length in range(0, len(request), 41):
        assert status_of(cut(host, request, length) or b"") in (0, 400, 403)
    query, body = safe(text(1), appid=ONE)
    for length in range(0, len(body), 17):
        answer = host.ask(post(f"/wechat_event/{ONE}", query, body[:length]))
        assert status_of(answer) in (400, 403)
    query, body = plain(text(1))
    for length in range(0, len(body), 5):
        answer = host.ask(post(f"/wechat_event/{PLAIN}", query, body[:length]))
        assert status_of(answer) == 400
    assert [] == numbers(redis, host) == numbers(redis, host, PLAIN)


@pytest.mark.case(180)
@pytest.mark.skipif(sys.platform != "linux", reason="writes to /proc")
def test_huge(host, redis):
    """By its length, in chunks without an end, or more than its length says."""
    forget_peak(host.pid)
    before = memory_mb(host.pid)
    query, body = safe(text(1, content="a" * 50_000), appid=ONE)
    path = f"/wechat_event/{ONE}"
    assert 413 == status_of(host.ask(post(path, query, body)))
    for size, status in ((31, 413), (50, 400)):  # Function Compute ends at 32 MB
        huge = post(path, query, b"", f"Content-Length: {size * MB}") + bytes(30 * MB)
        assert status == status_of(host.ask(huge))
    chunks = post(path, query, b"", "Transfer-Encoding: chunked")
    chunks += (b"%x\r\n" % MB + bytes(MB) + b"\r\n") * 30
    assert 413 == status_of(host.ask(chunks))
    assert [] == numbers(redis, host)
    assert peak_mb(host.pid) - before < 16


@pytest.mark.case(180)
def test_slow(host, redis):
    """A hundred senders that drip hold up no push, and leave nothing behind."""
    request = request_for(text(1))
    quiet = median_seconds(host, 100)
    with ExitStack() as stack:
        drips = [stack.enter_context(host.connect()) for _ in range(100)]
        for each in drips:
            each.sendall(request[:-200])
        ends = threading.Event()

        def drip():
            place = len(request) - 200
            while not ends.wait(0.3) and place < len(request) - 100:
                for each in drips:
                    each.sendall(request[place : place + 1])
                place += 1

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        busy = median_seconds(host, 200)
        ends.set()
        thread.join(10)
    assert busy < 10 * quiet + 0.1
    assert text(1) not in numbers(redis, host)


def median_seconds(host, first, *, times=25):
    """Return how long a push takes, by many."""
    took = []
    for number in range(first, first + times):
        began = time.monotonic()
        assert 200 == push(host, number)
        took.append(time.monotonic() - began)
    return sorted(took)[times // 2]


ENTITIES = "".join(
    f'<!ENTITY a{number} "{f"&a{number - 1};" * 10}">' for number in range(1, 10)
)
BOMBS = {
    "entities": f'<!DOCTYPE x [<!ENTITY a0 "lol">{ENTITIES}]><xml>&a9;</xml>',
    "one long entity": f'<!DOCTYPE x [<!ENTITY a "{"a" * 20_000}">]>'
    f"<xml>{'&a;' * 3000}</xml>",
    "a file": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml>&a;</xml>',
    "depth": "<a>" * 8000,
    "elements": "<xml>" + "<a/>" * 8000 + "</xml>",
    "JSON": '{"a":' * 6000,
}


@pytest.mark.case(181)
@pytest.mark.skipif(sys.platform != "linux", reason="writes to /proc")
@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_bomb(host, redis, bomb):
    """Outside, and within what WeChat's own key has sealed."""
    forget_peak(host.pid)
    before = memory_mb(host.pid)
    assert 400 == status_of(host.ask(request_for(bomb)))
    query, body = plain(bomb)
    assert 400 == status_of(host.ask(post(f"/wechat_event/{PLAIN}", query, body)))
    query, _ = safe(text(1), appid=ONE)
    answer = host.ask(post(f"/wechat_event/{ONE}", query, bomb.encode()))
    assert 400 == status_of(answer)

    assert [] == numbers(redis, host) == numbers(redis, host, PLAIN)
    assert peak_mb(host.pid) - before < 8
