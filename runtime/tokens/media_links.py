"""Media links: a file at WeChat that a browser may fetch for an hour, without a token.

The signed text names client, epoch, app, file and expiry. A client that is disabled or
revoked, or loses the scope, ends its links at once.
"""

from __future__ import annotations

import json

from runtime.crypto.signing import BadSignature, SignatureExpired, Signer
from runtime.errors import GatewayError
from runtime.registry.models import Client
from runtime.registry.registry import Registry
from runtime.tokens.gateway_tokens import Caller

MEDIA_LINK_SECONDS = 3600


class UnknownLink(GatewayError):
    """The media link is forged, or its client may not open it any more."""

    status = 404
    errcode = 40007
    code = "unknown_link"
    message = "There is no such link."


class ExpiredLink(GatewayError):
    """The media link was valid once."""

    status = 410
    errcode = 40007
    code = "link_expired"
    message = "The link has expired."


class MediaLinks:
    """Media links, issued and read."""

    def __init__(self, signer: Signer, registry: Registry) -> None:
        self._signer = signer
        self._registry = registry

    def issue(self, client: Client, appid: str, media_id: str, *, now: float) -> str:
        """Return the signed text of a link that lives for an hour."""
        until = int(now) + MEDIA_LINK_SECONDS
        fields = [client.client_id, client.epoch, appid, media_id, until]
        payload = json.dumps(fields, separators=(",", ":"))
        return self._signer.sign(payload.encode(), now=now)

    def read(self, text: str, *, now: float) -> tuple[Caller, str]:
        """Return the caller and the file's id; UnknownLink or ExpiredLink."""
        try:
            payload = self._signer.verify(text, now=now, max_age=MEDIA_LINK_SECONDS)
        except SignatureExpired:
            raise ExpiredLink from None
        except BadSignature:
            raise UnknownLink from None
        client_id, epoch, appid, media_id, until = json.loads(payload)
        if now >= until:
            raise ExpiredLink
        client = self._registry.client(client_id)
        if client is None or client.disabled or client.epoch != epoch:
            raise UnknownLink
        scopes = self._registry.scopes_of(client, appid) or ()
        return Caller(client_id, appid, scopes), media_id
