"""The wait of `app check`: it tells what comes from WeChat as it comes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from management.words import N_

SECONDS = 300
"""How long `app check` waits unless it is told another time."""

_WAIT_AT_ONCE = 20.0

Perform = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def check_app(
    perform: Perform,
    arguments: Mapping[str, Any],
    *,
    seconds: float,
    tell: Callable[[Mapping[str, Any]], None],
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, Any]:
    """Return what is tried, what is to be entered, and what came within this time.

    It ends with the first check or push that is accepted. `tell` gets what an operator
    should see meanwhile. Without any in time, `faults` says so.
    """
    first = dict(perform(arguments))
    since, wrong = first.pop("now"), first.get("faults", [])
    if "seen" not in first:  # WeChat pushes nothing to this kind
        return first
    seen = [_row(each) for each in first.pop("seen")]
    if not seconds:
        return {**first, "seen": seen}
    tell({**first, "seen": seen})
    of_wecom = first.get("kind") == "wecom"
    waiting = f"{seconds:g} s for WeChat: save the form, or send a message"
    if of_wecom:
        waiting = f"{seconds:g} s for WeCom: save the form, or send a message"
    tell({"waiting": waiting})
    came = []
    for row in _new(
        perform, arguments, since=since, until=clock() + seconds, clock=clock
    ):
        came.append(row)
        tell({"came": " ".join(value for value in row.values() if value)})
        if row["outcome"] == "accepted":
            return {**first, "seen": came}
    refused = "nothing that is accepted" if came else N_("nothing")
    fault = (
        f"{refused} came from WeChat in {seconds:g} s: compare the URL in the console "
        "with this one, and whether the Internet reaches it"
    )
    if of_wecom:
        fault = (
            f"{refused} came from WeCom in {seconds:g} s: compare the URL in the app's "
            "administration with this one, and whether the Internet reaches it"
        )
    return {**first, "seen": came, "faults": [*wrong, fault]}


def _new(
    perform: Perform,
    arguments: Mapping[str, Any],
    *,
    since: float,
    until: float,
    clock: Callable[[], float],
) -> Iterator[dict[str, str]]:
    while (left := until - clock()) > 0:
        wait = min(left, _WAIT_AT_ONCE)
        found = perform({**arguments, "since": since, "wait": wait})
        for each in found["seen"]:
            since = max(since, each["at"])
            yield _row(each)


def _row(event: Mapping[str, Any]) -> dict[str, str]:
    return {name: event[name] for name in ("time", "what", "outcome", "meaning")}
