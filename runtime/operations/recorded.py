"""Performance of a command with its objects in the audit log, for every way to it.

Before the command an object says who begins what, and without it nothing is done.
After it another one has the outcome, and what has changed in which document.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.documents.audit_objects import UNKNOWN
from runtime.documents.documents import Written
from runtime.documents.store import StoreAway
from runtime.errors import GatewayError, ServiceUnavailable
from runtime.gateway import Gateway
from runtime.operations import audit_log
from runtime.operations.shown_changes import shown_change
from runtime.operations.verbs import Operation, Run, operation, perform, try_out
from runtime.registry.known_users import document_id
from runtime.registry.rules import Fault
from runtime.registry.schema import checked_fields

log = logging.getLogger("gateway.admin")

MOST_SHOWN = 20
"""Documents of which one command's outcome shows what has changed; others are named."""

MOST_NAMED = 1000
"""Documents that one command's outcome names; `more` has the number of the others."""

NOT_RECORDED = "audit"
"""The field of an answer that says that the outcome was not written."""

_WAITS = (
    "The documents are away: this command waits in Redis for the audit log, which the "
    "next one writes when they are back."
)

# What has another form may be a secret or an openid in this place, and is not written.
_NAMES = {
    "appid": r"w[wx][0-9a-z]{1,30}",
    "client_id": r"(?!.*[0-9a-f]{32})[a-z0-9_-]{1,40}",
    "kind": r"[a-z]{1,16}",
    "id": r"[0-9a-f]{64}|(?!.*[0-9a-f]{32})[a-z0-9_-]{1,64}",
    "route": r"(?!.*[0-9a-f]{32})[a-z0-9]{4,32}",
    "push": r"[0-9]{1,16}-[0-9]{1,16}",
    "only": r"[a-z_]{1,20}",
    "condition": r"[a-z_]{1,30}",
    "of": r"[a-z]{1,16}/[0-9a-f]{64}|(?!.*[0-9a-f]{32})[A-Za-z0-9_./-]{1,100}",
    "role": r"[a-z]{1,16}",
}
_JOB = r"[0-9]{1,16}-[0-9]{1,16}(?:/[a-z0-9]{4,31})?"
_FIELD = r"[a-z_]{1,28}"
_FLAGS = (
    *("force", "finish", "all", "content", "openids", "secrets", "with_secrets"),
    *("new_salt", "readable", "copies", "over", "missing"),
)
_MOST_JOBS = 100


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator as far as known, and the `way` of the command."""

    who: str
    way: str
    address: str = ""
    request_id: str = ""


def perform_recorded(
    gateway: Gateway,
    command: tuple[str, str],
    arguments: Mapping[str, Any],
    operator: Operator,
    *,
    run: Run | None = None,
    always: bool = False,
) -> dict[str, Any]:
    """Perform a command as `perform` does; record it if it changes or reveals a thing.

    With `always` it is recorded also if it only reads.

    `reason` among its arguments then says why, in the audit log and of each version
    that it writes.

    ServiceUnavailable, and nothing is done, if the audit log cannot be written, unless
    the command needs Redis alone, where its act then waits. If it fails only after the
    command, the answer says so in `audit`. `run` is done in place of the command's own
    function.
    """
    wanted = operation(*command)
    run = run or wanted.run
    reason, arguments = _without_reason(wanted, arguments)
    if wanted.is_trial(arguments):
        return try_out(run, gateway, arguments)
    if not wanted.is_recorded and not always:
        if command[0] == "audit":
            audit_log.take_waiting(gateway)
        return perform(run, gateway, arguments)
    act = _act(command, arguments, operator, reason)
    begun = _begin(gateway, act, in_redis=wanted.needs_redis_alone(arguments))
    outcome, fault = GatewayError.code, ""
    author = {
        **{"who": operator.who, "way": operator.way, "what": " ".join(command)},
        **{"reason": reason, "act": begun.name},
    }
    with gateway.documents.noting(author) as written:
        try:
            done = perform(run, gateway, arguments)
            outcome = "done"
        except GatewayError as error:
            outcome = error.code
            raise
        except KeyboardInterrupt:
            outcome = UNKNOWN
            raise
        finally:
            fault = _end(gateway, begun, outcome, written)
    if begun.waits:
        done = {**done, "warnings": [*done.get("warnings", ()), _WAITS]}
    return {**done, NOT_RECORDED: fault} if fault else done


_LONGEST_REASON = 200
# An AppSecret, or an AES key of pushes.
_SECRET = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9a-f]{32}|[0-9A-Za-z]{43})(?![0-9A-Za-z])", re.IGNORECASE
)


def _why(value: Any) -> str:
    is_line = isinstance(value, str) and value.isprintable()
    if not is_line or not 0 < len(value.strip()) <= _LONGEST_REASON:
        raise Fault(f"must be one line of 1 to {_LONGEST_REASON} characters")
    if _SECRET.search(value):
        raise Fault("must not hold what looks like a secret")
    return str(value.strip())


def _without_reason(
    wanted: Operation, arguments: Mapping[str, Any]
) -> tuple[str, Mapping[str, Any]]:
    """Return the reason, "" if none is given, and the other arguments."""
    if not wanted.is_recorded or "reason" not in arguments:
        return "", arguments
    rest = {name: value for name, value in arguments.items() if name != "reason"}
    reason = checked_fields({"reason": arguments["reason"]}, {"reason": _why})["reason"]
    return reason, rest


def _act(
    command: tuple[str, str],
    arguments: Mapping[str, Any],
    operator: Operator,
    reason: str,
) -> dict[str, Any]:
    noun, verb = command
    return {
        "who": operator.who,
        "way": operator.way,
        "from": operator.address,
        "request_id": operator.request_id,
        "noun": noun,
        "verb": verb,
        "names": {**_names(arguments), **_alert(noun, arguments)},
        "given": sorted(each for each in arguments if _fits(_FIELD, each)),
        **({"reason": reason} if reason else {}),
    }


def _begin(
    gateway: Gateway, act: Mapping[str, Any], *, in_redis: bool
) -> audit_log.Begun:
    try:
        return audit_log.begin(gateway, act, in_redis=in_redis)
    except OSError as error:
        reason = f"The audit log cannot be written ({_reason(error)}): nothing is done."
        raise ServiceUnavailable(message=reason) from None


def _end(
    gateway: Gateway, begun: audit_log.Begun, outcome: str, written: list[Written]
) -> str:
    """Write the outcome; return a sentence if that fails, "" otherwise."""
    changes = []
    for place, each in enumerate(written[:MOST_NAMED]):
        change = {"document": f"{each.kind}/{each.id}", "version": each.version}
        more = shown_change(gateway, each) if place < MOST_SHOWN else {}
        changes.append({**change, **more})
    left = len(written) - len(changes)
    content = {
        "outcome": outcome,
        "changes": changes,
        **({"more": left} if left else {}),
    }
    try:
        audit_log.end(gateway, begun, content)
    except OSError as error:
        name, reason = begun.name, _reason(error)
        log.error("%s: outcome %s not in the audit log, %s", name, outcome, reason)
        return (
            f"The outcome of {name} is not in the audit log ({reason}): "
            "what this answer tells has happened."
        )
    return ""


def _names(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ids and flags among the arguments; a user's sub as its hash."""
    found: dict[str, Any] = {
        name: arguments[name]
        for name, form in _NAMES.items()
        if _fits(form, arguments.get(name))
    }
    found |= {name: True for name in _FLAGS if arguments.get(name) is True}
    if type(to := arguments.get("to")) is int:
        found["to"] = to
    jobs = arguments.get("jobs")
    if isinstance(jobs, (list, tuple)):
        found["jobs"] = [each for each in jobs if _fits(_JOB, each)][:_MOST_JOBS]
    sub = arguments.get("sub")
    if isinstance(sub, str) and sub and sub.isprintable():
        found["id"] = sub if _fits(r"[0-9a-f]{64}", sub) else document_id(sub)
    return found


def _alert(noun: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return an alert's name; that of another document is text of its own."""
    name = arguments.get("name")
    return {"name": name} if noun == "alert" and _fits(_NAMES["id"], name) else {}


def _fits(form: str, value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(form, value))


def _reason(error: OSError) -> str:
    return str(error) if isinstance(error, StoreAway) else type(error).__name__
