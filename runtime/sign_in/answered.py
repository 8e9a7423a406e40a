"""Answered requests: which of a client's requests this session has answered.

The Back button sends an answered request again, and the client throws a second code
away, with an error page. So it is known for an hour which grant a request has led to;
the session stands for the browser.

    gateway:answered:{HASH}   the id of the grant
"""

from __future__ import annotations

import json
import re

from runtime.crypto.encoding import sha256_hex
from runtime.sign_in.authorization_request import AuthorizationRequest
from runtime.state.redis_store import Entry, RedisStore

ANSWERED_SECONDS = 3600

_LANGUAGE = re.compile("(?:lang|ui_locales)=")


class AnsweredRequests:
    """The requests that were answered with a code, by session."""

    def __init__(self, store: RedisStore) -> None:
        self._store = store

    def entry(self, asked: AuthorizationRequest, sid: str, grant_id: str) -> Entry:
        """Return what has to be stored with the code."""
        return Entry(_key(asked, sid), grant_id.encode(), ANSWERED_SECONDS)

    def grant_of(self, asked: AuthorizationRequest, sid: str) -> str | None:
        """Return the id of the grant with which this very request was answered.

        None for a request with nothing that ties its answer to it: neither state nor
        nonce nor challenge. Its client takes every code.
        """
        if not (asked.state or asked.nonce or asked.code_challenge):
            return None
        found = self._store.get(_key(asked, sid))
        return found.decode() if found else None


def _key(asked: AuthorizationRequest, sid: str) -> str:
    # The page's language may have been chosen on the way.
    path, _, query = asked.again.partition("?")
    pairs = [each for each in query.split("&") if not _LANGUAGE.match(each)]
    text = json.dumps([sid, path, *pairs])
    return f"gateway:answered:{{{sha256_hex(text)}}}"
