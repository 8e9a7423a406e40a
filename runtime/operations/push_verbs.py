"""Commands on stored pushes: `push list|show|replay|drop|pause|resume`.

No answer has a user's openid or message, except where `push show` is asked for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from runtime.crypto.envelope import CannotOpen
from runtime.gateway import Gateway
from runtime.operations.editing import ID
from runtime.operations.push_reasons import delivery
from runtime.operations.refusals import OperationRefused, UnknownDocument, unknown
from runtime.push.deliveries import NO_APP, Job
from runtime.push.journal import JournalEntry
from runtime.push.push_message import Message
from runtime.registry.rules import flag, many, text, whole
from runtime.registry.schema import InvalidDocument, checked_fields

MOST_LISTED = 500

MOST_AT_ONCE = 1000
"""Dead letters that one call replays or drops."""

_ENTRY = text(r"[0-9]{1,16}-[0-9]{1,16}", "the id that push list prints")
_JOB = text(r"[A-Za-z0-9_.@-]{1,80}(?:/[A-Za-z0-9_-]{1,64})?", "ids of push list")


def list_(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return an app's stored pushes, the newest first, and what became of each.

    With `dead` its dead letters. `before` is the last id of the list before.
    """
    rules = {
        **{"appid": ID, "dead": flag, "before": _ENTRY},
        "most": whole(1, MOST_LISTED),
    }
    known = checked_fields(arguments, rules, needed=("appid",))
    appid, most = known["appid"], known.get("most", 50)
    dead = gateway.dead_letters.count(appid)
    shown: dict[str, Any] = {
        "paused": gateway.push_pauses.is_paused(appid),
        **_paused_routes(gateway, appid),
        "dead_letters": dead,
    }
    if known.get("dead"):
        jobs = gateway.dead_letters.list(appid, most=most)
        _refuse_unknown(gateway, appid, jobs)
        return {**shown, "dead": [_dead(each) for each in jobs]}
    entries = gateway.push_journal.newest(
        appid, most=most, before=known.get("before", "")
    )
    _refuse_unknown(gateway, appid, entries)
    return {**shown, "pushes": [_push(gateway, appid, each) for each in entries]}


