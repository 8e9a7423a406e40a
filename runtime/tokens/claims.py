"""Claims about a user for a client: OpenID Connect's, and WeChat's profile."""

from __future__ import annotations

from typing import Any

from runtime.crypto.encoding import sha256_hex
from runtime.registry.models import Client
from runtime.registry.subjects import is_pairwise, openid_for, subject_for
from runtime.tokens.grant import Grant


def claims_of(client: Client, grant: Grant) -> dict[str, Any]:
    """Return the claims that the grant's scope covers, `sub` first.

    A pairwise client gets a `sub` of its own and none of WeChat's names: with these
    two clients could find out that they know the same user.
    """
    sub, profile = subject_for(client, grant.sub), grant.profile
    claims: dict[str, Any] = {"sub": sub}
    if "profile" in grant.scope:
        locale = (grant.language or "").replace("_", "-")
        claims |= {"name": profile["name"], "picture": profile["picture"]}
        claims["locale"] = locale
    if "email" in grant.scope and client.email_domain:
        # Many systems lower the case of email addresses, which would change an openid.
        local = sha256_hex(sub)[:32]
        claims["email"] = f"{local}@{client.email_domain}"
        claims["email_verified"] = False
    if not is_pairwise(client):
        names = ("wechat_openid", "wechat_unionid", "wechat_appid")
        claims |= {name: profile[name] for name in names}
    return {name: value for name, value in claims.items() if value not in (None, "")}


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
