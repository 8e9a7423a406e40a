"""The documents of apps and clients, checked before they are kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from runtime.errors import GatewayError
from runtime.field_rules import (
    Fault,
    Rule,
    flag,
    host,
    many,
    origin,
    redirect_uri,
    scope,
    text,
    wechat_host,
    whole,
    word,
)

MOST_SECRETS = 2
"""Of a client at a time: the old one and the one it changes over to."""

NEEDED: Mapping[str, tuple[str, ...]] = {
    "apps": ("kind", "secret"),
    "clients": ("name", "scopes", "secret_hashes"),
}


class RegistrationError(GatewayError):
    """A field is missing, unknown or malformed; the message names it, no value."""

    status = 400
    errcode = 40097
    code = "invalid_document"

    def __init__(self, field: str, fault: str) -> None:
        super().__init__(field)
        self.field = field
        self.message = f"{field} {fault}."


def app_document(appid: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept as `apps/{appid}`; RegistrationError names the field."""
    _checked("appid", _appid, appid)
    return checked_fields(fields, _APP, needed=NEEDED["apps"])


def client_document(client_id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept as `clients/{client_id}`; RegistrationError names the field.

    Its `secret_hashes` are ours, its scopes may be empty: it may then sign people in.
    """
    _checked("client_id", _client_id, client_id)
    return checked_fields(fields, _CLIENT, needed=NEEDED["clients"])


def checked_fields(
    fields: Mapping[str, Any], rules: Mapping[str, Rule], *, needed: Iterable[str] = ()
) -> dict[str, Any]:
    """Return the fields, each by its rule; RegistrationError names the one at fault."""
    for name in fields:
        if name not in rules:
            raise RegistrationError(_shown(name), "is not known here")
    for name in needed:
        if name not in fields:
            raise RegistrationError(name, "is missing")
    # In the rules' order, so that the same fields always make the same document.
    return {
        name: _checked(name, rule, fields[name])
        for name, rule in rules.items()
        if name in fields
    }


def _checked(name: str, rule: Rule, value: Any) -> Any:
    try:
        return rule(value)
    except Fault as fault:
        raise RegistrationError(name, str(fault)) from None


def _shown(name: Any) -> str:
    # Who mixes up name and value would see the value in the log.
    return name if re.fullmatch(r"[a-z_]{1,24}", str(name)) else "a name"


def _scopes(value: Any) -> dict[str, list[str]]:
    if not isinstance(value, Mapping) or len(value) > 1000:
        raise Fault("must be path patterns by appid")
    scopes = {}
    for appid, patterns in value.items():
        try:
            scopes[_appid(appid)] = many(scope)(patterns)
        except Fault as fault:
            raise Fault(f"of {_shown_appid(appid)}: {fault}") from None
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


_appid = text(r"wx[0-9a-f]{16}", "wx and 16 hexadecimal digits")
_client_id = text(
    r"[a-z0-9][a-z0-9_-]{0,39}", "1 to 40 of a-z, 0-9, _ and -, no sign in front"
)

_APP: Mapping[str, Rule] = {
    "kind": word("service", "subscription", "website", "miniprogram", "component"),
    "secret": text(r"[0-9a-f]{32}", "32 hexadecimal digits"),
    "token_mode": word("stable", "plain"),
    "subject": word("openid", "unionid"),
    "token": text(r"[A-Za-z0-9]{3,32}", "3 to 32 letters and digits"),
    "encoding_aes_key": text(r"[A-Za-z0-9]{43}", "43 letters and digits"),
    "js_domains": many(host),
    "api_hosts": many(wechat_host, most=8),
}

_CLIENT: Mapping[str, Rule] = {
    "name": text(
        r"(?! )[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,64}(?<! )", "a line of text"
    ),
    "scopes": _scopes,
    "secret_hashes": many(
        text(r"sha256:[0-9a-f]{32}:[0-9a-f]{64}", "a hash as hash_secret makes it"),
        least=1,
        most=MOST_SECRETS,
    ),
    "origins": many(origin),
    "redirect_uris": many(redirect_uri),
    "rate": _rate,
    "session_key": flag,
    "disabled": flag,
    "epoch": whole(1, 2**31),
}
