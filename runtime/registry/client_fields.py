"""The fields of a client's document: what each may hold, and what goes together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from runtime.registry.logo import logo
from runtime.registry.rules import (
    Fault,
    Rule,
    app_id,
    flag,
    many,
    scope,
    text,
    whole,
    word,
)
from runtime.registry.web_rules import (
    home,
    host,
    origin,
    post_logout_redirect_uri,
    redirect_uri,
)

MOST_SECRETS = 2
"""Of a client at a time: the old one and the one it changes over to."""


def contradictions(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each field that does not go with another one, and what is wrong with it."""
    public = content.get("public", False)
    if public and content["secret_hashes"]:
        yield "secret_hashes", "must be empty: a public client has no secret"
    if not public and not content["secret_hashes"]:
        yield "secret_hashes", "must be there, unless the client is public"
    if public and content.get("pkce") == "optional":
        yield "pkce", "must be required: a public client has no other proof"
    if content.get("subject_type") == "pairwise" and "pairwise_salt" not in content:
        yield "pairwise_salt", "is missing: names that are pairwise are made with it"
    native = content.get("native", False)
    for place, uri in enumerate(content.get("redirect_uris", ()), 1):
        if fault := _loopback_fault(uri, native=native):
            yield "redirect_uris", f"number {place} {fault}"


def _loopback_fault(uri: str, *, native: bool) -> str:
    parts = urlsplit(uri)
    if parts.scheme == "https":
        return ""
    if not native and parts.port is None:
        return "must have a port: without one it stands for any, of a native client"
    if native and parts.hostname == "localhost":
        # RFC 8252, 8.3: what localhost resolves to is not always this machine.
        return "must be 127.0.0.1 or [::1], since the client is native"
    return ""


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


CLIENT: Mapping[str, Rule] = {
    "name": text(
        r"(?! )[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,64}(?<! )", "a line of text"
    ),
    "scopes": _scopes,
    "secret_hashes": many(
        text(r"sha256:[0-9a-f]{32}:[0-9a-f]{64}", "a hash as hash_secret makes it"),
        most=MOST_SECRETS,
    ),
    "origins": many(origin),
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
    "js_domains": many(host),
    "rate": _rate,
    "session_key": flag,
    "disabled": flag,
    "epoch": whole(1, 2**31),
}
