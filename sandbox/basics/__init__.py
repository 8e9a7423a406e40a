"""Tokens, account tools, and the APIs of signed-in people."""

from __future__ import annotations

from sandbox.basics import access_token, oauth, phone_number, session, ticket, tools
from sandbox.call import Endpoint, OpenEndpoint

ENDPOINTS: tuple[Endpoint | OpenEndpoint, ...] = (
    *access_token.ENDPOINTS,
    *ticket.ENDPOINTS,
    *tools.ENDPOINTS,
    *oauth.ENDPOINTS,
    *session.ENDPOINTS,
    *phone_number.ENDPOINTS,
)
