"""Metrics, from the counts of several processes to what Prometheus reads."""

from __future__ import annotations

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from runtime.state.redis_clients import connect
from runtime.state.redis_store import RedisStore
from runtime.usage import counters as counters_module
from runtime.usage.counters import METRICS_KEY, Counters
from runtime.usage.exposition import Gauge, exposition
from runtime.usage.metrics import (
    COUNTED,
    LIMITED,
    OWN_SECONDS,
    PUSHES,
    TIMED,
    Metrics,
    path_class,
    timed,
)

NOW = 1_800_028_800.0


def metrics_of(server, *, clock=lambda: NOW):
    store = RedisStore(lambda: connect(server.url))
    return Metrics(Counters(store, clock=clock, patience=5))


def samples(server, gauges=()):
    """Return the samples of the exposition, as Prometheus' own parser reads them."""
    text = exposition(server.client().hgetall(METRICS_KEY), gauges).decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_counts_of_processes_add_up(redis_server):
    """Each writes once a second; the sum stands in Redis."""
    for _ in range(3):
        metrics_of(redis_server).count(PUSHES, "wx1", "stored", by=2)

    labels = (("app", "wx1"), ("outcome", "stored"))
    assert samples(redis_server)["gateway_pushes_total", labels] == 6


def test_a_number_that_is_none(redis_server):
    """It is left out, and hides no other."""
    metrics_of(redis_server).count(PUSHES, "wx1", "stored")
    with redis_server.client() as redis:
        redis.hset(METRICS_KEY, "gateway_pushes|wx2|stored", "abc")
        redis.hset(METRICS_KEY, b"\xff", "1")

    labels = (("app", "wx1"), ("outcome", "stored"))
    found = samples(redis_server)
    assert found["gateway_pushes_total", labels] == 1
    assert len([name for name, _ in found if name == "gateway_pushes_total"]) == 1


@pytest.mark.parametrize(
    ("seconds", "first_bound"), [(0.01, "0.01"), (0.011, "0.025"), (7, "+Inf")]
)
def test_a_time_falls_into_its_bucket(redis_server, seconds, first_bound):
    """And into every larger one; a bound belongs to its bucket."""
    counters = Counters(
        RedisStore(lambda: connect(redis_server.url)), clock=lambda: NOW
    )
    counters.add_measures(timed(OWN_SECONDS, "wx1", "user", seconds=seconds))
    found = samples(redis_server)
    base = [("app", "wx1"), ("path_class", "user")]
    buckets = {
        dict(labels)["le"]: value
        for (name, labels), value in found.items()
        if name == "gateway_own_seconds_bucket"
    }

    bounds = list(buckets)
    assert len(bounds) == 8
    assert [each for each in bounds if buckets[each]] == bounds[
        bounds.index(first_bound) :
    ]
    assert found["gateway_own_seconds_sum", tuple(base)] == pytest.approx(seconds)
    assert found["gateway_own_seconds_count", tuple(base)] == 1


def test_a_gauge_is_shown_as_it_is(redis_server):
    """Gauges are not in Redis: they are found when they are asked for."""
    age = Gauge("gateway_age_seconds", "Age.", ("app",), [(("wx1",), 1.5)])

    found = samples(redis_server, [age])
    assert found["gateway_age_seconds", (("app", "wx1"),)] == 1.5


def test_values_cannot_break_the_format(redis_server):
    """Whatever a label holds, it stays one label."""
    metrics_of(redis_server).count(LIMITED, 'a|b"c\nd\\e')

    labels = (("limit", 'a_b"c\nd\\e'),)
    assert samples(redis_server)["gateway_limited_total", labels] == 1


def test_the_number_of_series_is_bounded(redis_server, monkeypatch):
    """What comes later is counted as dropped; what is known goes on."""
    monkeypatch.setattr(counters_module, "MOST_SERIES", 3)
    times = iter(range(100))
    metrics = metrics_of(redis_server, clock=lambda: NOW + next(times))
    for number in (*range(6), 0):
        metrics.count(LIMITED, str(number))
    found = samples(redis_server)

    kept = [name for name, labels in found if name == "gateway_limited_total"]
    assert len(kept) == 3
    assert found["gateway_series_dropped_total", ()] == 3
    assert found["gateway_limited_total", (("limit", "0"),)] == 2


def test_what_another_version_has_written_is_left_out(redis_server):
    """A field that is unknown, or has another number of labels, breaks nothing."""
    for field in ("gateway_future|x", "gateway_pushes|only", "gateway_own_seconds|0"):
        redis_server.client().hset(METRICS_KEY, field, 1)

    assert {name for name, _ in samples(redis_server)} == set()


def test_metrics_end_a_month_after_the_last_count(redis_server):
    """No key in Redis is without an end."""
    metrics_of(redis_server).count(LIMITED, "sign_in")

    assert 29 * 86400 < redis_server.client().ttl(METRICS_KEY) <= 30 * 86400


@pytest.mark.parametrize("metric", [*COUNTED, *TIMED], ids=lambda each: each.name)
def test_the_client_is_a_label_of_the_calls_alone(metric):
    """Else the number of series would grow with clients times everything."""
    assert ("client" in metric.labels) == (metric.name == "gateway_calls")
    assert metric.help.endswith(".")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/cgi-bin/message/custom/send", "message"),
        ("/cgi-bin/token", "cgi-bin"),
        ("/wxa/business/getuserphonenumber", "wxa"),
        ("/made/up", "other"),
    ],
)
def test_paths_have_classes(path, expected):
    """Few of them, whatever a caller makes up."""
    assert path_class(path) == expected
