"""Schema of the documents: what their content must be, each and all fields together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from runtime.documents.secret_fields import Sealed
from runtime.errors import GatewayError
from runtime.registry.alerts import DINGTALK, FEISHU, JSON
from runtime.registry.authorizers import document_id as document_id_of
from runtime.registry.fields import (
    NEEDED,
    RULES,
    SINCE,
    WECOM_RULES,
    client_id_rule,
    silent_fault,
)
from runtime.registry.gateway_settings import ID as SETTINGS_ID
from runtime.registry.ids import WECOM_ID
from runtime.registry.known_users import document_id
from runtime.registry.models import ANYONE, AUTHORIZED_KIND, COMPONENT_KIND, WECOM_KIND
from runtime.registry.route_fields import routes as checked_routes
from runtime.registry.rules import OWN_SCHEME, Fault, Rule, app_id, wecom_id

SCHEMA_FIELD = "schema"
"""Names the version of a document's schema; a document without it is of version 1."""

_TOGETHER = (
    *("public", "secret_hashes", "pkce", "subject_type", "pairwise_salt"),
    *("native", "redirect_uris", "post_logout_redirect_uris"),
    *("openids", "confirm", "allow", "page_qr", "account_qr"),
    *("default_apps", "scopes"),
    *("backchannel_logout_uri", "backchannel_logout_session_required"),
)
"""Fields of a client that may contradict each other."""

_APP_TOGETHER = (
    *("kind", "secret", "token_mode", "token", "encoding_aes_key"),
    *("oauth_scope", "subject", "authorized_defaults"),
    *("corpid", "name", "robots", "groups_from_departments", "receive_ids"),
)
"""Fields of an app that may contradict each other."""

_OF_WECOM = ("corpid", "name", "robots", "groups_from_departments", "receive_ids")
"""Fields that only an app of WeCom has."""

_NOT_OF_WECOM = ("token_mode", "subject", "api_hosts", "mp_verify")
"""Fields that an app of WeCom cannot have: it has one way to each."""

_OF_COMPONENT = (
    *("secret", "token_mode", "token", "encoding_aes_key"),
    *("previous_token", "previous_encoding_aes_key", "authorized_defaults"),
)
"""Fields that an account of a component cannot have: the component's count."""


_SIGNED_ALERTS = (DINGTALK, FEISHU, JSON)

_WEBHOOK_SECRET = re.compile(r"whsec_(?:[A-Za-z0-9+/]{4}){6,}[A-Za-z0-9+/]{0,3}={0,2}")


class InvalidDocument(GatewayError):
    """A field is missing, unknown, malformed or in conflict with another one.

    The message names the field and repeats no value.
    """

    status = 400
    errcode = 40097
    code = "invalid_document"

    field: str

    def __init__(self, field: str, fault: str) -> None:
        super().__init__(field=field, message=f"{field} {fault}.")


