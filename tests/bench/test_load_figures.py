"""Each figure under load, small: it counts what it should. No test judges a time."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import pytest

from bench.load import (
    authorized_round,
    deliveries,
    forwarding,
    go,
    latency,
    memory,
    metrics_cost,
    origins,
    pushes,
    refresh_round,
    sharing,
    sign_in,
)
from bench.load.__main__ import FULL, QUICK, main
from bench.load.callers import ClosedLoop, get
from bench.load.forwarders import AIOHTTP, TORNADO
from bench.load.forwarding import GO, Load, percentile
from bench.load.latency import LOGIN, ME, SlowCalls
from bench.load.many_documents import origin
from bench.load.memory import ANONYMOUS, Bodies
from bench.load.message_server import WECHATPY, WEROBOT
from bench.load.pushes import Pushes
from bench.load.servers import Server
from bench.load.sharing import CONNECTIONS, connections_held
from bench.load.sign_in import AUTHLIB, STEPS, OurSignIn, count_round_trips
from bench.load.testbed import open_testbed
from bench.proxied_calls import OURS
from bench.report import Bar, Figure
from bench.turns import installed
from host.developer.embedded_redis import find_server
from tests.support.raw_server import RawServer, make_answer, send_and_close

pytestmark = pytest.mark.skipif(
    find_server() is None, reason="no redis-server: neither on PATH nor in the wheel"
)


def counts(figure):
    """Return the measured exact counts by name."""
    return {bar.figure: bar.measured for bar in figure.bars if not bar.timed}


def first_cells(figure):
    return [row[0] for row in figure.rows]


FORWARDERS = [
    OURS,
    *([AIOHTTP] if installed("aiohttp") else []),
    TORNADO,
    *([GO] if go.shutil.which("go") else []),
]


def test_rate():
    """Each forwarder answers all calls, with the real token."""
    (figure,) = forwarding.measure_rate(10, Load(1, 20, 5, 2))

    assert first_cells(figure) == FORWARDERS
    assert len(figure.head) == len(figure.rows[0])
    assert counts(figure) == {
        "10. answers other than 200": 0,
        "10. calls without the real token": 0,
    }


def test_cpu():
    """Each forwarder has its CPU per call."""
    (figure,) = forwarding.measure_cpu(Load(1, 20, 5, 2))

    assert first_cells(figure) == FORWARDERS
    assert all(float(row[1].split()[0]) > 0 for row in figure.rows)
    assert set(counts(figure).values()) == {0}


def test_latency():
    """Every request and every call gets its right answer, idle and beside calls."""
    (figure,) = latency.measure(SlowCalls(1, 20, 0.2, 0.5))

    assert first_cells(figure) == [ME, LOGIN, "the last call"]
    assert counts(figure) == {
        "12. requests without the right answer": 0,
        "12. calls without the right answer": 0,
    }


def test_memory():
    """Small bodies of honest callers arrive whole, and no anonymous one is served."""
    bodies = Bodies(1, len(ANONYMOUS), 1, 1, 1)
    (figure,) = memory.measure(bodies)
    answers = [row[2] for row in figure.rows]

    assert counts(figure) == {
        "14. honest bodies not whole": 0,
        "14. anonymous requests served": 0,
    }
    assert answers[1] == "2 × whole"


@pytest.mark.parametrize(
    ("answer", "whole"),
    [
        (make_answer(b'{"errcode": 0, "size": 1120}'), True),
        (make_answer(b'{"errcode": 0, "size": 1119}'), False),
        (make_answer(b'{"errcode": 40001}'), False),
        (make_answer(b"{}", status="413 Content Too Large"), False),
    ],
)
def test_an_upload_is_whole_where_wechat_has_all_of_it(answer, whole):
    """WeChat tells the size of the body that has come."""
    with RawServer(answer) as server:
        assert memory.upload(at(server), "token", 1000) is whole


@pytest.mark.parametrize(
    ("answer", "whole"),
    [
        (make_answer(bytes(1000)), True),
        (make_answer(b'{"errcode": 40001}'), False),
        (make_answer(bytes(1000), status="502 Bad Gateway"), False),
    ],
)
def test_a_download_is_whole_where_all_of_it_has_come(answer, whole):
    """An error is shorter, or has another status."""
    with RawServer(answer) as server:
        assert memory.download(at(server), "token", 1000) is whole


def test_a_download_that_ends_early_is_an_error():
    """The connection ends before the length is there."""
    answer = make_answer(bytes(1000))[:-1]
    with RawServer(send_and_close(answer)) as server, pytest.raises(ConnectionError):
        memory.download(at(server), "token", 1000)


@pytest.mark.parametrize(("header", "allowed"), [(0, True), (1, False)])
def test_a_page_may_read_what_names_its_origin(header, allowed):
    """Not what names another page's."""
    lines = [f"Access-Control-Allow-Origin: {origin(header)}"]
    with RawServer(make_answer(headers=lines)) as server:
        assert origins.ask(at(server), 1)[1] is allowed


