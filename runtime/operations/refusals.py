"""Errors that an operator sees; they repeat no value of a document."""

from __future__ import annotations

from runtime.documents.unreadable import UnreadableDocument
from runtime.errors import GatewayError

__all__ = ["OperationRefused", "UnknownDocument", "UnknownVerb", "UnreadableDocument"]


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