def show(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return one stored push and each of its deliveries.

    With `content` also the sender, the message and what services have answered.
    """
    rules = {"appid": ID, "push": _ENTRY, "content": flag}
    known = checked_fields(arguments, rules, needed=("appid", "push"))
    appid = known["appid"]
    entry = gateway.push_journal.one(appid, known["push"])
    if entry is None:
        raise UnknownDocument(
            f"There is no push {known['push']} of {appid}, or it has ended: "
            f"push list {appid}."
        )
    content = known.get("content", False)
    message = _message(gateway, appid, entry.entry)
    answer = {
        "appid": appid,
        **_push(gateway, appid, entry),
        **_paused_routes(gateway, appid),
    }
    answer["deliveries"] = [
        _delivery(gateway, each, content=content) for each in entry.jobs
    ]
    if content and message:
        answer["openid"] = message.openid
        answer["message"] = message.body.decode(errors="replace")
    return answer


def replay(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Let dead letters be delivered after all, from the start.

    A service may get a push twice that it has had, which `unknown` and `timeout` do not
    exclude. `jobs` are ids that `push list --dead` returns; with `all`, all of them,
    or those of one `route`.
    """
    return _for_each(gateway, arguments, "replayed", gateway.dead_letters.replay)


def drop(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Remove dead letters, so that their pushes are finished; named as in `replay`."""
    return _for_each(gateway, arguments, "dropped", gateway.dead_letters.drop)


def pause(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Acknowledge and store an app's pushes, and deliver nothing until `resume`.

    With `route` only that route waits.
    """
    known = _paused_one(gateway, arguments)
    appid, route = known["appid"], known.get("route")
    if route:
        gateway.push_pauses.pause_target(f"{appid}/{route}")
    else:
        gateway.push_pauses.pause_app(appid)
    return {**known, "paused": True, "ends": "at push resume, or after 30 days"}


def resume(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Deliver again what has waited, in the order in which it came.

    With `route` only what waits for that route, also if it was paused by itself.
    """
    known = _paused_one(gateway, arguments)
    appid, route = known["appid"], known.get("route")
    if route:
        gateway.push_pauses.resume_target(f"{appid}/{route}")
        return {**known, "paused": False}
    waited = gateway.push_pauses.resume_app(appid)
    return {**known, "paused": False, "waited": waited}


def _paused_one(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    rules = {"appid": ID, "route": ID}
    known = checked_fields(arguments, rules, needed=("appid",))
    appid, route = known["appid"], known.get("route")
    _refuse_unknown(gateway, appid)
    if route and route not in _own_routes(gateway, appid):
        raise UnknownDocument(
            f"There is no route {route} of {appid}: push route list {appid} lists "
            "them. Those of an account without a document are its component's."
        )
    return known


def _own_routes(gateway: Gateway, appid: str) -> list[str]:
    app = gateway.registry.own_app(appid)
    return [each.id for each in app.routes] if app else []


def _refuse_unknown(gateway: Gateway, appid: str, found: Sequence[object] = ()) -> None:
    """Raise UnknownDocument for an app that there is not, and of which nothing is."""
    if not found and appid != NO_APP and gateway.registry.app(appid) is None:
        raise unknown("apps", appid)


def _paused_routes(gateway: Gateway, appid: str) -> dict[str, dict[str, str]]:
    """Return which routes wait, and until when; nothing if none does."""
    ids = _own_routes(gateway, appid)
    pauses = gateway.push_pauses.of_targets([f"{appid}/{id_}" for id_ in ids])
    found = {
        id_: "until push resume"
        if pause.by_operator
        else f"until {_moment(pause.ends)}"
        for id_, pause in zip(ids, pauses, strict=True)
        if pause
    }
    return {"paused_routes": found} if found else {}


def _for_each(
    gateway: Gateway,
    arguments: Mapping[str, Any],
    done: str,
    change: Callable[[str], bool],
) -> dict[str, Any]:
    rules = {
        **{"appid": ID, "jobs": many(_JOB, most=MOST_AT_ONCE), "all": flag},
        "route": ID,
    }
    known = checked_fields(arguments, rules, needed=("appid",))
    appid, named = known["appid"], known.get("jobs", [])
    if named and known.get("all"):
        raise InvalidDocument("jobs", "do not go with all: name some, or take all")
    if not named and not known.get("all"):
        raise InvalidDocument("jobs", "are missing: name some, or take all")
    if named and "route" in known:
        raise InvalidDocument("route", "is for all: a named job has its route")
    ids = [f"{appid}/{each}" for each in named] or [
        job.id
        for job in gateway.dead_letters.list(appid, most=MOST_AT_ONCE)
        if known.get("route") in (None, job.route)
    ]
    _refuse_unknown(gateway, appid, ids)
    changed = [id_ for id_ in ids if change(id_)]
    missing = [_short(id_) for id_ in ids if id_ not in set(changed)]
    if named and not changed:
        raise OperationRefused(
            f"None of these is a dead letter of {appid}: push list {appid} --dead."
        )
    left = gateway.dead_letters.count(appid)
    answer = {"appid": appid, done: len(changed), "dead_letters": left}
    return {**answer, **({"no_dead_letters": missing} if missing and named else {})}


def _push(gateway: Gateway, appid: str, entry: JournalEntry) -> dict[str, Any]:
    message = _message(gateway, appid, entry.entry)
    return {
        "push": entry.entry,
        "time": _moment(entry.received),
        "type": _type(message) if message else "cannot be opened",
        "bytes": entry.size,
        "deliveries": _states(entry.jobs),
    }


def _message(gateway: Gateway, appid: str, entry: str) -> Message | None:
    try:
        return gateway.inbox.read(appid, entry)
    except CannotOpen:
        return None


def _type(message: Message) -> str:
    names = (message.info_type, message.msg_type, message.event)
    return " ".join(name[:64] for name in names if name) or "-"


def _states(jobs: Sequence[Job]) -> dict[str, str]:
    return {
        job.route: f"{job.state}, {job.reason}" if job.reason else job.state
        for job in jobs
    }


def _dead(job: Job) -> dict[str, Any]:
    return {
        "job": _short(job.id),
        "kind": job.kind,
        "target": job.target,
        "time": _moment(job.began),
        "attempts": job.attempts,
        "reason": job.reason,
        "meaning": delivery(job.reason),
    }


def _delivery(gateway: Gateway, job: Job, *, content: bool) -> dict[str, Any]:
    row = {
        "job": _short(job.id),
        "kind": job.kind,
        "state": job.state,
        "began": _moment(job.began),
        "attempts": job.attempts,
        "reason": job.reason,
        "meaning": delivery(job.reason) if job.reason else "",
    }
    if content:
        row["answer"] = _answer(gateway, job)
    return row


def _answer(gateway: Gateway, job: Job) -> str:
    try:
        return gateway.deliveries.answer(job.id)[1]
    except CannotOpen:
        return "cannot be opened"


def _short(job_id: str) -> str:
    return job_id.partition("/")[2]


def _moment(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return moment.isoformat(timespec="seconds")
