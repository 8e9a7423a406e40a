"""Phone of the simulated WeChat user."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.state.users import User


@dataclass(slots=True)
class Phone:
    """Who holds it, and whether it opens pages as a snapshot (preview mode)."""

    user: User
    snapshot: bool = False