def test_a_round_that_fails_is_no_round():
    """Without settings nothing is refreshed."""
    assert refresh_round.tick({"REDIS_URL": "nowhere"}) is False


def at(server):
    """Return a test's server as one that is measured."""
    return Server(int(server.url.rpartition(":")[2]), 0)


def test_sign_in():
    """Every candidate signs users in; every step is counted."""
    (figure,) = sign_in.measure(rounds=1, count=2)

    others = [AUTHLIB] * (installed("authlib") and installed("flask"))
    assert first_cells(figure) == [OURS, *others]
    assert len(figure.head) == len(figure.rows[0])
    assert list(counts(figure)) == ["15. round trips of the callback"]


def test_round_trips_of_a_sign_in():
    """After the first sign-in each step takes the same number of round trips."""
    with open_testbed() as testbed:
        redis = testbed.distant_redis(0)
        site = testbed.site(f"redis://127.0.0.1:{redis.port}/0")
        sign_in_ = OurSignIn(testbed.gateway(site), site)
        count_round_trips(sign_in_, redis, count=1)
        round_trips = count_round_trips(sign_in_, redis, count=3)

    assert list(round_trips) == list(STEPS)
    assert all(min(each) >= 1 for each in round_trips.values())
    assert max(round_trips["callback"]) < 20


def test_round_over_authorised_accounts():
    """Accounts and apps are looked at by the same rounds; WeChat is not asked."""
    (figure,) = authorized_round.measure(rounds=1, count=12, copies_due=0)

    assert first_cells(figure) == ["apps", "authorised accounts"]
    assert counts(figure)["22. calls of WeChat"] == 0


def test_refresh_round():
    """A round finishes, calls nobody, and takes round trips with any number of apps."""
    (figure,) = refresh_round.measure(rounds=1, count=12, copies_due=0)
    round_trips = counts(figure).pop("16. round trips, 12 apps")

    assert first_cells(figure) == ["12", "10"]
    assert round_trips >= 1
    assert counts(figure) == {
        "16. round trips, 12 apps": round_trips,
        "16. calls of WeChat": 0,
        "16. due tokens not refreshed, of 10": 0,
        "16. rounds that failed or took 60 s": 0,
    }


def test_origins():
    """Every process lets the page read its answers, the first and the second."""
    (figure,) = origins.measure(rounds=1, count=12, copies_due=0, origins_due=0)

    assert first_cells(figure) == ["12", "10"]
    assert counts(figure) == {"17. answers that the page may not read": 0}


def test_sharing():
    """Both processes together hold every connection, in each round."""
    with open_testbed() as testbed:
        gateway = testbed.gateway(testbed.site(), "--processes=2")
        held = [connections_held(gateway) for _ in range(2)]

    assert [len(each) for each in held] == [2, 2]
    assert [sum(each) for each in held] == [CONNECTIONS] * 2


