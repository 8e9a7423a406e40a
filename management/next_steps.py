"""Next steps of an operator who has added a client or an app.

They are for people: JSON has the fields of which they are made, and no more.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from management.tables import Screen, lines_of, paragraph
from management.words import N_

_ACCOUNTS, _OPEN = "mp.weixin.qq.com", "open.weixin.qq.com"

_CONSOLES = {
    "service": _ACCOUNTS,
    "subscription": _ACCOUNTS,
    "miniprogram": _ACCOUNTS,
    "website": _OPEN,
    "mobile": _OPEN,
    "component": _OPEN,
}
"""By kind of an app: the console where it is set up."""


def next_steps(
    verb: tuple[str, str], answer: Mapping[str, Any], screen: Screen, *, endpoint: str
) -> str:
    """Return what is to be done after this command, "" if it has no next steps.

    A gateway of before does not tell its URL; then there are none either.
    """
    if verb == ("client", "add") and "issuer" in answer:
        return _of_client(answer, screen)
    if verb == ("app", "add") and "gateway" in answer:
        return _of_app(answer, screen, endpoint=endpoint)
    return ""


def _of_client(answer: Mapping[str, Any], screen: Screen) -> str:
    words, issuer = screen.words, str(answer["issuer"])
    discovery = f"{issuer}/.well-known/openid-configuration"
    uris = answer.get("redirect_uris") or [
        words.filled(
            "none yet: client update {1} --redirect-uri URI", answer["client_id"]
        )
    ]
    addresses = {
        words(N_("issuer")): issuer,
        words("discovery URL"): discovery,
        words("redirect URIs"): "\n".join(uris),
    }
    parts = [
        words("What the client has to know:"),
        lines_of(addresses, screen),
        words("Try it:"),
        _curl(answer, issuer, discovery),
    ]
    return "\n\n".join(parts)


def _curl(answer: Mapping[str, Any], issuer: str, discovery: str) -> str:
    """Return a call that works: for a token of an app, or for what any client reads."""
    apps = [each for each in answer["scopes"] if not each.endswith("*")]
    secret = answer.get("secret")
    if not (apps and secret):
        return f"curl {shlex.quote(discovery)}"
    user = shlex.quote(f"{answer['client_id']}:{secret}")
    return (
        f"curl --user {user} \\\n"
        f"  --data grant_type=client_credentials --data appid={apps[0]} \\\n"
        f"  {shlex.quote(f'{issuer}/oidc/token')}"
    )


def _of_app(answer: Mapping[str, Any], screen: Screen, *, endpoint: str) -> str:
    words, appid, kind = screen.words, answer["appid"], str(answer["kind"])
    parts = []
    if entries := _entries(kind, str(answer["gateway"]), screen):
        sentence = words.filled(
            "What to enter in WeChat's console, {1}:", _CONSOLES.get(kind, _OPEN)
        )
        parts += [paragraph(sentence, screen), lines_of(entries, screen)]
    if kind != "authorized":
        where = f" --endpoint {shlex.quote(endpoint)}" if endpoint else ""
        parts += [
            words("Then check it:"),
            f"python manage.py app check {appid}{where}",
        ]
    return "\n\n".join(parts)


def _entries(kind: str, gateway: str, screen: Screen) -> dict[str, str]:
    """Return the console's fields that this gateway needs, and their values."""
    words, host = screen.words, urlsplit(gateway).hostname or ""
    entries = {}
    if kind in ("service", "subscription", "component"):
        entries[words("IP whitelist (IP白名单)")] = words(
            "the addresses from which this gateway calls WeChat; 40164 names one that "
            "is missing"
        )
    if kind == "service":
        entries[words("web authorisation domain (网页授权域名)")] = host
    if kind in ("service", "subscription"):
        entries[words("JS interface domains (JS接口安全域名)")] = words(
            "the hosts of the pages that use wx.config"
        )
    if kind == "website":
        entries[words("callback domain (授权回调域)")] = host
    if kind == "miniprogram":
        entries[words("server domains (服务器域名), request")] = words.filled(
            "{1}, if the front end itself calls the gateway", gateway
        )
    return entries
