"""Logout notices: what tells clients that a session has ended.

OpenID Connect Back-Channel Logout 1.0. A notice is a job that the function deliver
does: it posts a logout token, a signed JWT, to the client's `backchannel_logout_uri`.

{"alg":"RS256","typ":"logout+jwt","kid":<thumbprint>}
{"iss","sub","aud","iat","exp","jti","events":{<event>:{}},"sid"}
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol
from urllib.parse import urlencode

from runtime.crypto.encoding import sha256_hex
from runtime.errors import GatewayError
from runtime.registry.models import Client
from runtime.registry.registry import Registry
from runtime.registry.subjects import subject_for
from runtime.sign_in.session_clients import SessionClients, Use
from runtime.tokens.id_tokens import IdTokens

KIND = "logout"
"""The kind of its jobs."""

TOKEN_SECONDS = 120
"""How long a token is good; each attempt makes another one."""

EVENT = "http://schemas.openid.net/event/backchannel-logout"

log = logging.getLogger("gateway.sign_in")


class Add(Protocol):
    """Stores a job under an id, once."""

    def __call__(
        self, target: str, kind: str, payload: str, *, name: str
    ) -> object: ...


class LogoutRequest(NamedTuple):
    """A POST to a client."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class LogoutNotices:
    """Notices to the clients in which a session was used."""

    def __init__(
        self,
        clients: SessionClients,
        registry: Registry,
        id_tokens: IdTokens,
        *,
        add: Add,
        clock: Callable[[], float],
        random: Callable[[], str] = secrets.token_urlsafe,
    ) -> None:
        self._clients = clients
        self._registry = registry
        self._id_tokens = id_tokens
        self._add = add
        self._clock = clock
        self._random = random

    def send(self, sub: str, session: str = "") -> int:
        """Store a notice for each client that uses this session, or any of the user's.

        Return how many there are. A sign-out never fails by it: the log tells of what
        could not be stored.
        """
        uses: list[Use] = []
        try:
            uses = self._clients.of_user(sub, session=session)
            for use in uses:
                payload = {"sub": sub, "client_id": use.client_id, "sid": use.sid}
                name = f"{KIND}-{sha256_hex(f'{use.client_id} {use.sid}')[:32]}"
                target = f"{KIND}/{use.client_id}"
                self._add(target, KIND, json.dumps(payload), name=name)
            self._clients.forget(sub, uses)
        except GatewayError as error:
            log.error("a sign-out is not told to clients, %s", error.code)
        return len(uses)

    def request(self, payload: str) -> LogoutRequest | None:
        """Return the request for a notice; None where nobody is to be told any more."""
        fields = json.loads(payload)
        client = self._registry.client(fields["client_id"])
        if client is None or client.disabled or not client.backchannel_logout_uri:
            return None
        token = self._token(client, fields["sub"], fields["sid"])
        body = urlencode({"logout_token": token}).encode()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "User-Agent": "wechat-gateway",
        }
        return LogoutRequest(client.backchannel_logout_uri, headers, body)

    def _token(self, client: Client, sub: str, sid: str) -> str:
        now = int(self._clock())
        claims = {
            "iss": self._id_tokens.issuer,
            "sub": subject_for(client, sub),
            "aud": client.client_id,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "jti": self._random(),
            "events": {EVENT: {}},
            "sid": sid,
        }
        return self._id_tokens.signed(claims, type_="logout+jwt")


def use_of(client: Client, sid: str) -> Use | None:
    """Return what has to be noted of a sign-in; None if the client wants no notice."""
    return Use(client.client_id, sid) if client.backchannel_logout_uri else None
