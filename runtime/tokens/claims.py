"""Claims about a user for a client: OpenID Connect's, and WeChat's profile.

The profile of a member of WeCom has `wecom_corpid`, and the claims then have names of
WeCom's in place of WeChat's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runtime.crypto.encoding import sha256_hex
from runtime.registry.known_users import KnownUser
from runtime.registry.models import Client
from runtime.registry.subjects import (
    groups_of,
    is_pairwise,
    openid_for,
    subject_for,
)
from runtime.tokens.grant import Grant

if TYPE_CHECKING:
    from runtime.registry.registry import Registry

WECHAT_NAMES = ("wechat_openid", "wechat_unionid", "wechat_appid")

WECOM_NAMES = ("wecom_corpid", "wecom_userid", "wecom_agentid")

MEMBERS_OWN = (*WECHAT_NAMES, "wechat_scope", "in_client")


def asks_user(grant: Grant) -> bool:
    """Tell whether the claims hold what an operator has entered for the user."""
    return not {"email", "groups"}.isdisjoint(grant.scope)


def claims_of(client: Client, grant: Grant, registry: Registry) -> dict[str, Any]:
    """Return the claims that the grant's scope covers, `sub` first.

    A pairwise client gets a `sub` of its own, none of WeChat's names, no telephone
    number and no address but a made-up one: with these two clients could find out that
    they know the same user. What an operator has entered, address and groups, is that
    of now, whenever the user signed in; what WeCom knows is that of the sign-in.
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
        claims |= _email(client, sub, user, profile)
    if "groups" in grant.scope:
        entered = user.groups if user else ()
        claims["groups"] = list(dict.fromkeys([*entered, *groups_of(profile)]))
    if is_pairwise(client):
        return _given(claims)
    if "phone" in grant.scope:
        claims["phone_number"] = profile.get("mobile")
    names = WECOM_NAMES if is_member(profile) else WECHAT_NAMES
    return _given(claims | {name: profile[name] for name in names})


def is_member(profile: Mapping[str, Any]) -> bool:
    """Tell whether the profile is that of a member of WeCom."""
    return bool(profile.get("wecom_corpid"))


def shown_profile(profile: Mapping[str, Any]) -> dict[str, Any]:
    """Return a profile as the user's own browser gets it: a member's without WeChat's.

    Sessions and grants name a member by the fields that an openid has else.
    """
    hidden = MEMBERS_OWN if is_member(profile) else ()
    return {name: value for name, value in profile.items() if name not in hidden}


def _given(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims that have a value."""
    return {name: value for name, value in claims.items() if value not in (None, "")}


def preferred_username(sub: str) -> str:
    """Return a login name of 1 to 32 of a-z and 0-9, which never changes.

    It is the sub itself, or what is left of it and a part of its hash: an openid has
    capital letters and signs, and in small letters it may be another user's. A
    member's begins with the userid, which other companies may have as well.
    """
    if re.fullmatch(r"[a-z0-9]{1,32}", sub):
        return sub
    shown = sub.rpartition(":")[2].lower()
    return re.sub(r"[^a-z0-9]", "", shown)[:20] + sha256_hex(sub)[:12]


def _email(
    client: Client, sub: str, user: KnownUser | None, profile: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the address that an operator or the company vouches for, or another one.

    A made-up address goes before the one that a member has entered in WeCom: some
    products take whoever has an address for its owner, verified or not.
    """
    if not is_pairwise(client):
        if user and user.email:
            return {"email": user.email, "email_verified": True}
        if profile.get("biz_mail"):
            return {"email": profile["biz_mail"], "email_verified": True}
        if profile.get("email") and not client.email_domain:
            return {"email": profile["email"], "email_verified": False}
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
