"""Parameters of an authorization request: OpenID Connect Core, 3.1.2.1, and PKCE."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from runtime.errors import OidcNotConfigured
from runtime.gateway import Gateway
from runtime.registry.models import Client
from runtime.registry.presets import missing_challenge, needs_nonce
from runtime.sign_in.authorization_request import (
    DISPLAY,
    EMBEDDED,
    FORM_POST,
    LONGEST_STATE,
    QUERY,
    AuthorizationRequest,
)
from runtime.sign_in.pushed_requests import Pairs
from runtime.tokens.id_tokens import BadHint

SCOPES = ("openid", "profile", "email", "phone", "groups", "offline_access")
RESPONSE_MODES = (QUERY, FORM_POST)

_PROMPTS = frozenset({"none", "login", "consent", "select_account"})
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_UNSUPPORTED = {
    "request": "request_not_supported",
    "request_uri": "request_uri_not_supported",
    "registration": "registration_not_supported",
}


class AuthorizeRefused(Exception):
    """The client learns it at its redirect_uri: OAuth's code and a description."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True)
class AuthorizeParameters:
    """A checked request, and which session will do for it."""

    request: AuthorizationRequest
    prompt: frozenset[str]
    max_age: int | None


def check_parameters(
    asked: AuthorizationRequest,
    client: Client,
    pairs: Pairs,
    gateway: Gateway,
) -> AuthorizeParameters:
    """Return the checked parameters; AuthorizeRefused if one is wrong."""
    if len(dict(pairs)) < len(pairs):
        raise AuthorizeRefused("invalid_request", "A parameter is repeated.")
    # RFC 6749, 3.1: a parameter without a value counts as left out.
    given = {name: value for name, value in pairs if value}
    for name, error in _UNSUPPORTED.items():
        if name in given:
            raise AuthorizeRefused(error, f"{name} is not supported.")
    _check_response(given, asked.redirect_uri)
    if is_embedded(pairs):
        _check_embedded(given, client, asked)
    for name in ("state", "nonce"):
        if len(given.get(name, "")) > LONGEST_STATE:
            limit = f"{name} has more than {LONGEST_STATE} characters."
            raise AuthorizeRefused("invalid_request", limit)
    scope = tuple(name for name in SCOPES if name in given.get("scope", "").split(" "))
    if "openid" in scope and gateway.settings.oidc_key is None:
        raise OidcNotConfigured
    request = replace(
        asked,
        scope=scope,
        nonce=given.get("nonce"),
        code_challenge=_challenge(given, client),
        sub=_hinted_sub(given, client, gateway),
    )
    return AuthorizeParameters(request, _prompt(given), _max_age(given))


def is_web_url(redirect_uri: str) -> bool:
    """Tell whether a page can post a form there; an app's own scheme takes links."""
    return redirect_uri.startswith(("https:", "http:"))


def is_embedded(pairs: Pairs) -> bool:
    """Tell whether a page of the client shows the sign-in in a frame.

    With prompt=none nobody sees the frame, and it is as any other.
    """
    given = dict(pairs)
    is_hidden = "none" in given.get("prompt", "").split()
    return given.get(DISPLAY) == EMBEDDED and not is_hidden


def _check_embedded(
    given: Mapping[str, str], client: Client, asked: AuthorizationRequest
) -> None:
    """Refuse a sign-in in a frame that nothing but a cookie would bind."""
    if not client.frame_origins:
        command = f"manage.py client update {client.client_id} --frame-origin ORIGIN"
        fault = f"no frame_origins; {command}"
    elif "state" not in given:
        fault = "state is missing"
    elif "code_challenge" not in given:
        fault = "code_challenge is missing"
    elif given.get("response_mode", QUERY) != QUERY:
        fault = "response_mode must be query"
    elif not is_web_url(asked.redirect_uri):
        fault = "redirect_uri must be a web page"
    else:
        return
    raise AuthorizeRefused("invalid_request", f"display=embedded: {fault}.")


def _check_response(given: Mapping[str, str], redirect_uri: str) -> None:
    type_ = given.get("response_type")
    if type_ is None:
        raise AuthorizeRefused("invalid_request", "response_type is missing.")
    if type_ != "code":
        raise AuthorizeRefused(
            "unsupported_response_type", "response_type must be code."
        )
    if given.get("response_mode", QUERY) not in RESPONSE_MODES:
        modes = " or ".join(RESPONSE_MODES)
        raise AuthorizeRefused("invalid_request", f"response_mode must be {modes}.")
    if given.get("response_mode") == FORM_POST and not is_web_url(redirect_uri):
        fault = "response_mode must be query for a redirect_uri of an app's own scheme."
        raise AuthorizeRefused("invalid_request", fault)


def _challenge(given: Mapping[str, str], client: Client) -> str | None:
    challenge = given.get("code_challenge")
    if challenge is None:
        if client.public or client.pkce == "required":
            message = missing_challenge(
                client.client_id, client.preset, public=client.public
            )
            raise AuthorizeRefused("invalid_request", message)
        needed = needs_nonce(client.preset, pkce=client.pkce)
        asks_id_token = "openid" in given.get("scope", "").split(" ")
        if needed and asks_id_token and "nonce" not in given:
            message = (
                "Without code_challenge, nonce must be there: turn on one of them."
            )
            raise AuthorizeRefused("invalid_request", message)
        return None
    # RFC 7636 reads a missing method as plain, which protects nobody.
    if given.get("code_challenge_method") != "S256":
        raise AuthorizeRefused("invalid_request", "code_challenge_method must be S256.")
    if not _CHALLENGE.fullmatch(challenge):
        raise AuthorizeRefused("invalid_request", "code_challenge must be a SHA-256.")
    return challenge


def _hinted_sub(
    given: Mapping[str, str], client: Client, gateway: Gateway
) -> str | None:
    hint = given.get("id_token_hint")
    if hint is None:
        return None
    try:
        claims = gateway.id_tokens.hint(hint, now=gateway.clock())
    except BadHint:
        raise AuthorizeRefused(
            "invalid_request", "id_token_hint was not issued here."
        ) from None
    if claims["aud"] != client.client_id:
        raise AuthorizeRefused(
            "invalid_request", "id_token_hint is for another client."
        )
    return str(claims["sub"])


def _prompt(given: Mapping[str, str]) -> frozenset[str]:
    prompt = frozenset(given.get("prompt", "").split())
    if prompt - _PROMPTS or ("none" in prompt and len(prompt) > 1):
        raise AuthorizeRefused("invalid_request", "prompt has an unsupported value.")
    return prompt


def _max_age(given: Mapping[str, str]) -> int | None:
    text = given.get("max_age")
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise AuthorizeRefused("invalid_request", "max_age must be whole seconds.")
    return int(text)
