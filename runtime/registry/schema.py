"""The documents of apps and clients, checked before they are kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from runtime.errors import GatewayError
from runtime.registry.app_ids import APPID
from runtime.registry.client_fields import CLIENT, contradictions
from runtime.registry.rules import Fault, Rule, app_id, many, text, word
from runtime.registry.web_rules import host, wechat_host

NEEDED: Mapping[str, tuple[str, ...]] = {
    "apps": ("kind", "secret"),
    "clients": ("name", "scopes", "secret_hashes"),
}


class RegistrationError(GatewayError):
    """A field is missing, unknown, malformed or at odds with another one.

    The message names it, and repeats no value.
    """

    status = 400
    errcode = 40097
    code = "invalid_document"

    def __init__(self, field: str, fault: str) -> None:
        super().__init__(field)
        self.field = field
        self.message = f"{field} {fault}."


def app_document(appid: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept as `apps/{appid}`; RegistrationError names the field."""
    _checked("appid", app_id, appid)
    content = checked_fields(fields, _APP, needed=NEEDED["apps"])
    silent = content.get("oauth_scope") == "snsapi_base"
    if silent and content.get("subject") == "unionid":
        # WeChat tells a unionid with snsapi_userinfo alone: nobody could sign in.
        fault = "must be snsapi_userinfo, since subject is unionid"
        raise RegistrationError("oauth_scope", fault)
    return content


def client_document(client_id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept as `clients/{client_id}`; RegistrationError names the field.

    Its `secret_hashes` are ours and none for a public client; its scopes may be empty:
    it may then sign people in.
    """
    _checked("client_id", _client_id, client_id)
    content = checked_fields(fields, CLIENT, needed=NEEDED["clients"])
    for field, fault in contradictions(content):
        raise RegistrationError(field, fault)
    return content


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
    return name if re.fullmatch(r"[a-z_]{1,28}", str(name)) else "a name"


# In WeChat's dialect both stand in the same place.
_client_id = text(
    rf"(?!{APPID}\Z)[a-z0-9][a-z0-9_-]{{0,39}}",
    "1 to 40 of a-z, 0-9, _ and -, no sign in front, and no appid",
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
    "oauth_scope": word("snsapi_userinfo", "snsapi_base"),
    "mp_verify": many(
        text(r"[A-Za-z0-9]{8,32}", "8 to 32 letters and digits, those of MP_verify_")
    ),
}
