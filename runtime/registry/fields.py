"""Fields of the documents: by kind, the rule for each value and its schema version."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from runtime.registry.ids import APPID, CLIENT_ID
from runtime.registry.known_users import ROLES
from runtime.registry.logo import logo
from runtime.registry.presets import PRESETS
from runtime.registry.route_fields import routes
from runtime.registry.rules import (
    Fault,
    Rule,
    aes_key,
    allowed,
    app_id,
    domain_proofs,
    email,
    flag,
    frame_origin,
    group,
    home,
    host,
    many,
    origin,
    post_logout_redirect_uri,
    push_token,
    redirect_uri,
    scope,
    subject,
    text,
    wechat_host,
    whole,
    word,
)

MOST_SECRETS = 2
"""Of a client at a time: the old secret and, during a rotation, the new one."""


def _scopes(value: Any) -> dict[str, list[str]]:
    if not isinstance(value, Mapping) or len(value) > 1000:
        raise Fault("must be path patterns by appid")
    scopes = {}
    for each, patterns in value.items():
        try:
            scopes[app_id(each)] = many(scope)(patterns)
        except Fault as fault:
            raise Fault(f"of {_shown_appid(each)}: {fault}") from None
    return scopes


def _shown_appid(appid: Any) -> str:
    return appid if re.fullmatch(r"wx[0-9a-z]{1,20}", str(appid)) else "an app"


def _rate(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping) or set(value) != {"per_second", "burst"}:
        raise Fault("must be per_second and burst")
    per_second = value["per_second"]
    if type(per_second) not in (int, float) or not 0 < per_second <= 10_000:
        raise Fault("must have a per_second above 0 and of 10000 at most")
    return {"per_second": per_second, "burst": whole(1, 100_000)(value["burst"])}


_line = text(r"(?! )[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,64}(?<! )", "a line of text")

# WeChat's own paths take both in the same parameter.
client_id_rule = text(
    rf"(?!{APPID}\Z){CLIENT_ID}",
    "1 to 40 of a-z, 0-9, _ and -, no sign in front, and no appid",
)

RULES: Mapping[str, Mapping[str, Rule]] = {
    "apps": {
        "kind": word(
            *("service", "subscription", "website", "miniprogram", "component"),
            "mobile",
        ),
        "secret": text(r"[0-9a-f]{32}", "32 hexadecimal digits"),
        "token_mode": word("stable", "plain"),
        "subject": word("openid", "unionid"),
        "token": push_token,
        "encoding_aes_key": aes_key,
        "previous_token": push_token,
        "previous_encoding_aes_key": aes_key,
        "js_domains": many(host),
        "api_hosts": many(wechat_host, most=8),
        "oauth_scope": word("snsapi_userinfo", "snsapi_base"),
        "mp_verify": many(
            text(
                r"[A-Za-z0-9]{8,32}", "8 to 32 letters and digits, those of MP_verify_"
            )
        ),
        "domain_proofs": domain_proofs,
        "routes": routes,
    },
    "clients": {
        "name": _line,
        "scopes": _scopes,
        "secret_hashes": many(
            text(r"sha256:[0-9a-f]{32}:[0-9a-f]{64}", "a hash as hash_secret makes it"),
            most=MOST_SECRETS,
        ),
        "origins": many(origin),
        "frame_origins": many(frame_origin, most=20),
        "public": flag,
        "native": flag,
        "pkce": word("required", "optional"),
        "redirect_uris": many(redirect_uri),
        "post_logout_redirect_uris": many(post_logout_redirect_uri),
        "home": home,
        "logo": logo,
        "subject_type": word("public", "pairwise"),
        "pairwise_salt": text(r"[0-9a-f]{32}", "32 hexadecimal digits"),
        "snapshot_users": word("page", "deny"),
        "email_domain": host,
        "page_qr": flag,
        "confirm": word("digits", "tap"),
        "js_domains": many(host),
        "rate": _rate,
        "session_key": flag,
        "allow": allowed,
        "openids": flag,
        "introspects": many(client_id_rule),
        "preset": word(*PRESETS),
        "disabled": flag,
        "epoch": whole(1, 2**31),
    },
    "people": {
        "sub": subject,
        "name": _line,
        "groups": many(group),
        "email": email,
        "role": word(*ROLES),
    },
}
"""By kind of document: each field and the rule for its value."""

NEEDED: Mapping[str, tuple[str, ...]] = {
    "apps": ("kind", "secret"),
    "clients": ("name", "scopes", "secret_hashes"),
    "people": ("sub",),
}

SINCE: Mapping[str, Mapping[str, int]] = {
    "apps": {
        **{"domain_proofs": 2, "previous_token": 2, "previous_encoding_aes_key": 2},
        "routes": 2,
    },
    "clients": {
        **{"allow": 2, "introspects": 2, "openids": 2, "preset": 2, "frame_origins": 2},
        **{"page_qr": 2, "confirm": 2},
    },
    "people": {},
}
"""By kind: the schema version of each field that version 1 does not have.

A document names the highest version of its fields, so that one without later fields
is as older versions of the gateway know it.
"""

SCHEMA = max((since for kind in SINCE.values() for since in kind.values()), default=1)
"""The newest schema version that this version of the gateway writes."""
