"""The grant by which a service acts for itself: a gateway token for one app."""

from __future__ import annotations

from collections.abc import Mapping

from functions.oidc.oauth_refused import OAuthRefused
from runtime.gateway import Gateway
from runtime.registry.registry import Client
from runtime.tokens.gateway_tokens import LIFE_SECONDS


def client_credentials(
    client: Client, form: Mapping[str, str], gateway: Gateway
) -> dict[str, object]:
    """Return a token for the app that `appid` names, with the client's scopes or less.

    A `scope` narrows the token; it stays so when the client gets more scopes.
    """
    if client.public:
        raise OAuthRefused("unauthorized_client", "The client has no secret.")
    appid = _appid(client, form, gateway)
    scope = form.get("scope")
    narrowed = None if scope is None else tuple(dict.fromkeys(scope.split(" ")))
    token = gateway.access_tokens.issue(
        client, appid, now=gateway.clock(), narrowed=narrowed
    )
    granted = client.scopes[appid] if narrowed is None else narrowed
    return {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": LIFE_SECONDS,
        "scope": " ".join(granted),
    }


def _appid(client: Client, form: Mapping[str, str], gateway: Gateway) -> str:
    appid = form.get("appid")
    if appid is None:
        if len(client.scopes) > 1:
            raise OAuthRefused("invalid_request", "The client has many: send appid.")
        appid = next(iter(client.scopes), "")
    if appid not in client.scopes or gateway.registry.app(appid) is None:
        raise OAuthRefused("unauthorized_client", "The app is not the client's.")
    return appid
