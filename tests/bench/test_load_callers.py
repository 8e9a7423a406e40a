"""Load generators: they count answers as they come, whatever the framing."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, suppress

import pytest

from bench.load.callers import (
    LOST,
    AnswerReader,
    ClosedLoop,
    OpenLoop,
    get,
    measure_window,
)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BUSY = b"HTTP/1.1 503 Busy\r\nRetry-After: 1\r\ncontent-length: 0\r\n\r\n"
CHUNKS = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n1\r\n0\r\n0\r\n\r\n"
)
NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"
REQUEST = get("/hello")


@pytest.mark.parametrize(
    ("answer", "status"), [(OK, 200), (BUSY, 503), (CHUNKS, 200), (NO_CONTENT, 204)]
)
@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_an_answer_ends_where_it_ends(answer, status, size):
    """However it is cut into pieces, and for several answers on a connection."""
    reader = AnswerReader()
    pieces = [answer[n : n + size] for n in range(0, len(answer), size)]

    for _ in range(3):
        *statuses, last = [reader.feed(piece) for piece in pieces]
        assert set(statuses) <= {None}
        assert last == status


def test_an_answer_without_an_end_is_refused():
    """An answer that only ends with the connection would never be counted."""
    with pytest.raises(ConnectionError):
        AnswerReader().feed(b"HTTP/1.1 200 OK\r\n\r\nhello")


@asynccontextmanager
async def serve(*answers):
    """Yield the port and the requests; the last answer repeats, None hangs up."""
    seen, rest, tasks = [], list(answers), []

    async def connected(reader, writer):
        tasks.append(asyncio.current_task())
        with suppress(asyncio.IncompleteReadError, OSError, asyncio.CancelledError):
            while True:
                seen.append(await reader.readuntil(b"\r\n\r\n"))
                answer = rest.pop(0) if len(rest) > 1 else rest[0]
                if answer is None:
                    break
                if callable(answer):
                    answer = await answer()
                writer.write(answer)
        writer.transport.abort()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], seen
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)
        await asyncio.sleep(0)


async def has_latencies(loop, count):
    while len(loop.latencies) < count:
        await asyncio.sleep(0.01)


def test_closed_loop_counts_every_call():
    """Each caller calls again; the bad ones wait, reconnect and go on."""

    async def run():
        async with serve(OK, BUSY, None, OK) as (port, seen):
            loop = ClosedLoop(port, [REQUEST], connections=3)
            await loop.open()
            await loop.start(spread=0.01)
            await asyncio.wait_for(has_latencies(loop, 20), 30)
            await loop.stop(patience=30)
            return loop, len(seen)

    loop, seen = asyncio.run(run())

    assert loop.bad == 2
    assert seen == len(loop.latencies) + loop.bad


def test_closed_loop_goes_on_after_a_lost_connection():
    """The only caller connects again and calls."""

    async def run():
        async with serve(None, OK) as (port, _):
            loop = ClosedLoop(port, [REQUEST], connections=1)
            await loop.open()
            await loop.start(spread=0)
            await asyncio.wait_for(has_latencies(loop, 5), 30)
            await loop.stop(patience=30)
            return loop.bad

    assert asyncio.run(run()) == 1


def test_closed_loop_calls_once():
    """With `once` there are as many calls as callers, with each request in turn."""

    async def run():
        async with serve(OK) as (port, seen):
            requests = [get(f"/{number}") for number in range(2)]
            loop = ClosedLoop(port, requests, connections=5, once=True)
            await loop.open()
            await loop.start(spread=0)
            await loop.stop(patience=30)
            return loop, sorted(each.split()[1] for each in seen)

    loop, seen = asyncio.run(run())

    assert (len(loop.latencies), loop.bad) == (5, 0)
    assert seen == [b"/0", b"/0", b"/0", b"/1", b"/1"]


def test_closed_loop_does_not_wait_for_ever():
    """A call that is not answered is bad when the patience ends."""

    async def run():
        async with serve(never) as (port, _):
            loop = ClosedLoop(port, [REQUEST], connections=2)
            await loop.open()
            await loop.start(spread=0)
            await loop.stop(patience=0.1)
            return loop

    loop = asyncio.run(run())

    assert (loop.latencies, loop.bad) == ([], 2)


async def never():
    await asyncio.Event().wait()


def test_window_has_only_what_ended_in_it():
    """Calls and CPU before the window and after it do not count."""
    clock, load_clock, seen_at = iter([10.0, 13.0]), iter([5.0, 5.5]), []

    async def run():
        async with serve(OK) as (port, seen):

            def cpu():
                seen_at.append(len(seen))
                return next(clock)

            return await measure_window(
                port,
                [REQUEST],
                connections=4,
                spread=0.2,
                seconds=0.2,
                patience=30,
                cpu=cpu,
                load_cpu=lambda: next(load_clock),
            )

    window = asyncio.run(run())
    before, after = seen_at

    assert before > 8
    assert abs(len(window.latencies) - (after - before)) <= 4
    assert (window.bad, window.cpu, window.load_cpu) == (0, 3.0, 0.5)
    assert window.rate == len(window.latencies) / window.seconds
    assert window.cpu_per_call == pytest.approx(3e6 / len(window.latencies))
    assert window.load_percent == pytest.approx(50 / window.seconds)


def test_a_window_without_a_call_is_an_error():
    """A forwarder that answers nothing has no rate."""

    async def run():
        async with serve(never) as (port, _):
            await measure_window(
                port,
                [REQUEST],
                connections=1,
                spread=0,
                seconds=0.05,
                patience=0,
                cpu=lambda: 0.0,
                load_cpu=lambda: 0.0,
            )

    with pytest.raises(ConnectionError):
        asyncio.run(run())


def test_open_loop_sends_at_fixed_times():
    """As many of each as asked for, though the first is answered last."""

    async def slow():
        await asyncio.sleep(0.3)
        return OK

    async def run():
        async with serve(slow, OK) as (port, seen):
            requests = {"a": get("/a"), "b": get("/b")}
            loop = OpenLoop(port, requests, good={"a": 200, "b": 200})
            latencies = await loop.run(per_second=50, seconds=0.2, patience=30)
            await loop.close()
            return loop, latencies, len(seen)

    loop, latencies, seen = asyncio.run(run())

    assert ({name: len(each) for name, each in latencies.items()}, seen) == (
        {"a": 10, "b": 10},
        20,
    )
    assert max(latencies["a"]) >= 0.3
    assert loop.bad == 0


def test_latency_begins_when_a_request_is_due():
    """What a stall delays has waited, though it could not even be sent."""

    async def stall():
        time.sleep(0.5)  # of the only thread: nothing is sent meanwhile
        return OK

    async def run():
        async with serve(stall, OK) as (port, _):
            loop = OpenLoop(port, {"a": REQUEST}, good={"a": 200})
            latencies = await loop.run(per_second=100, seconds=0.5, patience=30)
            await loop.close()
            return latencies["a"]

    latencies = asyncio.run(run())

    assert len(latencies) == 50
    assert sum(each > 0.2 for each in latencies) >= 20


@pytest.mark.parametrize("answer", [BUSY, None, never])
def test_open_loop_counts_a_bad_request_as_the_whole_patience(answer):
    """Refused, hung up or never answered: it is no fast answer."""

    async def run():
        async with serve(answer) as (port, _):
            loop = OpenLoop(port, {"a": REQUEST}, good={"a": 200})
            latencies = await loop.run(per_second=50, seconds=0.1, patience=0.5)
            await loop.close()
            return loop.bad, latencies

    bad, latencies = asyncio.run(run())

    assert (bad, latencies) == (5, {"a": [0.5] * 5})


def test_open_loop_without_a_server():
    """A refused connection is a bad request."""

    async def run():
        async with serve(OK) as (port, _):
            pass
        loop = OpenLoop(port, {"a": REQUEST}, good={"a": 200})
        return await loop.run(per_second=50, seconds=0.1, patience=0.5)

    assert asyncio.run(run()) == {"a": [0.5] * 5}
    assert LOST == 0