def app_document(
    appid: str,
    fields: Mapping[str, Any],
    *,
    kept: Mapping[str, Any] | None = None,
    later: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the content of `apps/{appid}`; InvalidDocument names the field.

    `kept` is the content that a change begins with: what it has of these values is not
    checked, since a later version of the gateway may have written it. Nor is `later`,
    the fields of a document that names a later schema.
    """
    if kept is None:
        is_wecom = fields.get("kind") == WECOM_KIND
        _checked("appid", wecom_id if is_wecom else app_id, appid)
    content = _content("apps", fields, {**(kept or {}), **(later or {})})
    if kept and _unchanged(_APP_TOGETHER, content, kept):
        return content
    for field, fault in _app_contradictions(appid, content):
        raise InvalidDocument(field, fault)
    return content


def client_document(
    client_id: str,
    fields: Mapping[str, Any],
    *,
    kept: Mapping[str, Any] | None = None,
    later: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the content of `clients/{client_id}`; InvalidDocument names the field.

    A public client has no `secret_hashes`. The scopes may be empty: such a client can
    only sign users in. `kept` and `later` are as in `app_document`.
    """
    if kept is None:
        _checked("client_id", client_id_rule, client_id)
    content = _content("clients", fields, {**(kept or {}), **(later or {})})
    if kept and _unchanged(_TOGETHER, content, kept):
        return content
    for field, fault in _contradictions(content):
        raise InvalidDocument(field, fault)
    return content


def known_user_document(
    id_: str,
    fields: Mapping[str, Any],
    *,
    kept: Mapping[str, Any] | None = None,
    later: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the content of `people/{id_}`; InvalidDocument names the field.

    `kept` and `later` are as in `app_document`.
    """
    content = _content("people", fields, {**(kept or {}), **(later or {})})
    if isinstance(content["sub"], Sealed):  # nobody can check it
        return content
    if document_id(content["sub"]) != id_:
        raise InvalidDocument("sub", "must be the one of which the id is the hash")
    return content


def authorizer_document(
    id_: str,
    fields: Mapping[str, Any],
    *,
    kept: Mapping[str, Any] | None = None,
    later: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the content of `authorizers/{id_}`; InvalidDocument names the field.

    `kept` and `later` are as in `app_document`.
    """
    content = _content("authorizers", fields, {**(kept or {}), **(later or {})})
    if document_id_of(content["component"], content["appid"]) != id_:
        raise InvalidDocument("appid", "must be the one that the id names")
    return content


def alert_document(
    name: str,
    fields: Mapping[str, Any],
    *,
    kept: Mapping[str, Any] | None = None,
    later: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the content of `alerts/{name}`; InvalidDocument names the field.

    `kept` and `later` are as in `app_document`.
    """
    content = _content("alerts", fields, {**(kept or {}), **(later or {})})
    if kept and _unchanged(("kind", "secret"), content, kept):
        return content
    kind, secret = content["kind"], content.get("secret", "")
    if isinstance(secret, Sealed):  # nobody can check it
        return content
    if secret and kind not in _SIGNED_ALERTS:
        raise InvalidDocument("secret", f"must not be there: {kind} has no signature")
    if kind == JSON and not _WEBHOOK_SECRET.fullmatch(secret):
        raise InvalidDocument("secret", "must be whsec_ and base64, since kind is json")
    return content


def gateway_document(
    id_: str,
    fields: Mapping[str, Any],
    *,
    kept: Mapping[str, Any] | None = None,
    later: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the content of `gateway/settings`; InvalidDocument names the field.

    `kept` and `later` are as in `app_document`.
    """
    if id_ != SETTINGS_ID:
        raise InvalidDocument("id", f"must be {SETTINGS_ID}")
    return _content("gateway", fields, {**(kept or {}), **(later or {})})


def schema_of(content: Mapping[str, Any]) -> int:
    """Return the schema version that a document names; without one it is 1."""
    named = content.get(SCHEMA_FIELD, 1)
    return named if type(named) is int else 1


def later_fields(kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that this version does not know; a later one has written them.

    The name of the schema is none of them.
    """
    rules = RULES[kind]
    return {
        name: value
        for name, value in content.items()
        if name not in rules and name != SCHEMA_FIELD
    }


def refuse_unknown(kind: str, names: Iterable[str]) -> None:
    """Raise InvalidDocument if an operator names a field that is not known here."""
    for name in names:
        if name not in RULES[kind]:
            raise InvalidDocument(_shown(name), "is not known here")


def _content(
    kind: str, fields: Mapping[str, Any], kept: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a document's content: new values by their rules, others as they were."""
    same = {
        name: kept[name]
        for name, value in fields.items()
        if name in kept and kept[name] == value
    }
    new = {name: value for name, value in fields.items() if name not in same}
    if scopes := _common_items(new.get("scopes"), kept.get("scopes")):
        changed = {app: v for app, v in new["scopes"].items() if app not in scopes}
        new["scopes"] = changed
    rules = dict(RULES[kind])
    if "routes" in new and isinstance(old := kept.get("routes"), (list, tuple)):
        rules["routes"] = partial(checked_routes, kept=old)
    if kind == "apps" and fields.get("kind") == WECOM_KIND:
        rules |= WECOM_RULES
    needed = [name for name in NEEDED[kind] if name not in same]
    checked = checked_fields(new, rules, needed=needed)
    if scopes:
        checked["scopes"] = {**scopes, **checked["scopes"]}
    both = {**same, **checked}
    # In the rules' order, so that the same fields always make the same document.
    content = {name: both[name] for name in RULES[kind] if name in both}
    content |= {name: value for name, value in same.items() if name not in content}
    least = max((SINCE[kind].get(name, 1) for name in content), default=1)
    if least > schema_of(content):
        content[SCHEMA_FIELD] = least
    return content


def _common_items(new: Any, old: Any) -> dict[str, Any]:
    if not isinstance(new, Mapping) or not isinstance(old, Mapping):
        return {}
    return {key: old[key] for key in new if key in old and old[key] == new[key]}


def _unchanged(
    names: Iterable[str], content: Mapping[str, Any], kept: Mapping[str, Any]
) -> bool:
    return all(content.get(name) == kept.get(name) for name in names)


def checked_fields(
    fields: Mapping[str, Any], rules: Mapping[str, Rule], *, needed: Iterable[str] = ()
) -> dict[str, Any]:
    """Return the fields, each by its rule; InvalidDocument names the one at fault."""
    for name in fields:
        if name not in rules:
            raise InvalidDocument(_shown(name), "is not known here")
    for name in needed:
        if name not in fields:
            raise InvalidDocument(name, "is missing")
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
        raise InvalidDocument(name, str(fault)) from None


def _shown(name: Any) -> str:
    # If name and value were mixed up, this is the value, and may be a secret.
    return name if re.fullmatch(r"[a-z_]{1,28}", str(name)) else "a name"


def _app_contradictions(
    appid: str, content: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yield each field of an app that contradicts another one, and what is wrong."""
    kind = content["kind"]
    if kind == WECOM_KIND or re.fullmatch(WECOM_ID, appid):
        yield from _wecom_contradictions(appid, content)
        return
    for field in _OF_WECOM:
        if field in content:
            yield field, "must not be there, unless kind is wecom"
    if kind == AUTHORIZED_KIND:
        for field in _OF_COMPONENT:
            if field in content:
                yield field, "must not be there: the component's counts"
    elif not content.get("secret"):
        yield "secret", "is missing"
    if "authorized_defaults" in content and kind != COMPONENT_KIND:
        yield "authorized_defaults", "must not be there, unless kind is component"
    if fault := silent_fault(content):
        yield "oauth_scope", fault


def _wecom_contradictions(
    appid: str, content: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yield the same of an app of WeCom."""
    if content["kind"] != WECOM_KIND:
        yield "kind", "must be wecom, since the id has a corpid and a name"
        return
    for field in ("corpid", "name", "secret"):
        if not content.get(field):
            yield field, "is missing"
    for field in _NOT_OF_WECOM:
        if field in content:
            yield field, "must not be there, since kind is wecom"
    if "authorized_defaults" in content:
        yield "authorized_defaults", "must not be there, unless kind is component"
    if f"{content.get('corpid')}-{content.get('name')}" != appid:
        yield "corpid", "and name must be the two that the id has"
    if content.get("token") and not content.get("encoding_aes_key"):
        yield "encoding_aes_key", "is missing: WeCom always encrypts"


def _contradictions(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each field that contradicts another one, and what is wrong with it."""
    public = content.get("public", False)
    if public and content["secret_hashes"]:
        yield "secret_hashes", "must be empty: a public client has no secret"
    if not public and not content["secret_hashes"]:
        yield "secret_hashes", "must be there, unless the client is public"
    if public and content.get("pkce") == "optional":
        yield "pkce", "must be required: a public client has no other proof"
    if content.get("subject_type") == "pairwise" and content.get("openids"):
        yield "openids", "must be false: a pairwise client is told no openid"
    if content.get("subject_type") == "pairwise" and "pairwise_salt" not in content:
        yield "pairwise_salt", "is missing: pairwise identifiers are made with it"
    if content.get("confirm") == "tap" and content.get("allow", ANYONE) != ANYONE:
        yield "confirm", "must be digits, unless allow is anyone"
    if content.get("page_qr") and content.get("account_qr"):
        yield "account_qr", "must be false, since page_qr is true: a page has one"
    required = "backchannel_logout_session_required"
    if content.get(required) and not content.get("backchannel_logout_uri"):
        yield required, "must be false without a backchannel_logout_uri"
    for corpid, name in content.get("default_apps", {}).items():
        if f"{corpid}-{name}" not in content["scopes"]:
            yield "default_apps", "must name apps that the scopes have"
    native = content.get("native", False)
    # Another app may have registered the same scheme, and get the code.
    has_scheme = native and content.get("pkce", "required") == "required"
    for place, uri in enumerate(content.get("redirect_uris", ()), 1):
        fault = _native_fault(uri, native=native, has_scheme=has_scheme)
        if public and "#" in uri:
            # RFC 6749, 3.1.2, forbids it, and only WeChat's protocol allows it.
            fault = "must have no fragment, since the client is public"
        if fault:
            yield "redirect_uris", f"number {place} {fault}"
    for place, uri in enumerate(content.get("post_logout_redirect_uris", ()), 1):
        if OWN_SCHEME.match(uri) and not has_scheme:
            yield "post_logout_redirect_uris", f"number {place} {_NO_OWN_SCHEME}"


_NO_OWN_SCHEME = "must be https: only a native client with pkce has its own scheme"


def _native_fault(uri: str, *, native: bool, has_scheme: bool) -> str:
    if OWN_SCHEME.match(uri):
        return "" if has_scheme else _NO_OWN_SCHEME
    parts = urlsplit(uri)
    if parts.scheme == "https":
        return ""
    if not native and parts.port is None:
        return "must have a port: without one it stands for any, of a native client"
    if native and parts.hostname == "localhost":
        # RFC 8252, 8.3: what localhost resolves to is not always this machine.
        return "must be 127.0.0.1 or [::1], since the client is native"
    return ""
