"""Exposition of metrics in the text format of OpenMetrics.

Only /metrics imports prometheus_client.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runtime.usage.counters import MOST_SERIES
from runtime.usage.metrics import BUCKETS, COUNTED, SUM, TIMED, Counted, Timed
from runtime.usage.stored_numbers import whole_numbers

CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Gauge:
    """A gauge with its values by labels, found when metrics are asked for."""

    name: str
    help: str
    labels: tuple[str, ...]
    values: Sequence[tuple[tuple[str, ...], float]]


def exposition(fields: Mapping[bytes, bytes], gauges: Iterable[Gauge]) -> bytes:
    """Return the text of these fields of the metrics' hash, and of the gauges.

    A field that no metric of this version has is left out, and one without a number.
    """
    from prometheus_client.openmetrics.exposition import generate_latest

    found: dict[str, dict[tuple[str, ...], int]] = defaultdict(dict)
    for field, number in whole_numbers(fields):
        name, *values = field.split("|")
        found[name][tuple(values)] = number
    text: bytes = generate_latest(  # type: ignore[no-untyped-call]
        _Collected(found, gauges)
    )
    return text


class _Collected:
    """Registry of one exposition, as prometheus_client takes it."""

    def __init__(
        self,
        found: Mapping[str, Mapping[tuple[str, ...], int]],
        gauges: Iterable[Gauge],
    ) -> None:
        self._found = found
        self._gauges = gauges

    def collect(self) -> Iterator[Any]:
        """Return the metrics, those without samples, too."""
        from prometheus_client.core import GaugeMetricFamily

        for counter in COUNTED:
            yield _counter(counter, self._found.get(counter.name, {}))
        for histogram in TIMED:
            yield _histogram(histogram, self._found.get(histogram.name, {}))
        for gauge in self._gauges:
            family = GaugeMetricFamily(gauge.name, gauge.help, labels=gauge.labels)
            for values, number in gauge.values[:MOST_SERIES]:
                family.add_metric(values, number)
            yield family


def _counter(what: Counted, found: Mapping[tuple[str, ...], int]) -> Any:
    from prometheus_client.core import CounterMetricFamily

    family = CounterMetricFamily(what.name, what.help, labels=what.labels)
    for values, number in sorted(found.items()):
        if len(values) == len(what.labels):
            family.add_metric(values, number)
    return family


def _histogram(what: Timed, found: Mapping[tuple[str, ...], int]) -> Any:
    from prometheus_client.core import HistogramMetricFamily

    family = HistogramMetricFamily(what.name, what.help, labels=what.labels)
    by_labels: dict[tuple[str, ...], dict[str, int]] = defaultdict(dict)
    for (*values, part), number in found.items():
        if len(values) == len(what.labels):
            by_labels[tuple(values)][part] = number
    bounds = [*map(str, BUCKETS), "+Inf"]
    for labels, parts in sorted(by_labels.items()):
        below, buckets = 0, []
        for place, bound in enumerate(bounds):
            below += parts.get(str(place), 0)
            buckets.append((bound, below))
        family.add_metric(labels, buckets, parts.get(SUM, 0) / 1_000_000)
    return family
