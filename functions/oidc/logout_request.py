"""What a client wants of the browser that it sent to sign out."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.authorization_request import extended
from runtime.errors import BadRequest, RedirectUriUnknown
from runtime.gateway import Gateway
from runtime.id_tokens import BadHint
from runtime.messages import single
from runtime.registry import Client
from runtime.sessions import Session
from runtime.subjects import subject_for


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """Who asks, whom it means, and where the browser goes then; each may be unsaid.

    `sub` is out of an ID token of ours, `goes_on` registered, with the client's state.
    """

    client: Client | None
    sub: str | None
    goes_on: str | None

    def means(self, session: Session) -> bool:
        """Tell whether an ID token of the client names who is signed in."""
        if self.client is None:
            return False
        return self.sub == subject_for(self.client, session.sub)


def logout_request(
    pairs: tuple[tuple[str, str], ...], gateway: Gateway
) -> LogoutRequest:
    """Return the checked request; BadRequest, or RedirectUriUnknown."""
    client_id, sub = _named(pairs, gateway)
    client = gateway.registry.client(client_id or "")
    if client is not None and client.disabled:
        client = None
    uri = single(pairs, "post_logout_redirect_uri")
    state = single(pairs, "state")
    if not uri:
        return LogoutRequest(client, sub, None)
    if client is None or uri not in client.post_logout_redirect_uris:
        raise RedirectUriUnknown
    said = {} if state is None else {"state": state}
    return LogoutRequest(client, sub, extended(uri, said))


def _named(
    pairs: tuple[tuple[str, str], ...], gateway: Gateway
) -> tuple[str | None, str | None]:
    client_id, hint = single(pairs, "client_id"), single(pairs, "id_token_hint")
    if not hint:
        return client_id, None
    try:
        claims = gateway.id_tokens.hint(hint, now=gateway.clock())
    except BadHint:
        raise BadRequest from None
    if client_id not in (None, claims["aud"]):
        raise BadRequest
    return claims["aud"], claims["sub"]
