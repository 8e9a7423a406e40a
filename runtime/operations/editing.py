"""Editing of one document: its arguments, and the steps that every command takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from runtime.crypto.envelope import CannotOpen
from runtime.documents.documents import Document
from runtime.gateway import Gateway
from runtime.operations.lost_secrets import lost_secrets
from runtime.operations.refusals import (
    OperationRefused,
    UnreadableDocument,
    unknown,
)
from runtime.registry.fields import NEEDED, RULES
from runtime.registry.rules import many, text
from runtime.registry.schema import later_fields

ID = text(r"[A-Za-z0-9_-]{1,64}", "1 to 64 letters, digits, _ or -")

# A longer one that is no field may be a secret in its place.
_LONG = "|".join(name for rules in RULES.values() for name in rules if len(name) > 28)

NAMES = many(text(rf"[a-z_]{{1,28}}|{_LONG}", "a field's name"))


_is_trial: ContextVar[bool] = ContextVar("is_trial", default=False)


class Tried(Exception):
    """A trial has come to where a document would be written."""


@contextmanager
def trial() -> Iterator[None]:
    """Raise Tried where the block would write a document."""
    token = _is_trial.set(True)
    try:
        yield
    finally:
        _is_trial.reset(token)


def _end_trial() -> None:
    if _is_trial.get():
        raise Tried


def split(
    arguments: Mapping[str, Any], *names: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the arguments of these names, and the others: fields of a document."""
    named = {name: value for name, value in arguments.items() if name in names}
    rest = {name: value for name, value in arguments.items() if name not in names}
    return named, rest


@contextmanager
def readable(name: str) -> Iterator[None]:
    """Raise UnreadableDocument if the block cannot read `{kind}/{id}`."""
    try:
        yield
    except (CannotOpen, ValueError, TypeError, AttributeError):
        raise UnreadableDocument(name) from None


def read_whole(gateway: Gateway, kind: str, id_: str) -> Document | None:
    """Return the newest version; None if there is none.

    UnreadableDocument if a master key is missing.
    """
    with readable(f"{kind}/{id_}"):
        document = gateway.documents.read(kind, id_)
        if document and not document.content.keys() >= set(NEEDED[kind]):
            raise ValueError("a field is missing")
        return document


def read(gateway: Gateway, kind: str, id_: str) -> Document | None:
    """Return the newest version as far as it can be read; None if there is none.

    A secret that no master key opens is a `Sealed`, which a change leaves as it is: who
    replaces it needs no old key.
    """
    try:
        return read_whole(gateway, kind, id_)
    except UnreadableDocument:
        return read_in_part(gateway, kind, id_)


def read_in_part(gateway: Gateway, kind: str, id_: str) -> Document | None:
    """Return what `read` does, as the store has it now."""
    with readable(f"{kind}/{id_}"):
        document = gateway.documents.read_in_part(kind, id_)
        if document and not document.content.keys() >= set(NEEDED[kind]):
            raise ValueError("a field is missing")
        return document


def find_whole(gateway: Gateway, kind: str, id_: str) -> Document:
    """Return the newest version; UnknownDocument if there is none."""
    document = read_whole(gateway, kind, id_)
    if document is None:
        raise unknown(kind, id_)
    return document


def find(gateway: Gateway, kind: str, id_: str) -> Document:
    """Return what `read` does; UnknownDocument if there is none."""
    document = read(gateway, kind, id_)
    if document is None:
        raise unknown(kind, id_)
    return document


def each(gateway: Gateway, kind: str) -> tuple[dict[str, Document], list[str]]:
    """Return the newest version of each document of a kind, as the store has it now.

    And the names of those that cannot be read.
    """
    listing = gateway.documents.list_now(kind)
    found: dict[str, Document] = {}
    unreadable = [f"{kind}/{id_}" for id_ in listing.unreadable]
    for id_, document in sorted(listing.documents.items()):
        if document.content.keys() >= set(NEEDED[kind]):
            found[id_] = document
        else:
            unreadable.append(f"{kind}/{id_}")
    return found, sorted(unreadable)


def each_usable(gateway: Gateway, kind: str) -> tuple[dict[str, Document], list[str]]:
    """Return what `each` does; a document that cannot be used is among the names.

    So one with a field of another type hides no other from a list.
    """
    found, unreadable = each(gateway, kind)
    can_use = gateway.registry.can_use
    usable = {id_: one for id_, one in found.items() if can_use(kind, id_, one)}
    unusable = [f"{kind}/{id_}" for id_ in found.keys() - usable.keys()]
    return usable, sorted([*unreadable, *unusable])


def each_in_part(gateway: Gateway, kind: str) -> tuple[dict[str, Document], list[str]]:
    """Return what `each` does, with what can be read in part among the documents."""
    found, unreadable = each(gateway, kind)
    lost = []
    for name in unreadable:
        id_ = name.partition("/")[2]
        try:
            document = read_in_part(gateway, kind, id_)
        except UnreadableDocument:
            lost.append(name)
        else:
            found |= {id_: document} if document else {}
    return dict(sorted(found.items())), lost


def warnings_of(
    kind: str, id_: str, content: Mapping[str, Any], *more: Mapping[str, list[str]]
) -> dict[str, list[str]]:
    """Return `warnings`: of secrets that no master key opens, and those of `more`."""
    found = lost_secrets(kind, id_, content)
    for each_ in more:
        found += each_.get("warnings", [])
    return {"warnings": found} if found else {}


def shown_later(kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the names of fields that a later version wrote: a value may be secret."""
    later = sorted(later_fields(kind, content))
    return {"unknown_fields": later} if later else {}


def create(gateway: Gateway, kind: str, id_: str, content: Mapping[str, Any]) -> int:
    """Write a document that does not exist and return its version.

    After a removal it is the next version, so that the history stays.
    """
    if read(gateway, kind, id_) is not None:
        raise OperationRefused(f"{kind}/{id_} is there already.")
    _end_trial()
    newest = gateway.documents.version(kind, id_)
    return gateway.documents.write(kind, id_, content, after=newest)


def change(
    gateway: Gateway,
    kind: str,
    id_: str,
    content: Mapping[str, Any],
    *,
    found: Document,
) -> int:
    """Write the version after the one that was found, and return its number."""
    if content == found.content:
        raise OperationRefused(f"Nothing of {kind}/{id_} would change.")
    _end_trial()
    return gateway.documents.write(kind, id_, content, after=found.version)


def remove(gateway: Gateway, kind: str, id_: str) -> dict[str, Any]:
    """Write the version that marks the removal; the history stays.

    What nobody can read can be removed, too.
    """
    try:
        found = read_whole(gateway, kind, id_)
        if found is None:
            raise unknown(kind, id_)
        after = found.version
    except UnreadableDocument:
        after = gateway.documents.version(kind, id_)
    try:
        version = gateway.documents.remove(kind, id_, after=after)
    except LookupError:  # another process was faster than this one's memory
        raise unknown(kind, id_) from None
    return {"removed": f"{kind}/{id_}", "version": version}
