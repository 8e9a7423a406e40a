"""Registry of apps and clients, read from their documents."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from runtime.documents.documents import FRESH_SECONDS, Document, Documents
from runtime.errors import ServiceUnavailable
from runtime.registry.client_secrets import client_id_of
from runtime.registry.models import App, Client, Rate
from runtime.state.stored_fields import known_fields

T = TypeVar("T")


class Registry:
    """Apps and clients by their ids; ServiceUnavailable without the documents."""

    def __init__(
        self, documents: Documents, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._documents = documents
        self._clock = clock
        self._made: dict[tuple[str, str], tuple[Document, Any]] = {}
        self._listed: dict[str, tuple[float, list[str]]] = {}

    def app(self, appid: str) -> App | None:
        """Return the app, or None."""
        return self._of("apps", appid, _app)

    def apps(self) -> list[App]:
        """Return all apps; a new one and a change are seen within two seconds."""
        return [app for app in map(self.app, self._ids("apps")) if app]

    def client(self, client_id: str) -> Client | None:
        """Return the client, or None."""
        return self._of("clients", client_id, _client)

    def clients(self) -> list[Client]:
        """Return all clients; a new one and a change are seen within two seconds."""
        return [client for client in map(self.client, self._ids("clients")) if client]

    def client_of(self, secret: str) -> Client | None:
        """Return the client that has this secret, or None."""
        client = self.client(client_id_of(secret))
        # An unknown client takes the same path as a wrong secret.
        known = client or _NOBODY
        return client if known.owns(secret) else None

    def _ids(self, kind: str) -> list[str]:
        # Unauthenticated requests lead here, and the store lists every version.
        asked_at = self._clock()
        listed_at, ids = self._listed.get(kind, (float("-inf"), []))
        if asked_at >= listed_at + FRESH_SECONDS:
            try:
                ids = self._documents.ids(kind)
            except OSError:
                raise ServiceUnavailable from None
            self._listed[kind] = asked_at, ids
        return ids

    def _of(self, kind: str, id_: str, make: Callable[[str, Document], T]) -> T | None:
        try:
            document = self._documents.read(kind, id_)
        except OSError:
            raise ServiceUnavailable from None
        if document is None:
            return None
        # A document stays the same for two seconds, and a call reads it three times.
        known, made = self._made.get((kind, id_), (None, None))
        if known is not document:
            made = make(id_, document)
            self._made[kind, id_] = document, made
        return made


def _app(appid: str, document: Document) -> App:
    fields = known_fields(App, document.content)
    return App(appid=appid, revision=document.version, **fields)


def _client(client_id: str, document: Document) -> Client:
    fields = known_fields(Client, document.content)
    scopes = document.content["scopes"]
    fields["scopes_by_app"] = {app: tuple(each) for app, each in scopes.items()}
    fields["rate"] = Rate(**fields["rate"]) if fields.get("rate") else None
    return Client(client_id, **fields)


_NOBODY = Client("", "", {}, (f"sha256:{'0' * 32}:{'0' * 64}",))
