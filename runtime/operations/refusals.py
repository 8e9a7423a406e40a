"""Errors that an operator sees; they repeat no value of a document."""

from __future__ import annotations

from runtime.documents.unreadable import UnreadableDocument
from runtime.errors import GatewayError

__all__ = [
    "OperationRefused",
    "UnknownDocument",
    "UnknownVerb",
    "UnreadableDocument",
    "unknown",
]

_LISTED_BY = {
    "apps": "app list",
    "clients": "client list",
    "people": "person list",
    "alerts": "alert list",
    "authorizers": "component status",
    "gateway": "settings show",
}
"""The command that lists the documents of a kind, or leads to it."""


class OperationRefused(GatewayError):
    """A command was understood and not performed; `message` says why."""

    status = 409
    code = "conflict"

    def __init__(self, message: str) -> None:
        super().__init__(message=message)


class UnknownVerb(OperationRefused):
    """An unknown noun or verb."""

    status = 404
    code = "unknown_verb"


class UnknownDocument(OperationRefused):
    """An unknown document, or an unknown version of it."""

    status = 404
    code = "unknown_document"


def unknown(kind: str, id_: str) -> UnknownDocument:
    """Return the refusal of a document that there is not, naming what lists others."""
    verb = _LISTED_BY[kind]
    return UnknownDocument(f"There is no {kind}/{id_}: {verb} shows which there are.")
