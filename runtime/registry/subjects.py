"""Subjects: the identifiers of users, those of WeChat or pairwise ones.

A pairwise client gets HMAC-SHA256 of an identifier under its `pairwise_salt`, so that
two clients cannot find out that they have the same user.
"""

from __future__ import annotations

import hmac
from typing import Any

from runtime.crypto.encoding import base64url
from runtime.errors import (
    N_,
    GatewayError,
    SignInNotConfigured,
)
from runtime.registry.models import App, Client

PAIRWISE = "pairwise"


class SaltMissing(GatewayError):
    """A pairwise client has no salt: anybody could compute its identifiers."""

    code = "salt_missing"


class SubjectMissing(SignInNotConfigured):
    """The app identifies users by unionid, and WeChat gave none."""

    message = N_(
        "WeChat has not told who you are: the accounts of this service are not bound "
        "together at WeChat. Please tell the operator of this service."
    )


def subject_of(app: App, openid: str, unionid: Any) -> str:
    """Return a user's identifier at the gateway: openid or unionid, as the app says.

    SubjectMissing if it is the unionid and WeChat gave none.
    """
    if app.subject == "openid":
        return openid
    if not isinstance(unionid, str) or not unionid:
        raise SubjectMissing
    return unionid


def is_pairwise(client: Client) -> bool:
    """Tell whether the client gets identifiers of its own."""
    return client.subject_type == PAIRWISE


def subject_for(client: Client, sub: str) -> str:
    """Return the client's `sub` of a user: 43 characters if it is pairwise."""
    return _derived(client, sub) if is_pairwise(client) else sub


def openid_for(client: Client, openid: str) -> str:
    """Return the client's `openid` of a user, in the form of WeChat's."""
    return f"o{_derived(client, openid)[:27]}" if is_pairwise(client) else openid


def _derived(client: Client, value: str) -> str:
    if not client.pairwise_salt:
        raise SaltMissing
    salt = bytes.fromhex(client.pairwise_salt)
    digest = hmac.digest(salt, value.encode(), "sha256")
    return base64url(digest)
