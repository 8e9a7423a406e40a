"""What an authorization request may say, by OpenID Connect Core, 3.1.2.1, and PKCE."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from runtime.errors import OidcNotConfigured
from runtime.gateway import Gateway
from runtime.registry.models import Client
from runtime.sign_in.authorization_request import LONGEST_STATE, AuthorizationRequest
from runtime.tokens.id_tokens import BadHint

SCOPES = ("openid", "profile", "email", "offline_access")
_PROMPTS = frozenset({"none", "login", "consent", "select_account"})
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_UNSUPPORTED = {
    "request": "request_not_supported",
    "request_uri": "request_uri_not_supported",
    "registration": "registration_not_supported",
}


class Refused(Exception):
    """The client is told, at its redirect_uri, in OAuth's code and a sentence."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True)
class Wish:
    """What a request says of how, beside what."""

    prompt: frozenset[str]
    max_age: int | None


def checked(
    asked: AuthorizationRequest,
    client: Client,
    pairs: tuple[tuple[str, str], ...],
    gateway: Gateway,
) -> tuple[AuthorizationRequest, Wish]:
    given = {name: value for name, value in pairs if value}
    if len({name for name, _ in pairs}) < len(pairs):
        raise Refused("invalid_request", "A parameter is there twice.")
    for name, error in _UNSUPPORTED.items():
        if name in given:
            raise Refused(error, f"{name} is not supported.")
    _check_response(given)
    if any(len(given.get(name, "")) > LONGEST_STATE for name in ("state", "nonce")):
        raise Refused("invalid_request", f"At most {LONGEST_STATE} characters.")
    scope = tuple(name for name in SCOPES if name in given.get("scope", "").split(" "))
    if "openid" in scope and gateway.settings.oidc_key is None:
        raise OidcNotConfigured
    checked = replace(
        asked,
        scope=scope,
        nonce=given.get("nonce"),
        code_challenge=_challenge(given, client),
        sub=_hinted(given, client, gateway),
    )
    return checked, Wish(_prompt(given), _max_age(given))


def _check_response(given: Mapping[str, str]) -> None:
    type_ = given.get("response_type")
    if type_ is None:
        raise Refused("invalid_request", "response_type is missing.")
    if type_ != "code":
        raise Refused("unsupported_response_type", "response_type has to be code.")
    if given.get("response_mode", "query") != "query":
        raise Refused("invalid_request", "response_mode has to be query.")


def _challenge(given: Mapping[str, str], client: Client) -> str | None:
    challenge = given.get("code_challenge")
    if challenge is None:
        if client.public or client.pkce == "required":
            raise Refused("invalid_request", "code_challenge is missing (PKCE).")
        return None
    # RFC 7636 takes a missing method for plain, which protects nobody.
    if given.get("code_challenge_method") != "S256":
        raise Refused("invalid_request", "code_challenge_method has to be S256.")
    if not _CHALLENGE.fullmatch(challenge):
        raise Refused("invalid_request", "code_challenge has to be a SHA-256.")
    return challenge


def _hinted(given: Mapping[str, str], client: Client, gateway: Gateway) -> str | None:
    hint = given.get("id_token_hint")
    if hint is None:
        return None
    try:
        claims = gateway.id_tokens.hint(hint, now=gateway.clock())
    except BadHint:
        raise Refused("invalid_request", "id_token_hint is none of ours.") from None
    if claims["aud"] != client.client_id:
        raise Refused("invalid_request", "id_token_hint is another client's.")
    return str(claims["sub"])


def _prompt(given: Mapping[str, str]) -> frozenset[str]:
    prompt = frozenset(given.get("prompt", "").split())
    if prompt - _PROMPTS or ("none" in prompt and len(prompt) > 1):
        raise Refused("invalid_request", "prompt cannot be that.")
    return prompt


def _max_age(given: Mapping[str, str]) -> int | None:
    text = given.get("max_age")
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise Refused("invalid_request", "max_age has to be a number of seconds.")
    return int(text)
