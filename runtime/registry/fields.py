"""Fields of the documents: by kind, the rule for each value and its schema version."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from runtime.registry.alerts import CONDITIONS, KINDS
from runtime.registry.authorizers import AUTHORIZED, UNAUTHORIZED
from runtime.registry.brand_colors import brand_colors
from runtime.registry.gateway_settings import REDIRECT, SERVE
from runtime.registry.ids import APP_ID, CLIENT_ID
from runtime.registry.known_users import ROLES
from runtime.registry.logo import logo
from runtime.registry.models import TOKEN_READ
from runtime.registry.presets import PRESETS
from runtime.registry.route_fields import routes
from runtime.registry.rules import (
    Fault,
    Rule,
    aes_key,
    allowed,
    app_id,
    app_key,
    corp_id,
    domain_proofs,
    email,
    flag,
    frame_origin,
    group,
    home,
    host,
    logout_url,
    many,
    origin,
    post_logout_redirect_uri,
    push_token,
    receive_id,
    redirect_uri,
    robots,
    scope,
    subject,
    text,
    wechat_host,
    wecom_name,
    wecom_secret,
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
            scopes[app_key(each)] = many(scope)(patterns)
            if each.endswith("*") and TOKEN_READ in patterns:
                raise Fault(f"must not have {TOKEN_READ}: name each account for that")
        except Fault as fault:
            raise Fault(f"of {_shown_appid(each)}: {fault}") from None
    return scopes


def _shown_appid(appid: Any) -> str:
    shown = re.fullmatch(r"w[wx][0-9a-z]{1,20}(?:-(?:\*|[0-9a-z]{1,16}))?", str(appid))
    return str(appid) if shown else "an app"


def _default_apps(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping) or len(value) > 100:
        raise Fault("must be agentids by corpid")
    return {corp_id(corpid): wecom_name(name) for corpid, name in value.items()}


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
    rf"(?!{APP_ID}\Z){CLIENT_ID}",
    "1 to 40 of a-z, 0-9, _ and -, no sign in front, and no appid",
)

_ACCOUNT_KINDS = ("service", "subscription", "miniprogram")

_APP: Mapping[str, Rule] = {
    "subject": word("openid", "unionid"),
    "js_domains": many(host),
    "api_hosts": many(wechat_host, most=8),
    "oauth_scope": word("snsapi_userinfo", "snsapi_base"),
}
"""Fields of an app that the accounts of a component may have in common."""


def _authorized_defaults(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise Fault("must be fields of an account by name")
    checked = {}
    for name, each in value.items():
        if name not in _APP:
            raise Fault(f"must have no fields but {', '.join(_APP)}")
        try:
            checked[name] = _APP[name](each)
        except Fault as fault:
            raise Fault(f"has a {name} that {fault}") from None
    if not silent_fault(checked):
        return checked
    raise Fault(f"has an oauth_scope that {silent_fault(checked)}")


def silent_fault(content: Mapping[str, Any]) -> str:
    """Return what is wrong with `oauth_scope`, "" if nothing is."""
    silent = content.get("oauth_scope") == "snsapi_base"
    if silent and content.get("subject") == "unionid":
        # WeChat returns a unionid only with snsapi_userinfo: every sign-in would fail.
        return "must be snsapi_userinfo, since subject is unionid"
    return ""


RULES: Mapping[str, Mapping[str, Rule]] = {
    "apps": {
        "kind": word(
            *("service", "subscription", "website", "miniprogram", "component"),
            *("mobile", "authorized", "wecom"),
        ),
        "corpid": corp_id,
        "name": wecom_name,
        "secret": text(r"[0-9a-f]{32}", "32 hexadecimal digits"),
        "token_mode": word("stable", "plain"),
        "subject": _APP["subject"],
        "token": push_token,
        "encoding_aes_key": aes_key,
        "previous_token": push_token,
        "previous_encoding_aes_key": aes_key,
        "js_domains": _APP["js_domains"],
        "api_hosts": _APP["api_hosts"],
        "oauth_scope": _APP["oauth_scope"],
        "mp_verify": many(
            text(
                r"[A-Za-z0-9]{8,32}", "8 to 32 letters and digits, those of MP_verify_"
            )
        ),
        "domain_proofs": domain_proofs,
        "routes": routes,
        "authorized_defaults": _authorized_defaults,
        "robots": robots,
        "groups_from_departments": flag,
        "receive_ids": many(receive_id, most=20),
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
        "backchannel_logout_uri": logout_url,
        "backchannel_logout_session_required": flag,
        "home": home,
        "logo": logo,
        "favicon": logo,
        "brand_colors": brand_colors,
        "terms": home,
        "privacy": home,
        "subject_type": word("public", "pairwise"),
        "pairwise_salt": text(r"[0-9a-f]{32}", "32 hexadecimal digits"),
        "snapshot_users": word("page", "deny"),
        "email_domain": host,
        "page_qr": flag,
        "account_qr": flag,
        "confirm": word("digits", "tap"),
        "js_domains": many(host),
        "rate": _rate,
        "session_key": flag,
        "allow": allowed,
        "openids": flag,
        "introspects": many(client_id_rule),
        "default_apps": _default_apps,
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
    "authorizers": {
        "component": app_id,
        "appid": app_id,
        "kind": word(*_ACCOUNT_KINDS),
        "refresh_token": text(r"[!-~]{0,512}", "up to 512 characters of ASCII"),
        "permission_sets": many(whole(0, 2**31), most=500),
        "state": word(AUTHORIZED, UNAUTHORIZED),
        "user_name": text(r"[\w-]{0,64}", "up to 64 letters, digits, _ and -"),
        "service_type": whole(0, 2**31),
        "authorized_at": whole(0, 2**40),
        "unauthorized_at": whole(0, 2**40),
    },
    "alerts": {
        "kind": word(*KINDS),
        "url": logout_url,
        "secret": text(r"[!-~]{1,512}", "1 to 512 characters of ASCII, no blank"),
        "conditions": many(word(*CONDITIONS), least=1),
    },
    "gateway": {
        "default_language": word("zh_CN", "zh_TW", "en"),
        "other_hosts": word(REDIRECT, SERVE),
    },
}
"""By kind of document: each field and the rule for its value."""

WECOM_RULES: Mapping[str, Rule] = {
    "secret": wecom_secret,
    "oauth_scope": word("snsapi_base", "snsapi_privateinfo"),
}
"""Rules of an app of WeCom in place of those of RULES."""

NEEDED: Mapping[str, tuple[str, ...]] = {
    "apps": ("kind",),
    "clients": ("name", "scopes", "secret_hashes"),
    "people": ("sub",),
    "authorizers": ("component", "appid", "kind", "state"),
    "alerts": ("kind", "url"),
    "gateway": (),
}

SINCE: Mapping[str, Mapping[str, int]] = {
    "apps": {
        **{"domain_proofs": 2, "previous_token": 2, "previous_encoding_aes_key": 2},
        "routes": 2,
        "authorized_defaults": 2,
        **{"corpid": 2, "name": 2, "robots": 2, "groups_from_departments": 2},
        "receive_ids": 2,
    },
    "clients": {
        **{"allow": 2, "introspects": 2, "openids": 2, "preset": 2, "frame_origins": 2},
        **{"page_qr": 2, "account_qr": 2, "confirm": 2},
        **{"favicon": 2, "brand_colors": 2, "terms": 2, "privacy": 2},
        "default_apps": 2,
        **{"backchannel_logout_uri": 2, "backchannel_logout_session_required": 2},
    },
    "people": {},
    "authorizers": {},
    "alerts": {},
    "gateway": {},
}
"""By kind: the schema version of each field that version 1 does not have.

A document names the highest version of its fields, so that one without later fields
is as older versions of the gateway know it.
"""

SCHEMA = max((since for kind in SINCE.values() for since in kind.values()), default=1)
"""The newest schema version that this version of the gateway writes."""
