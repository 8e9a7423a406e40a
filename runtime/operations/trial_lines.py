"""Lines of `app check`: what was tried, what is known of it, and what mends it."""

from __future__ import annotations

from typing import NamedTuple

OK, WRONG, UNKNOWN = "ok", "not ok", "cannot be known"

API, CALLBACK_DOMAIN = "WeChat's API", "callback domain"


class Trial(NamedTuple):
    """A line of the check."""

    what: str
    state: str
    says: str
