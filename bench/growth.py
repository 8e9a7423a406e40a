"""Figure 9: wait of the last caller with more processes and more apps."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from bench.approaches import OURS
from bench.report import Bar, Figure, ratios, spread
from bench.testbed import Herd, open_testbeds

MORE = 1.35
FLAT = 1.05

Shape = tuple[int, int]
"""Number of processes, and number of apps that their callers share."""


def measure(*, rounds: int, processes: int, callers: int, apps: int) -> list[Figure]:
    """Measure herds of each shape in turn, up to these `processes` and `apps`."""
    half = processes // 2
    held = {(processes, 1): (1, 1), (half, apps): (half, 1)}
    unbounded = {(processes, apps): (processes, 1)}  # more of both, without a bar
    shapes = {shape: None for pair in (held | unbounded).items() for shape in pair}
    herds: dict[Shape, list[Herd]] = {shape: [] for shape in shapes}
    with open_testbeds([OURS], processes=processes) as (testbed,):
        for _ in range(1 + rounds):
            for shape, seen in herds.items():
                seen.append(testbed.herd(callers, processes=shape[0], apps=shape[1]))
    # The first round makes the connections that each shape needs.
    warm = {shape: seen[1:] for shape, seen in herds.items()}
    return [_figure(warm, held, unbounded, f"{callers} callers a process")]


def _figure(
    herds: Mapping[Shape, Sequence[Herd]],
    held: Mapping[Shape, Shape],
    unbounded: Mapping[Shape, Shape],
    callers: str,
) -> Figure:
    figure = Figure(f"9. Growth: {callers}", ("ours", "last caller, ms", "ratio", "to"))
    for shape, before in {**held, **unbounded}.items():
        seconds, base = ([each.seconds for each in herds[s]] for s in (shape, before))
        ratio = ratios(seconds, base)
        last = spread([each * 1000 for each in seconds], ".0f")
        figure.rows.append((_name(shape), last, spread(ratio), _name(before)))
        if shape in held:
            name, growth = f"9. {_name(shape)}", statistics.median(ratio)
            figure.bars.append(Bar(name, growth, MORE, FLAT, timed=True))
    figure.bars += _counts([each for seen in herds.values() for each in seen])
    return figure


def _counts(herds: Sequence[Herd]) -> list[Bar]:
    most = max(fetches for herd in herds for fetches in herd.fetches)
    missing = sum(len(herd.fetches) - herd.newest for herd in herds)
    refused = sum(herd.refused for herd in herds)
    return [
        Bar("1. most fetches of an app, all shapes of 9", most, 1, 1),
        Bar("1. newest not stored, all shapes of 9", missing, 0, 0),
        Bar("1. callers without a token, all shapes of 9", refused, 0, 0),
    ]


def _name(shape: Shape) -> str:
    processes, apps = shape
    return f"{processes} process{'es' * (processes > 1)}, {apps} app{'s' * (apps > 1)}"
