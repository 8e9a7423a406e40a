"""Command `app check`: is an app set up at WeChat, and what is to be entered there.

It tries what can be tried, waits for the check of the URL or for a push, and tells what
came and what was wrong with it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit

from runtime.documents.documents import Document
from runtime.gateway import Gateway
from runtime.operations import editing
from runtime.operations.app_console import console_of, entries
from runtime.operations.app_trials import TAKEN, lost, trials
from runtime.operations.editing import ID
from runtime.operations.push_reasons import refusal
from runtime.operations.refusals import OperationRefused, UnreadableDocument
from runtime.operations.simulated import is_simulated
from runtime.operations.trial_lines import WRONG
from runtime.push.last_seen import ACCEPTED, Seen, Sighting
from runtime.registry.models import AUTHORIZED_KIND, PUSHED_KINDS
from runtime.registry.rules import between, flag
from runtime.registry.schema import checked_fields

LONGEST_WAIT = 25.0
"""Seconds of one call; whoever waits longer calls again with the `now` of before."""

POLL_SECONDS = 0.5


def check(
    gateway: Gateway,
    arguments: Mapping[str, Any],
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, Any]:
    """Return what WeChat tells, what to enter in its console, and what it sent last.

    With `since`, a `now` of an answer before, it tries nothing, and waits up to `wait`
    seconds for what comes after that. With `secrets` the values of token and AES key
    are returned. `faults` names the trials that found something wrong. An app to which
    WeChat pushes nothing has no `seen`.
    """
    rules = {
        "appid": ID,
        "secrets": flag,
        "since": between(0, 10**11),
        "wait": between(0, LONGEST_WAIT),
    }
    known = checked_fields(arguments, rules, needed=("appid",))
    appid = known["appid"]
    found = editing.find(gateway, "apps", appid)
    _refuse_account(appid, found)
    # Before it reads: what comes meanwhile is after it. Notes have whole milliseconds.
    now = math.floor(gateway.last_seen.time() * 1000 - 1) / 1000
    since, until = known.get("since"), clock() + known.get("wait", 0.0)
    while True:
        seen = gateway.last_seen.read(appid)
        events = _events(appid, seen, since)
        if since is None or events or clock() >= until:
            break
        sleep(POLL_SECONDS)
    kind = found.content["kind"]
    return {
        "appid": appid,
        "kind": kind,
        "console": console_of(kind),
        "now": now,
        **(_tried(gateway, appid, seen) if since is None else {}),
        "enter": entries(
            gateway, appid, found.content, secrets=known.get("secrets", False)
        ),
        **({"seen": events} if kind in PUSHED_KINDS else {}),
        **_warnings(gateway),
    }


def _tried(gateway: Gateway, appid: str, seen: Seen) -> dict[str, Any]:
    try:
        app = gateway.registry.own_app(appid)
        done = trials(gateway, app, seen) if app else []
    except UnreadableDocument:
        done = [lost(appid)]
    wrong = [each.what for each in done if each.state == WRONG]
    rows = [each._asdict() for each in done]
    return {"trials": rows, **({"faults": wrong} if wrong else {})}


def _warnings(gateway: Gateway) -> dict[str, list[str]]:
    port = urlsplit(gateway.settings.public_base_url).port
    if port in (None, 80, 443) or is_simulated(gateway):
        return {}
    return {"warnings": [f"WeChat calls the ports 80 and 443 only, and never {port}."]}


def _refuse_account(appid: str, found: Document) -> None:
    if found.content["kind"] == AUTHORIZED_KIND:
        raise OperationRefused(
            f"{appid} is of kind authorized: its component is set up at WeChat, and "
            "what users send to it comes to that. See component status."
        )


def _events(appid: str, seen: Seen, since: float | None) -> list[dict[str, Any]]:
    rows = [
        _event("check", seen.check, appid),
        _event("push", seen.refused, appid),
        _event("push", seen.taken, appid),
    ]
    found = [row for row in rows if row and (since is None or row["at"] > since)]
    return sorted(found, key=lambda row: row["at"])


def _event(what: str, sighting: Sighting | None, appid: str) -> dict[str, Any] | None:
    if sighting is None:
        return None
    accepted = sighting.outcome in TAKEN
    moment = datetime.fromtimestamp(sighting.at, timezone.utc)
    return {
        "what": what,
        "time": moment.isoformat(timespec="seconds"),
        "outcome": ACCEPTED if accepted else f"refused, {sighting.outcome}",
        "meaning": "" if accepted else refusal(sighting.outcome, appid),
        "at": sighting.at,
    }
