"""Finding, creating and changing one document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from runtime.crypto.envelope import CannotOpen
from runtime.documents.documents import Document
from runtime.gateway import Gateway
from runtime.operations.refusals import (
    OperationRefused,
    UnknownDocument,
    UnreadableDocument,
)
from runtime.registry.rules import many, text
from runtime.registry.schema import NEEDED


@contextmanager
def readable(name: str) -> Iterator[None]:
    """Raise UnreadableDocument in the block where `{kind}/{id}` cannot be read."""
    try:
        yield
    except (CannotOpen, ValueError, TypeError, AttributeError):
        raise UnreadableDocument(
            f"{name} cannot be read: it is damaged, or its master key is not here."
        ) from None


def read(gateway: Gateway, kind: str, id_: str) -> Document | None:
    """Return the newest version; None if there is none."""
    with readable(f"{kind}/{id_}"):
        document = gateway.documents.read(kind, id_)
        if document and not document.content.keys() >= set(NEEDED[kind]):
            raise ValueError("a field is missing")
        return document


def find(gateway: Gateway, kind: str, id_: str) -> Document:
    """Return the newest version; UnknownDocument if there is none."""
    document = read(gateway, kind, id_)
    if document is None:
        raise UnknownDocument(f"There is no {kind}/{id_}.")
    return document


def each(gateway: Gateway, kind: str) -> Iterator[tuple[str, Document]]:
    """Yield id and newest version of all documents of a kind."""
    for id_ in gateway.documents.ids(kind):
        document = read(gateway, kind, id_)
        if document is not None:
            yield id_, document


def create(gateway: Gateway, kind: str, id_: str, content: Mapping[str, Any]) -> int:
    """Write a document that is not there and return its version.

    After a removal the chain goes on, so that its history stays.
    """
    if read(gateway, kind, id_) is not None:
        raise OperationRefused(f"{kind}/{id_} is there already.")
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
    """Write the version after the one that was found and return it."""
    if content == found.content:
        raise OperationRefused(f"Nothing of {kind}/{id_} would change.")
    return gateway.documents.write(kind, id_, content, after=found.version)


def remove(gateway: Gateway, kind: str, id_: str) -> dict[str, Any]:
    """Write the version that says there is none; the history stays."""
    found = find(gateway, kind, id_)
    try:
        version = gateway.documents.remove(kind, id_, after=found.version)
    except LookupError:  # somebody was faster, and this process' memory is older
        raise UnknownDocument(f"There is no {kind}/{id_}.") from None
    return {"removed": f"{kind}/{id_}", "version": version}


ID = text(r"[A-Za-z0-9_-]{1,64}", "1 to 64 letters, digits, _ or -")

NAMES = many(text(r"[a-z_]{1,28}", "a field's name"))


def split(
    arguments: Mapping[str, Any], *names: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the arguments of these names, and the rest: fields of a document."""
    named = {name: value for name, value in arguments.items() if name in names}
    rest = {name: value for name, value in arguments.items() if name not in names}
    return named, rest
