"""Phone of the simulated WeChat user."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.state.users import User


@dataclass(slots=True)
class Phone:
    """The user who holds it, and whether it opens pages in preview mode."""

    user: User
    snapshot: bool = False
