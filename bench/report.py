"""Tables in Markdown, ratios of paired rounds, and bars for our figures."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Bar:
    """A figure of ours, and what it must and what it should not exceed.

    With `at_least` neither must it fall below them.
    """

    figure: str
    measured: float
    bar: float
    goal: float
    timed: bool = False  # a count is the same on every machine, a time is not
    at_least: bool = False

    @property
    def verdict(self) -> str:
        """Return what the figure reaches."""
        for word, limit in (("goal", self.goal), ("bar", self.bar)):
            if self.measured == limit or (self.measured > limit) == self.at_least:
                return word
        return "MISSED"

    def cells(self) -> list[str]:
        """Return the bar as a row of a table."""
        numbers = f"{self.measured:.3g}", f"{self.bar:g}", f"{self.goal:g}"
        return [self.figure, *numbers, self.verdict]


@dataclass(slots=True)
class Figure:
    """Result of a measurement: a table for the reader, bars for the exit code."""

    title: str
    head: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)

    def __str__(self) -> str:
        """Return heading and table."""
        return f"## {self.title}\n\n{table(self.head, self.rows)}\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown with aligned columns."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = [head, ["-" * width for width in widths], *rows]
    return "\n".join(
        "| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines
    )


def bars_table(bars: Sequence[Bar]) -> str:
    """Return a table of all bars and what our figures reach."""
    head = ["ours", "measured", "bar", "goal", "reached"]
    return table(head, [each.cells() for each in bars])


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """Return the ratio of each pair; the two were measured one after the other."""
    return [a / b for a, b in zip(above, below, strict=True)]


def spread(values: Sequence[float], form: str = ".2f") -> str:
    """Return median, minimum and maximum."""
    least, median, most = min(values), statistics.median(values), max(values)
    return f"{median:{form}} ({least:{form}} to {most:{form}})"
