"""Subjects: the identifiers of users, those of WeChat and WeCom or pairwise ones.

A member of a company in WeCom is `{corpid}:{userid}` with the userid in lower case,
since WeCom tells no case of letters apart. No openid and no unionid has a colon.

A pairwise client gets HMAC-SHA256 of an identifier under its `pairwise_salt`, so that
two clients cannot find out that they have the same user.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from runtime.crypto.encoding import base64url
from runtime.errors import (
    N_,
    GatewayError,
    SignInNotConfigured,
)
from runtime.registry.models import App, Client

PAIRWISE = "pairwise"

DEPARTMENT = "{corpid}:department:{number}"
"""The group that a department of a company is."""


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


def member_sub(corpid: str, userid: str) -> str:
    """Return the identifier of a member of a company in WeCom."""
    return f"{corpid}:{userid.lower()}"


def corpid_of(sub: str) -> str:
    """Return the company of a member's identifier, "" for a user of WeChat."""
    corpid, colon, _ = sub.partition(":")
    return corpid if colon else ""


def groups_of(profile: Mapping[str, Any]) -> list[str]:
    """Return the groups that a member is in by the departments of the sign-in.

    They name the company: another one has departments of the same numbers.
    """
    corpid = profile.get("wecom_corpid")
    departments = profile.get("wecom_departments") or ()
    return [DEPARTMENT.format(corpid=corpid, number=each) for each in departments]


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
