"""Provider metadata below /.well-known/, and keys at /oidc/jwks."""

from __future__ import annotations

import json
from functools import lru_cache
from urllib.parse import urlsplit

from functions.oidc.authorize_parameters import RESPONSE_MODES, SCOPES
from runtime.errors import NotFound
from runtime.gateway import Gateway
from runtime.pages.languages import LANGUAGES
from runtime.sign_in.authorization_request import EMBEDDED
from runtime.tokens.oidc_keys import ALGORITHM
from runtime.web.messages import Headers, Request, Response

_CACHED: Headers = (
    ("Content-Type", "application/json"),
    # A new key is published this long before it signs, see docs/configuration.md.
    ("Cache-Control", "public, max-age=3600"),
)

_CLIENT_PROOFS = ("client_secret_basic", "client_secret_post", "none")


def discovery(request: Request, gateway: Gateway) -> Response:
    """Answer with the metadata (OpenID Connect Discovery, 3; RFC 9207, 3)."""
    gateway.oidc_keys.check()
    return Response(200, _CACHED, _metadata(gateway.settings.public_base_url))


def authorization_server(request: Request, gateway: Gateway) -> Response:
    """Answer with the same metadata (RFC 8414, 3).

    The path of an issuer that has one follows, as the RFC says.
    """
    path = request.path.partition("/oauth-authorization-server")[2]
    if path not in ("", urlsplit(gateway.settings.public_base_url).path):
        raise NotFound
    return discovery(request, gateway)


def jwks(request: Request, gateway: Gateway) -> Response:
    """Answer with the public part of every key in OIDC_KEY."""
    return Response(200, _CACHED, gateway.oidc_keys.jwks)


@lru_cache(maxsize=1)
def _metadata(issuer: str) -> bytes:
    content = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oidc/authorize",
        "token_endpoint": f"{issuer}/oidc/token",
        "revocation_endpoint": f"{issuer}/oidc/revoke",
        "introspection_endpoint": f"{issuer}/oidc/introspect",
        "userinfo_endpoint": f"{issuer}/oidc/userinfo",
        "end_session_endpoint": f"{issuer}/oidc/logout",
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "jwks_uri": f"{issuer}/oidc/jwks",
        "scopes_supported": SCOPES,
        "response_types_supported": ["code"],
        "response_modes_supported": RESPONSE_MODES,
        "grant_types_supported": [
            *("authorization_code", "refresh_token", "client_credentials")
        ],
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "token_endpoint_auth_methods_supported": _CLIENT_PROOFS,
        "revocation_endpoint_auth_methods_supported": _CLIENT_PROOFS,
        "introspection_endpoint_auth_methods_supported": [
            *("client_secret_basic", "client_secret_post")
        ],
        "code_challenge_methods_supported": ["S256"],
        "claims_supported": [
            *("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash"),
            *("name", "nickname", "preferred_username", "picture", "locale"),
            *("sid", "updated_at", "email", "email_verified", "groups"),
            *("wechat_openid", "wechat_unionid", "wechat_appid", "wechat_openids"),
            *("phone_number", "wecom_corpid", "wecom_userid", "wecom_agentid"),
        ],
        "display_values_supported": ["page", EMBEDDED],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "ui_locales_supported": [each.replace("_", "-") for each in LANGUAGES],
        "authorization_response_iss_parameter_supported": True,
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        # Left out, it would count as true.
        "request_uri_parameter_supported": False,
    }
    return json.dumps(content, separators=(",", ":")).encode()
