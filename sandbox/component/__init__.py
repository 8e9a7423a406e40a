"""Third-party platform: a component, its tickets, and the accounts it acts for."""

from __future__ import annotations

from sandbox.call import OpenEndpoint
from sandbox.component import authorizers, on_behalf, tokens

ENDPOINTS: tuple[OpenEndpoint, ...] = (
    *tokens.ENDPOINTS,
    *authorizers.ENDPOINTS,
    *on_behalf.ENDPOINTS,
)
