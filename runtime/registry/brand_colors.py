"""Colours of a client's buttons: one, or one for light and one for dark screens."""

from __future__ import annotations

from typing import Any

from runtime.registry.rules import Fault
from runtime.web.color_contrast import COLOR, contrast

GROUNDS = {"light": "#ffffff", "dark": "#1b1f22"}
"""The ground behind a button, as the style sheet of the pages has it."""

LEAST_CONTRAST = 3.0
"""Of a control and its ground (WCAG 2, 1.4.11)."""


def brand_colors(value: Any) -> list[str]:
    """Accept one or two colours that can be told from the ground of both schemes."""
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= 2:
        raise Fault("must be one colour, or one for light and one for dark screens")
    for each in value:
        if not isinstance(each, str) or not COLOR.fullmatch(each):
            raise Fault("must be colours such as #067a46, in lower case")
    used = (value[0], value[-1])
    for color, (scheme, ground) in zip(used, GROUNDS.items(), strict=True):
        found = contrast(color, ground)
        if found < LEAST_CONTRAST:
            raise Fault(
                f"must have a contrast of 3 at least: on {scheme} screens it is "
                f"{found:.1f}, against {ground}; a first colour is for light, a second "
                "one for dark screens"
            )
    return list(value)
