"""Adapters: how each platform passes a request in and takes the response.

FC 2.0 calls a function as WSGI, `handler(environ, start_response)`; FC 3.0 as an
event, `handler(event_bytes, context)`, and takes a dict. Each adapter is made from
the two arguments, gives `request()` without a body and then `body()`, and is called
with the response.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from runtime.entry.event_adapter import EventAdapter
from runtime.entry.wsgi_adapter import WsgiAdapter
from runtime.web.messages import Request, Response

if TYPE_CHECKING:
    from runtime.web.stored_body import Body


class Adapter(Protocol):
    """One platform's way of calling a function."""

    def __init__(self, first: Any, second: Any) -> None: ...

    @staticmethod
    def infer(first: Any, second: Any) -> bool:
        """Tell whether these two arguments are this platform's."""

    def request(self) -> Request:
        """Return the request without its body; BadRequest if it cannot be read."""

    def announced(self) -> int | None:
        """Return the size of the body, at least; None where it came in chunks."""

    def body(self, most: int) -> bytes:
        """Return the request's body; PayloadTooLarge if it has more bytes."""

    def late_body(self, most: int) -> Body:
        """Return the same of a large body, which may go to a file.

        BodyAwaited if it has not come.
        """

    @property
    def is_admitted(self) -> bool:
        """Tell whether the call was checked before its body came."""

    def __call__(self, response: Response) -> Any:
        """Hand the response over in the platform's own form."""


ADAPTERS: tuple[type[Adapter], ...] = (WsgiAdapter, EventAdapter)


def adapter_for(first: Any, second: Any) -> Adapter:
    """Return the adapter of the platform that called with these arguments."""
    for adapter in ADAPTERS:
        if adapter.infer(first, second):
            return adapter(first, second)
    raise TypeError("neither a WSGI call nor an FC event")
