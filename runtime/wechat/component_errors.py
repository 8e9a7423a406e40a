"""Errors of the open platform, by what can be done about each.

Nothing was done by a call that got one of them, so a call may be repeated once with
another token, ticket or refresh token.
"""

from __future__ import annotations

from runtime.errors import WeChatRefused

REJECTED_COMPONENT_TOKEN = (40001, 40014, 42001, 42006)
"""A component_access_token is invalid, where another one may be valid."""

INVALID_REFRESH_TOKEN = 61023
"""The refresh token was replaced; WeChat tells the one that counts."""


NOT_AUTHORIZED = 61003
"""The account has not authorised the component, or has withdrawn."""


def not_authorized() -> WeChatRefused:
    """Return WeChat's error for an account that has not authorised the component."""
    text = "component is not authorized by this account"
    return WeChatRefused(61003, text)


def invalid_refresh_token() -> WeChatRefused:
    """Return WeChat's error for a refresh token in whose place it tells no other."""
    return WeChatRefused(61023, "refresh_token is invalid")


def ticket_missing() -> WeChatRefused:
    """Return WeChat's error for a component whose ticket has expired, or never came."""
    return WeChatRefused(61005, "component ticket is expired")
