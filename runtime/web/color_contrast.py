"""Contrast of two colours, as WCAG 2 reckons it."""

from __future__ import annotations

import re

COLOR = re.compile("#[0-9a-f]{6}")


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours such as `#067a46`, from 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    red, green, blue = (_linear(int(color[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    if value <= 0.04045:
        return value / 12.92
    linear: float = ((value + 0.055) / 1.055) ** 2.4
    return linear