def test_the_bar_of_sharing_leaves_out_outliers():
    """The two worst of twenty rounds do not count."""
    figure = sharing.figure_of([35] * 17 + [44, 64, 64])
    (bar,) = figure.bars

    assert bar.figure == "18. the busier one holds, in 18 of 20 rounds"
    assert (bar.measured, bar.verdict) == (44, "bar")


@pytest.mark.skipif(not installed("wechatpy"), reason="no wechatpy")
@pytest.mark.parametrize("measure", [pushes.measure_latency, pushes.measure_rate])
def test_pushes(measure):
    """Every push gets a reply, by the gateway and by each message server."""
    (figure,) = measure(Pushes(1, 2, 0.5))
    peers = [WEROBOT] if installed("werobot") else []

    assert first_cells(figure) == [OURS, WECHATPY, *peers]
    assert set(counts(figure).values()) == {0}


def test_an_answer_that_is_no_reply_counts():
    """`success` is what a service without a reply gets for its user."""
    success = make_answer(b"success")
    for shortest, bad in ((7, False), (8, True)):
        with RawServer(success) as server:
            loop = ClosedLoop(
                urlsplit(server.url).port,
                [b""],
                connections=1,
                once=True,
                fresh=lambda: get("/wechat_event"),
                shortest=shortest,
            )
            asyncio.run(once(loop))
        assert (bool(loop.bad), bool(loop.latencies)) == (bad, not bad)


async def once(loop):
    await loop.open()
    await loop.start(spread=0.0)
    await loop.stop(patience=5.0)


def test_deliveries():
    """Every copy comes, whatever waits for the dead target."""
    (figure,) = deliveries.measure(rounds=1, count=2, queued=30)

    assert first_cells(figure) == [deliveries.ALONE, deliveries.BESIDE]
    assert counts(figure) == {"21. copies that did not come": 0}


@pytest.mark.parametrize(("part", "value"), [(50, 50), (95, 95), (99, 99), (100, 100)])
def test_percentile(part, value):
    """Of 100 values so many do not exceed it."""
    assert percentile([float(n) for n in range(100, 0, -1)], part) == value


def test_the_figures_of_both_sizes():
    """Figures 10 to 22 can be measured in full and quickly."""
    assert list(FULL) == list(QUICK) == list(range(10, 24))


def test_all_figures_are_measured_though_one_fails(capsys):
    """The failure is named and decides the exit code."""
    ok = Figure("2. Good", ["a"], [["1"]], [Bar("2. good", 1, 1, 1)])

    def fail():
        raise ConnectionError("broken")

    measures = {1: fail, 2: lambda: [ok]}
    code = main([], full=measures)
    printed = capsys.readouterr().out

    assert code == 1
    assert "2. Good" in printed
    assert "figure 1 could not be measured" in printed


@pytest.mark.parametrize(("measured", "code"), [(1.0, 0), (2.0, 1)])
def test_a_missed_bar_decides_the_exit_code(measured, code):
    """Also of a figure that is measured alone."""
    figure = Figure("2. Good", ["a"], [["1"]], [Bar("2. good", measured, 1, 1)])

    def not_asked():
        raise AssertionError

    assert main(["2"], full={1: not_asked, 2: lambda: [figure]}) == code


def test_quick_figures_are_the_small_ones():
    """`--quick` measures the quick size."""
    asked = []
    measures = {10: lambda: asked.append("quick") or []}

    assert main(["--quick", "10"], full={}, quick=measures) == 0
    assert asked == ["quick"]


def test_an_unknown_figure_is_refused():
    """Before anything is measured."""
    with pytest.raises(SystemExit) as refused:
        main(["9"])

    assert refused.value.code == 2


def test_cost_of_metrics():
    """They add no round trip to those of the calls, which are counted each second."""
    (figure,) = metrics_cost.measure(rounds=1, count=5)

    assert first_cells(figure) == [metrics_cost.WITH, metrics_cost.WITHOUT]
    assert counts(figure) == {"23. round trips more": 0}
    assert all(int(row[-1]) >= metrics_cost.SECONDS for row in figure.rows)
