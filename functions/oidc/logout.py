"""/oidc/logout by OpenID Connect RP-Initiated Logout 1.0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.broker.client_brand import brand_of
from runtime.broker.form_tokens import check_sign_out, sign_out_token
from runtime.entry.nudge import nudge
from runtime.errors import BadRequest, ClientDisabled, RedirectUriUnknown
from runtime.gateway import Gateway
from runtime.pages.languages import language_of
from runtime.registry.ids import CLIENT_ID
from runtime.registry.models import Client
from runtime.registry.subjects import subject_for
from runtime.sign_in.authorization_request import extended
from runtime.sign_in.sessions import Session
from runtime.tokens.id_tokens import BadHint
from runtime.web.form_as_link import form_as_link
from runtime.web.messages import Request, Response, redirect, single
from runtime.web.next_url import DEFAULT_NEXT
from runtime.web.request_causes import listed, shown_id, shown_url


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """The client that asks, the user it names, and where the browser goes then.

    Each may be None. `sub` comes from an ID token of ours; `location` is a registered
    URL of the client, with its state.
    """

    client: Client | None
    sub: str | None
    location: str | None

    def names(self, session: Session) -> bool:
        """Tell whether an ID token of the client names the user of this session."""
        if self.client is None:
            return False
        return self.sub == subject_for(self.client, session.sub)


def logout_page(request: Request, gateway: Gateway) -> Response:
    """Sign out the user whom an ID token names; ask every other user."""
    asked = _logout_request(request.arguments, gateway)
    session = gateway.sessions.of(request, now=gateway.clock())
    if session is None:
        return _signed_out(request, gateway, asked)
    if asked.names(session):
        return _end(request, gateway, session, asked)
    from runtime.pages.pages import sign_out

    return sign_out(
        language_of(request),
        action="/oidc/logout",
        token=sign_out_token(gateway, session),
        home=(asked.client and asked.client.home) or DEFAULT_NEXT,
        client_name=asked.client.name if asked.client else "",
        brand=brand_of(asked.client),
        fields=dict(request.arguments),
        form_targets=(asked.location,) if asked.location else (),
        https=gateway.settings.secure,
    )


def logout(request: Request, gateway: Gateway) -> Response:
    """End the session for our own form; redirect a client's form to its link."""
    if single(request.form, "_xsrf") is None:
        return form_as_link(request, "/oidc/logout")
    asked = _logout_request(request.form, gateway)
    session = gateway.sessions.of(request, now=gateway.clock())
    if session is None:
        return _signed_out(request, gateway, asked)
    check_sign_out(request, gateway, session)
    return _end(request, gateway, session, asked)


def _logout_request(
    pairs: tuple[tuple[str, str], ...], gateway: Gateway
) -> LogoutRequest:
    """Return the checked request; BadRequest, RedirectUriUnknown or ClientDisabled.

    An invalid hint counts as none: the user is asked.
    """
    hint = single(pairs, "id_token_hint")
    claims = _claims(hint, gateway) if hint else {}
    client_id = single(pairs, "client_id") or claims.get("aud")
    if claims and client_id != claims["aud"]:
        raise BadRequest
    client = gateway.registry.client(client_id or "")
    off = client is not None and client.disabled
    if off:
        client = None
    sub, state = claims.get("sub"), single(pairs, "state")
    uri = single(pairs, "post_logout_redirect_uri")
    # If only an invalid hint named the client, the URL is not trusted.
    if not uri or (hint and not client_id):
        return LogoutRequest(client, sub, None)
    if off:
        raise ClientDisabled(client_id or "")
    if client is None:
        named = shown_id(client_id or "", CLIENT_ID)
        raise RedirectUriUnknown(cause=f"there is no client {named}")
    if uri not in client.post_logout_redirect_uris:
        known = listed([shown_url(each) for each in client.post_logout_redirect_uris])
        raise RedirectUriUnknown(
            cause=f"post_logout_redirect_uri {shown_url(uri)} is not one of "
            f"{client.client_id}: {known}; manage.py client update "
            f"{client.client_id} --post-logout-redirect-uri takes all of them"
        )
    # An empty parameter counts as left out, as at /oidc/authorize.
    pairs_back = {"state": state} if state else {}
    return LogoutRequest(client, sub, extended(uri, pairs_back))


def _claims(hint: str, gateway: Gateway) -> Mapping[str, Any]:
    try:
        return gateway.id_tokens.hint(hint, now=gateway.clock())
    except BadHint:
        return {}


def _end(
    request: Request, gateway: Gateway, session: Session, asked: LogoutRequest
) -> Response:
    if gateway.sessions.end(session):
        nudge(request.context, gateway, at_once=True)
    response = _signed_out(request, gateway, asked)
    return response.with_headers(gateway.sessions.no_cookie())


def _signed_out(request: Request, gateway: Gateway, asked: LogoutRequest) -> Response:
    if asked.location:
        return redirect(asked.location)
    from runtime.pages.pages import signed_out

    client = asked.client
    return signed_out(
        language_of(request),
        home=(client.home or None) if client else None,
        client_name=client.name if client else "",
        brand=brand_of(client),
        https=gateway.settings.secure,
    )
