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
from runtime.operations.refusals import OperationRefused, unknown
from runtime.operations.simulated import is_simulated
from runtime.push.inbox import sender_of
from runtime.push.passive_replies import BadReply, check_reply, sender_for
from runtime.push.wecom_pushes import receive_id_for
from runtime.registry.models import App
from runtime.registry.route_fields import MATCH
from runtime.registry.rules import Fault, between, many, text
from runtime.registry.schema import checked_fields

LONGEST_WAIT = 25.0

POLL_SECONDS = 0.5

MOST_TESTERS = 20

MOST_REPLIES = 100

_entry = text(r"[0-9]{1,16}-[0-9]{1,16}", "what the call before has returned")


def _replies(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping) or len(value) > MOST_REPLIES:
        raise Fault(f"must be up to {MOST_REPLIES} texts by push")
    if not all(isinstance(each, str) for each in value.values()):
        raise Fault(f"must be up to {MOST_REPLIES} texts by push")
    return {_entry(push): reply for push, reply in value.items()}


_RULES = {
    "appid": ID,
    "openids": many(lambda value: MATCH["openid"]([value])[0], most=MOST_TESTERS),
    "since": _entry,
    "wait": between(0, LONGEST_WAIT),
    "replies": _replies,
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
    `replies`, by push, are sent to users as customer-service messages, in the sandbox
    alone; `replied` tells of each why it was not, "" if it was. A push of WeCom has the
    `receive_id` for which it was encrypted.
    """
    known = checked_fields(arguments, _RULES, needed=("appid",))
    appid, openids = known["appid"], known.get("openids", [])
    app = gateway.registry.app(appid)
    if app is None:
        raise unknown("apps", appid)
    if not openids and not is_simulated(gateway):
        raise OperationRefused(
            "The messages of all users come only where the platform is the sandbox: "
            "name the testers by --openid."
        )
    shown: dict[str, Any] = {"appid": appid}
    if "replies" in known:
        shown["replied"] = _replied(gateway, app, known["replies"])
    since = known.get("since")
    if since is None:
        newest = gateway.push_listening.newest(appid)
        return {**shown, "since": newest, "pushes": []}
    if app.is_wecom:  # it tells no capital letter from a small one
        openids = [each.lower() for each in openids]
    senders = {sender_of(appid, each) for each in openids}
    until = clock() + known.get("wait", 0.0)
    while True:
        arrived = gateway.push_listening.after(appid, since)
        pushes = _pushes(gateway, app, arrived.entries, senders)
        if pushes or clock() >= until:
            return {**shown, "since": arrived.until, "pushes": pushes}
        if since == arrived.until:
            sleep(POLL_SECONDS)
        since = arrived.until


def _replied(gateway: Gateway, app: App, replies: Mapping[str, str]) -> dict[str, str]:
    if not is_simulated(gateway):
        raise OperationRefused(
            "A developer's machine replies only where the platform is the sandbox: "
            "leave --reply out."
        )
    return {
        push: _sent(gateway, app, push, text_.encode())
        for push, text_ in replies.items()
    }


def _sent(gateway: Gateway, app: App, push: str, reply: bytes) -> str:
    """Send one reply; return why it was not sent."""
    message = gateway.inbox.read(app.appid, push)
    if message is None:
        return "ended"
    try:
        checked = check_reply(
            reply,
            message,
            sender_for(app),
            may_send=True,
            longest_text=gateway.settings.push_text_bytes,
        )
    except BadReply as bad:
        return bad.reason
    return gateway.late_replies.send_now(app, checked)


def _pushes(
    gateway: Gateway,
    app: App,
    entries: Sequence[tuple[str, str]],
    senders: set[str],
) -> list[dict[str, Any]]:
    found = []
    for entry, sender in entries:
        if senders and sender not in senders:
            continue
        try:
            message = gateway.inbox.read(app.appid, entry)
        except CannotOpen:
            continue
        if message:
            made = {"push": entry, "message": message.body.decode()}
            if app.is_wecom:
                made["receive_id"] = receive_id_for(app, message)
            found.append(made)
    return found
