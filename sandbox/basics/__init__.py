"""Tokens, account tools, and the APIs of signed-in people."""

from __future__ import annotations

from sandbox.basics import oauth, session, ticket, token, tools
from sandbox.call import Endpoint, OpenEndpoint

ENDPOINTS: tuple[Endpoint | OpenEndpoint, ...] = (
    *token.ENDPOINTS,
    *ticket.ENDPOINTS,
    *tools.ENDPOINTS,
    *oauth.ENDPOINTS,
    *session.ENDPOINTS,
)
