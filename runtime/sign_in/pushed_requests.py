"""Authorization requests that are too long for a link, stored under a short name.

A client may post a form of 16 kB, and a browser's cookies come only with the GET that
follows; Function Compute accepts 4 kB of path and query. The name has the form of RFC
9126.

    gateway:pushed_request:{HASH}   the form, urlencoded
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode

from runtime.crypto.encoding import sha256_hex
from runtime.errors import FlowExpired
from runtime.state.redis_store import RedisStore

PREFIX = "urn:ietf:params:oauth:request_uri:"

PUSHED_SECONDS = 3600
"""As long as the browser can come back to the sign-in page."""

Pairs = tuple[tuple[str, str], ...]


class PushedRequests:
    """The stored forms, by names that nobody can guess."""

    def __init__(
        self, store: RedisStore, *, random: Callable[[int], str] = secrets.token_hex
    ) -> None:
        self._store = store
        self._random = random

    def push(self, pairs: Pairs) -> str:
        """Store the form and return its name."""
        name = self._random(16)
        text = urlencode(pairs).encode()
        self._store.put(_key(name), text, seconds=PUSHED_SECONDS)
        return PREFIX + name

    def find(self, uri: str) -> Pairs:
        """Return the form of a name; FlowExpired if there is none."""
        found = self._store.get(_key(uri.removeprefix(PREFIX)))
        if found is None:
            raise FlowExpired
        return tuple(parse_qsl(found.decode(), keep_blank_values=True))


def pushed_uri(pairs: Pairs) -> str | None:
    """Return the name in a request that has one of ours, else None."""
    uris = [value for name, value in pairs if name == "request_uri"]
    return uris[0] if len(uris) == 1 and uris[0].startswith(PREFIX) else None


def _key(name: str) -> str:
    return f"gateway:pushed_request:{{{sha256_hex(name)}}}"
