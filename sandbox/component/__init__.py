"""Third-party platform: a component, its tickets, and the accounts it acts for."""

from __future__ import annotations

from sandbox.call import Endpoint, OpenEndpoint
from sandbox.component import authorizers, code_management, on_behalf, tokens

ENDPOINTS: tuple[Endpoint | OpenEndpoint, ...] = (
    *tokens.ENDPOINTS,
    *authorizers.ENDPOINTS,
    *on_behalf.ENDPOINTS,
    *code_management.ENDPOINTS,
)
