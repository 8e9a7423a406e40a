"""The answer to a client: in the query of a redirect, or in a form that is posted.

The form is OAuth 2.0 Form Post Response Mode; WeChat's dialect knows only the query.
"""

from __future__ import annotations

from collections.abc import Mapping

from runtime.gateway import Gateway
from runtime.registry.models import Client
from runtime.sign_in.authorization_request import (
    FORM_POST,
    AuthorizationRequest,
    extended,
)
from runtime.web.messages import Response, redirect

Origins = tuple[str, ...]


def granted(
    gateway: Gateway,
    asked: AuthorizationRequest,
    client: Client,
    code: str,
    *,
    language: str,
) -> Response:
    """Return the answer that takes a code to the client."""
    issuer = gateway.settings.public_base_url
    pairs = asked.granted(code, issuer=issuer)
    return _answer(gateway, asked, client, pairs, language=language)


def refused(
    gateway: Gateway,
    asked: AuthorizationRequest,
    client: Client,
    error: str,
    *,
    language: str,
    description: str = "",
) -> Response:
    """Return the answer that takes an error to the client, with its state."""
    issuer = gateway.settings.public_base_url
    pairs = asked.refused(error, issuer=issuer, description=description)
    return _answer(gateway, asked, client, pairs, language=language)


def target_of_refusal(
    gateway: Gateway, asked: AuthorizationRequest, error: str, *, description: str
) -> tuple[str, Mapping[str, str] | None]:
    """Return the URL of that answer, for a page that leads to the client.

    With fields if they are to be posted there.
    """
    issuer = gateway.settings.public_base_url
    pairs = asked.refused(error, issuer=issuer, description=description)
    if asked.response_mode == FORM_POST:
        return asked.redirect_uri, pairs
    return extended(asked.redirect_uri, pairs), None


def frames_of(client: Client | None, asked: AuthorizationRequest | None) -> Origins:
    """Return the origins whose pages show the sign-in of this request in a frame."""
    return client.frame_origins if client and asked and asked.embedded else ()


def _answer(
    gateway: Gateway,
    asked: AuthorizationRequest,
    client: Client,
    pairs: Mapping[str, str],
    *,
    language: str,
) -> Response:
    if asked.embedded:
        from runtime.pages.pages import answer_link

        return answer_link(
            language,
            url=extended(asked.redirect_uri, pairs),
            client_name=client.name,
            base_url=gateway.settings.public_base_url,
            framed_by=frames_of(client, asked),
            https=gateway.settings.secure,
        )
    if asked.response_mode != FORM_POST:
        return redirect(extended(asked.redirect_uri, pairs))
    from runtime.pages.pages import answer_form

    return answer_form(
        language,
        action=asked.redirect_uri,
        fields=pairs,
        client_name=client.name,
        base_url=gateway.settings.public_base_url,
        https=gateway.settings.secure,
    )
