"""Client authentication by secret, with wrong secrets counted.

Every function that takes a client's secret asks here, so that none forgets the count.
"""

from __future__ import annotations

import re

from runtime.errors import ClientDisabled
from runtime.gateway import Gateway
from runtime.registry.client_secrets import client_id_of
from runtime.registry.ids import CLIENT_ID
from runtime.registry.models import Client
from runtime.web.messages import Request
from runtime.web.request_causes import shown_id


def client_by_secret(
    request: Request, gateway: Gateway, secret: str, *, client_id: str | None = None
) -> Client | None:
    """Return the client that has the secret; TooManyWrongSecrets where it applies.

    With `client_id` it has to be that client. None is a wrong secret, already counted;
    the caller refuses in its own dialect.
    """

    def find() -> Client | None:
        found = gateway.registry.client_of(secret)
        wrong = found and client_id not in (None, found.client_id)
        return None if wrong else found

    guessed = client_id_of(secret) if client_id is None else client_id
    return gateway.limits.check_secret(guessed, request, find)


def wrong_secret(gateway: Gateway, client_id: str | None) -> str:
    """Return the cause of a refused secret, as far as the client that is named."""
    if client_id is None:
        return "the secret is no client's, or its client is disabled"
    is_id = re.fullmatch(CLIENT_ID, client_id)
    client = gateway.registry.client(client_id) if is_id else None
    if client is None:
        return f"there is no client {shown_id(client_id, CLIENT_ID)}"
    if client.disabled:
        return ClientDisabled(client_id).cause
    return f"the secret is not that of the client {client_id}"
