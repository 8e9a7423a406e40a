"""Table of all commands by noun and verb, and how one is performed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from runtime.documents.bucket_codes import meaning_of
from runtime.documents.documents import VersionExists
from runtime.documents.store import StoreAway
from runtime.errors import RedisFault, ServiceUnavailable
from runtime.gateway import Gateway
from runtime.operations import (
    access_verbs,
    acknowledgements,
    alert_verbs,
    app_check,
    app_verbs,
    audit_verbs,
    call_verbs,
    client_verbs,
    component_verbs,
    console_verbs,
    document_verbs,
    editing,
    push_listen,
    push_verbs,
    redis_verbs,
    route_trial,
    route_verbs,
    settings_verbs,
    status_verbs,
    store_import,
    store_verbs,
    token_verbs,
    transfer,
    user_verbs,
)
from runtime.operations.refusals import OperationRefused, UnknownVerb

Run = Callable[[Gateway, Mapping[str, Any]], dict[str, Any]]

DRY_RUN = "dry_run"
"""The argument that lets a command check its other arguments and write nothing."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A command; `changes` tells whether it may change something.

    `makes_due` tells whether deliver may have something to do after it, `reveals` that
    it changes nothing and shows what no other list shows, such as who a user is.
    `edits` tells that it checks everything, writes one document and does nothing else:
    with `dry_run` it ends before it writes. One that is `in_redis` alone goes on
    without the bucket: its act waits in Redis. With the flag `rescue` it is that, too.
    """

    run: Run
    changes: bool
    makes_due: bool = False
    reveals: bool = False
    edits: bool = False
    rescue: str = ""
    in_redis: bool = False

    @property
    def is_recorded(self) -> bool:
        """Tell whether the command stands in the audit log."""
        return self.changes or self.reveals

    def needs_redis_alone(self, arguments: Mapping[str, Any]) -> bool:
        """Tell whether the command can be done, and recorded, without the store."""
        return self.in_redis or arguments.get(self.rescue) is True

    def is_trial(self, arguments: Mapping[str, Any]) -> bool:
        """Tell whether these arguments are only to be checked."""
        return self.edits and arguments.get(DRY_RUN) is True


def _reads(run: Run) -> Operation:
    return Operation(run, changes=False)


def _reveals(run: Run) -> Operation:
    return Operation(run, changes=False, reveals=True)


def _changes(run: Run) -> Operation:
    return Operation(run, changes=True)


def _edits(run: Run) -> Operation:
    return Operation(run, changes=True, edits=True)


def _makes_due(run: Run) -> Operation:
    return Operation(run, changes=True, makes_due=True)


def _in_redis(run: Run, *, makes_due: bool = False) -> Operation:
    return Operation(run, changes=True, makes_due=makes_due, in_redis=True)


OPERATIONS: Mapping[tuple[str, str], Operation] = {
    ("status", "show"): _reads(status_verbs.show),
    ("calls", "show"): _reads(call_verbs.show),
    ("app", "add"): _edits(app_verbs.add),
    ("app", "list"): _reads(app_verbs.list_),
    ("app", "show"): _reads(app_verbs.show),
    ("app", "update"): _edits(app_verbs.update),
    ("app", "remove"): _changes(app_verbs.remove),
    ("app", "check"): _changes(app_check.check),  # it may show secrets: that is logged
    ("client", "add"): _edits(client_verbs.add),
    ("client", "list"): _reads(client_verbs.list_),
    ("client", "show"): _reads(client_verbs.show),
    ("client", "update"): _edits(client_verbs.update),
    ("client", "rotate"): _changes(access_verbs.rotate),
    ("client", "revoke"): _changes(access_verbs.revoke),
    ("client", "disable"): _changes(access_verbs.disable),
    ("client", "enable"): _changes(access_verbs.enable),
    ("client", "remove"): _changes(client_verbs.remove),
    ("person", "add"): _changes(user_verbs.add),
    ("person", "list"): _reads(user_verbs.list_),
    ("person", "show"): _reveals(user_verbs.show),
    ("person", "update"): _changes(user_verbs.update),
    ("person", "remove"): _makes_due(user_verbs.remove),
    ("person", "sign-out"): _in_redis(user_verbs.sign_out, makes_due=True),
    ("token", "show"): _reads(token_verbs.show),
    ("token", "refresh"): _in_redis(token_verbs.refresh),
    ("push", "route-add"): _edits(route_verbs.add),
    ("push", "route-list"): _reveals(route_verbs.list_),  # it may show openids
    ("push", "route-update"): _edits(route_verbs.update),
    ("push", "route-remove"): _changes(route_verbs.remove),
    ("push", "list"): _reads(push_verbs.list_),
    ("push", "show"): _changes(push_verbs.show),  # it may show a user's message
    ("push", "replay"): _in_redis(push_verbs.replay, makes_due=True),
    ("push", "drop"): _in_redis(push_verbs.drop),
    ("push", "pause"): _in_redis(push_verbs.pause),
    ("push", "resume"): _in_redis(push_verbs.resume, makes_due=True),
    ("push", "listen"): _changes(push_listen.listen),  # it shows testers' messages
    ("push", "test"): _changes(route_trial.try_route),  # the service may do something
    ("component", "add"): _edits(component_verbs.add),
    ("component", "status"): _reads(component_verbs.status),
    ("component", "start-push"): _changes(component_verbs.start_pushes),
    ("component", "authorizers"): _reads(component_verbs.list_authorizers),
    ("component", "pull"): _changes(component_verbs.pull),
    ("alert", "add"): _edits(alert_verbs.add),
    ("alert", "list"): _reads(alert_verbs.list_),
    ("alert", "show"): _reads(alert_verbs.show),
    ("alert", "update"): _edits(alert_verbs.update),
    ("alert", "remove"): _changes(alert_verbs.remove),
    ("alert", "test"): _changes(alert_verbs.send_sample),  # it posts to a chat
    ("alert", "acknowledge"): _changes(acknowledgements.acknowledge),
    ("operator", "add"): _changes(console_verbs.add),
    ("operator", "list"): _reads(console_verbs.list_),
    ("operator", "remove"): _changes(console_verbs.remove),
    ("console", "link"): _changes(console_verbs.link),
    ("settings", "show"): _reads(settings_verbs.show),
    ("settings", "update"): _edits(settings_verbs.update),
    ("redis", "acl"): _reads(redis_verbs.acl),
    ("redis", "check"): _reads(redis_verbs.check),
    ("redis", "claim"): _in_redis(redis_verbs.claim),
    ("key", "rotate"): _changes(store_verbs.rotate),
    ("document", "show"): _reads(document_verbs.show),
    ("document", "diff"): _reads(document_verbs.diff),
    ("document", "history"): _reads(document_verbs.history),
    ("document", "rollback"): _changes(document_verbs.rollback),
    ("store", "check"): _reads(store_verbs.check),
    ("store", "export"): Operation(
        transfer.export, changes=False, reveals=True, rescue="copies"
    ),
    ("store", "import"): _changes(store_import.import_),
    ("audit", "list"): _reads(audit_verbs.list_),
    ("audit", "export"): _reads(audit_verbs.export),
}


def operation(noun: str, verb: str) -> Operation:
    """Return the command; UnknownVerb if there is none."""
    found = OPERATIONS.get((noun, verb))
    if found is None:
        raise UnknownVerb("There is no such verb.")
    return found


def perform(run: Run, gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Run a command and return its answer; every failure is a GatewayError."""
    try:
        return run(gateway, arguments)
    except VersionExists:
        raise OperationRefused(
            "Somebody else has changed it in this moment: look, and try again."
        ) from None
    except RedisFault as fault:
        raise ServiceUnavailable(message=fault.explanation) from None
    except StoreAway as fault:
        code = str(fault).rpartition(": ")[2]
        meaning = meaning_of(code)
        raise ServiceUnavailable(
            message=f"The store of documents is away: {fault}"
            f"{meaning and f', {meaning}'}."
        ) from None
    except (OSError, ServiceUnavailable):
        raise ServiceUnavailable(
            message="Redis or the store of documents is away."
        ) from None


def try_out(run: Run, gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Check the arguments of a command that edits, and write nothing.

    It fails as the command would fail.
    """
    rest = {name: value for name, value in arguments.items() if name != DRY_RUN}
    with editing.trial(), suppress(editing.Tried):
        perform(run, gateway, rest)
    return {DRY_RUN: True}
