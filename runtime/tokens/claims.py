"""Claims about a user for a client: OpenID Connect's, and WeChat's profile."""

from __future__ import annotations

import re
from typing import Any

from runtime.crypto.encoding import sha256_hex
from runtime.registry.known_users import KnownUser
from runtime.registry.models import Client
from runtime.registry.registry import Registry
from runtime.registry.subjects import is_pairwise, openid_for, subject_for
from runtime.tokens.grant import Grant


def asks_user(grant: Grant) -> bool:
    """Tell whether the claims hold what an operator has entered for the user."""
    return not {"email", "groups"}.isdisjoint(grant.scope)


def claims_of(client: Client, grant: Grant, registry: Registry) -> dict[str, Any]:
    """Return the claims that the grant's scope covers, `sub` first.

    A pairwise client gets a `sub` of its own, none of WeChat's names and no address
    that an operator entered: with these two clients could find out that they know the
    same user. Groups and address are those of now, whenever the user signed in.
    """
    sub, profile = subject_for(client, grant.sub), grant.profile
    claims: dict[str, Any] = {"sub": sub}
    if "profile" in grant.scope:
        claims |= {
            "name": profile["name"],
            "nickname": profile["name"],
            "preferred_username": preferred_username(sub),
            "picture": profile["picture"],
            "locale": (grant.language or "").replace("_", "-"),
            # WeChat tells a profile at each sign-in, and at no other time.
            "updated_at": grant.auth_time,
        }
    user = registry.known_user(grant.sub) if asks_user(grant) else None
    if "email" in grant.scope:
        claims |= _email(client, sub, user)
    if "groups" in grant.scope:
        claims["groups"] = list(user.groups) if user else []
    if not is_pairwise(client):
        names = ("wechat_openid", "wechat_unionid", "wechat_appid")
        claims |= {name: profile[name] for name in names}
    return {name: value for name, value in claims.items() if value not in (None, "")}


def preferred_username(sub: str) -> str:
    """Return a login name of 1 to 32 of a-z and 0-9, which never changes.

    It is the sub itself, or what is left of it and a part of its hash: an openid has
    capital letters and signs, and in small letters it may be another user's.
    """
    if re.fullmatch(r"[a-z0-9]{1,32}", sub):
        return sub
    return re.sub(r"[^a-z0-9]", "", sub.lower())[:20] + sha256_hex(sub)[:12]


def _email(client: Client, sub: str, user: KnownUser | None) -> dict[str, Any]:
    if user and user.email and not is_pairwise(client):
        return {"email": user.email, "email_verified": True}
    if not client.email_domain:
        return {}
    # Many systems lower the case of email addresses, which would change an openid. The
    # name below the domain has no mailboxes: nobody else gets this user's mail.
    local = sha256_hex(sub)[:32]
    address = f"{local}@users.{client.email_domain}"
    return {"email": address, "email_verified": False}


def wechat_profile_of(client: Client, grant: Grant) -> dict[str, Any]:
    """Return a user in the form of WeChat's /sns/userinfo.

    Fields that WeChat has left empty since October 2021 are empty here, too.
    """
    profile = grant.profile
    user = {
        "openid": openid_for(client, profile["wechat_openid"]),
        "nickname": profile["name"],
        "sex": 0,
        "province": "",
        "city": "",
        "country": "",
        "headimgurl": profile["picture"] or "",
        "privilege": [],
    }
    if profile["wechat_unionid"] and not is_pairwise(client):
        user["unionid"] = profile["wechat_unionid"]
    return user
