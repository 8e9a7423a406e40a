"""Charts of counts over time: bars as inline SVG, which needs no script.

Colours are classes of the style sheet, so they follow a dark screen. A chart has a
title and a description for those who do not see it; `rows` are the same numbers for a
table beside it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 280, 112
_LEFT, _RIGHT, _TOP, _BOTTOM = 2, 2, 18, 20

CHINA_SECONDS = 8 * 3600
"""Days and hours of a chart are China's, as those of WeChat's quotas."""


@dataclass(frozen=True, slots=True)
class Series:
    """Numbers by slot with the words that name them; `look` is their colour."""

    words: str
    look: str
    numbers: Sequence[int]


@dataclass(frozen=True, slots=True)
class Axis:
    """The slots of a chart: when the first begins in Unix time, how long each is."""

    began: float
    slot_seconds: int

    def label(self, slot: int) -> str:
        """Return the time at which a slot begins, as `09:05`."""
        at = self.began + slot * self.slot_seconds + CHINA_SECONDS
        return time.strftime("%H:%M", time.gmtime(at))


def bars(
    id_: str, title: str, description: str, axis: Axis, series: Sequence[Series]
) -> str:
    """Return the SVG of bars that stand on each other, the first series lowest.

    `id_` is one that the page has once. The last slot is still growing.
    """
    slots = len(series[0].numbers)
    columns = [[each.numbers[slot] for each in series] for slot in range(slots)]
    most = max(map(sum, columns), default=0)
    return "".join(
        (
            f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'aria-labelledby="{id_}-title {id_}-text">',
            f'<title id="{id_}-title">{escape(title)}</title>',
            f'<desc id="{id_}-text">{escape(description)}</desc>',
            _frame(most),
            *_columns(columns, series, most),
            *_times(axis, slots),
            "</svg>",
        )
    )


def rows(
    axis: Axis, series: Sequence[Series], *, together: int
) -> list[tuple[str, list[int]]]:
    """Return the numbers as rows of a table, so many slots in one, the newest first."""
    slots = len(series[0].numbers)
    starts = range(0, slots, together)
    return [
        (
            axis.label(start),
            [sum(each.numbers[start : start + together]) for each in series],
        )
        for start in reversed(starts)
    ]


def peak(axis: Axis, numbers: Sequence[int]) -> tuple[int, str]:
    """Return the largest number, and the time of its slot."""
    place = max(range(len(numbers)), key=numbers.__getitem__)
    return numbers[place], axis.label(place)


def _frame(most: int) -> str:
    low = HEIGHT - _BOTTOM
    lines = f'<path class="grid" d="M0 {_TOP}H{WIDTH}M0 {low}H{WIDTH}"/>'
    return f'{lines}<text class="most" x="0" y="{_TOP - 5}">{most:,}</text>'


def _columns(
    columns: Sequence[Sequence[int]], series: Sequence[Series], most: int
) -> list[str]:
    step = (WIDTH - _LEFT - _RIGHT) / max(1, len(columns))
    tall = HEIGHT - _TOP - _BOTTOM
    found = []
    for order, each in enumerate(series):
        path = ""
        for slot, column in enumerate(columns):
            if not column[order]:
                continue
            # Small numbers beside large ones stay visible: an error is never nothing.
            high = max(1.5, tall * column[order] / most)
            below = tall * sum(column[:order]) / most
            y = max(float(_TOP), HEIGHT - _BOTTOM - below - high)
            x = _LEFT + slot * step
            path += f"M{x:.1f} {y:.1f}h{step * 0.8:.1f}v{high:.1f}h-{step * 0.8:.1f}z"
        if path:
            found.append(f'<path class="{each.look}" d="{path}"/>')
    return found


def _times(axis: Axis, slots: int) -> list[str]:
    y = HEIGHT - 5
    places: tuple[tuple[int, int, str], ...] = (
        (0, 0, "start"),
        (slots // 2, WIDTH // 2, "middle"),
        (slots - 1, WIDTH, "end"),
    )
    return [
        f'<text x="{x}" y="{y}" text-anchor="{anchor}">{axis.label(slot)}</text>'
        for slot, x, anchor in places
    ]
