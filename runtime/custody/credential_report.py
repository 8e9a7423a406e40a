"""What an operator sees of a credential: its age and its troubles, never its value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Credential:
    """One credential in custody; times in seconds by Redis' clock, None if unknown.

    `remaining` is 0 where no value lives. `fetches_today` and `forced_today` count
    since midnight in China, when WeChat's own quotas begin anew.
    """

    name: str
    age: float | None
    remaining: float
    due_in: float | None
    fence: int
    being_fetched: bool
    errcode: int | None
    errmsg: str | None
    retry_in: float | None
    fetches_today: int
    forced_today: int


def credential_from(name: str, fields: Mapping[str, str]) -> Credential:
    """Return the credential that a hash's fields describe."""
    now = int(fields["now"])

    def until(field: str) -> float | None:
        return (int(fields[field]) - now) / 1000 if field in fields else None

    fetched, retry_in = until("fetched_at"), until("retry_at")
    today = int(fields.get("day", 0)) == (now // 1000 + 28800) // 86400
    failed = "errcode" in fields
    return Credential(
        name=name,
        age=-fetched if fetched is not None else None,
        remaining=max(until("expires_at") or 0.0, 0.0),
        due_in=until("due_at"),
        fence=int(fields.get("fence", 0)),
        being_fetched=(until("lease_until") or 0.0) > 0,
        errcode=int(fields["errcode"]) if failed else None,
        errmsg=fields["errmsg"] if failed else None,
        retry_in=retry_in if retry_in and retry_in > 0 else None,
        fetches_today=int(fields.get("fetches", 0)) if today else 0,
        forced_today=int(fields.get("forced", 0)) if today else 0,
    )
