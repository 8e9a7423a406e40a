"""Presets: the fields of a client that a known kind of client or product needs.

A product signs users in for a company, so it admits people whom an operator has
entered; a preset of a kind admits anyone, as a client without a preset does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from runtime.registry.models import ANYONE, KNOWN


@dataclass(frozen=True, slots=True)
class Preset:
    """The document's fields, and where on the client's own URL answers arrive.

    `callbacks` are paths below the URL, or whole URLs of loopback. `has_pages` tells
    that its pages call the gateway by script. `pkce_option` is the client's own setting
    that sends a challenge. Without one, it has to send a nonce (RFC 9700, 2.1.1):
    `sends_nonce` tells whether it can, and `exempt` lets off what sends neither.
    """

    fields: Mapping[str, Any]
    callbacks: tuple[str, ...] = ()
    after_sign_out: tuple[str, ...] = ()
    has_email: bool = False
    has_pages: bool = False
    pkce_option: str = ""
    sends_nonce: bool = True
    exempt: bool = False


def _product(**fields: Any) -> Mapping[str, Any]:
    return {"allow": KNOWN, "pkce": "required", **fields}


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "generic": Preset({"allow": ANYONE, "pkce": "required"}),
        "spa": Preset(
            {"allow": ANYONE, "pkce": "required", "public": True},
            has_pages=True,
        ),
        "native": Preset(
            {"allow": ANYONE, "pkce": "required", "public": True, "native": True},
            callbacks=("http://127.0.0.1/callback", "http://[::1]/callback"),
        ),
        "grafana": Preset(
            _product(),
            callbacks=("/login/generic_oauth",),
            after_sign_out=("/login",),
            has_email=True,
            pkce_option="use_pkce = true",
            sends_nonce=False,
        ),
        "gitea": Preset(
            _product(pkce="optional"),
            callbacks=("/user/oauth2/wechat/callback",),
            has_email=True,
            sends_nonce=False,
            exempt=True,
        ),
        "oauth2-proxy": Preset(
            _product(),
            callbacks=("/oauth2/callback",),
            has_email=True,
            pkce_option="--code-challenge-method=S256",
        ),
        "jupyterhub": Preset(
            _product(),
            callbacks=("/hub/oauth_callback",),
            pkce_option="c.GenericOAuthenticator.enable_pkce = True",
            sends_nonce=False,
        ),
        "mod_auth_openidc": Preset(
            _product(pkce="optional"),
            callbacks=("/redirect_uri",),
            after_sign_out=("/",),
            pkce_option="OIDCPKCEMethod S256",
        ),
    }
)
"""By name; the option --preset of `manage.py client add` takes these names."""


def needs_nonce(preset: str, *, pkce: str) -> bool:
    """Tell whether a request for an ID token needs a nonce if it has no challenge."""
    return pkce == "optional" and preset in PRESETS and not PRESETS[preset].exempt


def missing_challenge(client_id: str, preset: str, *, public: bool) -> str:
    """Return what developer and operator can do about a request without PKCE."""
    known = PRESETS.get(preset)
    option = f": {known.pkce_option}" if known and known.pkce_option else ""
    message = (
        f"code_challenge is missing. Turn on PKCE with S256 in the client{option}."
    )
    if public or (known and not known.sends_nonce):
        return message
    command = f"manage.py client update {client_id} --pkce optional"
    return f"{message} If it has no PKCE: {command}"
