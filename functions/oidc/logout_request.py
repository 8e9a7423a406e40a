"""What a client wants of the browser that it sent to sign out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.errors import BadRequest, RedirectUriUnknown
from runtime.gateway import Gateway
from runtime.registry.registry import Client
from runtime.registry.subjects import subject_for
from runtime.sign_in.authorization_request import extended
from runtime.sign_in.sessions import Session
from runtime.tokens.id_tokens import BadHint
from runtime.web.messages import single


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
    """Return the checked request; BadRequest, or RedirectUriUnknown.

    A hint that is no good says nothing: the person is asked, as without it.
    """
    hint = single(pairs, "id_token_hint")
    claims = _claims(hint, gateway) if hint else {}
    client_id = single(pairs, "client_id") or claims.get("aud")
    if claims and client_id != claims["aud"]:
        raise BadRequest
    client = gateway.registry.client(client_id or "")
    if client is not None and client.disabled:
        client = None
    sub, state = claims.get("sub"), single(pairs, "state")
    uri = single(pairs, "post_logout_redirect_uri")
    # Where only such a hint named the client, nobody vouches for the address.
    if not uri or (hint and not client_id):
        return LogoutRequest(client, sub, None)
    if client is None or uri not in client.post_logout_redirect_uris:
        raise RedirectUriUnknown
    said = {} if state is None else {"state": state}
    return LogoutRequest(client, sub, extended(uri, said))


def _claims(hint: str, gateway: Gateway) -> Mapping[str, Any]:
    try:
        return gateway.id_tokens.hint(hint, now=gateway.clock())
    except BadHint:
        return {}
