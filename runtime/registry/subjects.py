"""The names by which a client knows people: WeChat's own, or made for it alone.

A pairwise client's name of a person is HMAC-SHA256 under its `pairwise_salt`, so that
two clients cannot find out that they know the same one.
"""

from __future__ import annotations

import hmac
from typing import Any

from runtime.crypto.encoding import base64url
from runtime.errors import (
    GatewayError,
    SignInNotConfigured,
)
from runtime.registry.models import App, Client

PAIRWISE = "pairwise"


class SaltMissing(GatewayError):
    """A pairwise client has no salt: anybody could make its names."""

    code = "salt_missing"


def is_pairwise(client: Client) -> bool:
    """Tell whether the client gets names of its own."""
    return client.subject_type == PAIRWISE


def subject_for(client: Client, sub: str) -> str:
    """Return what the client gets as `sub`: 43 characters if it is pairwise."""
    return _derived(client, sub) if is_pairwise(client) else sub


def openid_for(client: Client, openid: str) -> str:
    """Return what the client gets as `openid`, which looks like one of WeChat's."""
    return f"o{_derived(client, openid)[:27]}" if is_pairwise(client) else openid


def _derived(client: Client, value: str) -> str:
    if not client.pairwise_salt:
        raise SaltMissing
    salt = bytes.fromhex(client.pairwise_salt)
    digest = hmac.digest(salt, value.encode(), "sha256")
    return base64url(digest)


class SubjectMissing(SignInNotConfigured):
    """The app is to name people by unionid, and WeChat gave none."""


def subject_of(app: App, openid: str, unionid: Any) -> str:
    """Return what names a person at the gateway, as the app's document has it.

    SubjectMissing if that is the unionid and WeChat gave none.
    """
    if app.subject == "openid":
        return openid
    if not isinstance(unionid, str) or not unionid:
        raise SubjectMissing
    return unionid
