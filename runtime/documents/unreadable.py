"""Error for one document that cannot be read, whatever the others are like."""

from __future__ import annotations

from runtime.errors import GatewayError


class UnreadableDocument(GatewayError):
    """A document is damaged, or the master key that sealed it was removed."""

    status = 500
    code = "unreadable_document"

    def __init__(self, name: str) -> None:
        super().__init__(
            message=f"{name} cannot be read: "
            "it is damaged, or its master key is not here."
        )
