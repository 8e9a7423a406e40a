"""Endpoints for tokens, for account tools, and for users who signed in."""

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
