"""Command `push listen`: copies of testers' pushes for a developer's machine.

The command line asks again and again; each call waits for what comes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from runtime.crypto.envelope import CannotOpen
from runtime.gateway import Gateway
from runtime.operations.editing import ID
from runtime.operations.refusals import OperationRefused, UnknownDocument
from runtime.operations.simulated import is_simulated
from runtime.push.inbox import sender_of
from runtime.registry.route_fields import MATCH
from runtime.registry.rules import between, many, text
from runtime.registry.schema import checked_fields

LONGEST_WAIT = 25.0

POLL_SECONDS = 0.5

MOST_TESTERS = 20

_RULES = {
    "appid": ID,
    "openids": many(lambda value: MATCH["openid"]([value])[0], most=MOST_TESTERS),
    "since": text(r"[0-9]{1,16}-[0-9]{1,16}", "what the call before has returned"),
    "wait": between(0, LONGEST_WAIT),
}


def listen(
    gateway: Gateway,
    arguments: Mapping[str, Any],
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, Any]:
    """Return the pushes of these testers that came after `since`.

    It waits up to `wait` seconds for one. Without `since` it returns at once what the
    next call is to name. Without `openids` all pushes come, from the sandbox alone.
    """
    known = checked_fields(arguments, _RULES, needed=("appid",))
    appid, openids = known["appid"], known.get("openids", [])
    if gateway.registry.app(appid) is None:
        raise UnknownDocument(f"There is no apps/{appid}: app list.")
    if not openids and not is_simulated(gateway):
        raise OperationRefused(
            "The messages of all users come only where the platform is the sandbox: "
            "name the testers by --openid."
        )
    since = known.get("since")
    if since is None:
        newest = gateway.push_listening.newest(appid)
        return {"appid": appid, "since": newest, "pushes": []}
    senders = {sender_of(appid, each) for each in openids}
    until = clock() + known.get("wait", 0.0)
    while True:
        arrived = gateway.push_listening.after(appid, since)
        pushes = _pushes(gateway, appid, arrived.entries, senders)
        if pushes or clock() >= until:
            return {"appid": appid, "since": arrived.until, "pushes": pushes}
        if since == arrived.until:
            sleep(POLL_SECONDS)
        since = arrived.until


def _pushes(
    gateway: Gateway,
    appid: str,
    entries: Sequence[tuple[str, str]],
    senders: set[str],
) -> list[dict[str, Any]]:
    found = []
    for entry, sender in entries:
        if senders and sender not in senders:
            continue
        try:
            message = gateway.inbox.read(appid, entry)
        except CannotOpen:
            continue
        if message:
            found.append({"push": entry, "message": message.body.decode()})
    return found
