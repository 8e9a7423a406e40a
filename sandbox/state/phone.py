"""The phone that a person plays the WeChat user with."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.state.people import User


@dataclass(slots=True)
class Phone:
    """Who holds it, and whether it opens pages as a snapshot (preview mode)."""

    user: User
    snapshot: bool = False
