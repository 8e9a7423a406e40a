"""Admission: whether a client admits a user, and what a refused user sees.

The session belongs to LOGIN_CLIENT, because services of the gateway's host read its
cookie by themselves: whom that client does not admit gets no session.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runtime.broker.client_answer import frames_of, refused, target_of_refusal
from runtime.broker.client_brand import brand_of
from runtime.broker.outcomes import REFUSED, riding
from runtime.errors import NotAdmitted
from runtime.gateway import Gateway
from runtime.registry.models import Client
from runtime.sign_in.authorization_request import AuthorizationRequest
from runtime.sign_in.references import RefusedUser
from runtime.web.messages import Response


def check_admitted(
    gateway: Gateway,
    client: Client,
    sub: str,
    profile: Mapping[str, Any] | None = None,
    *,
    way: str | None = None,
) -> None:
    """Raise NotAdmitted, with the user's reference, unless the client admits the user.

    ServiceUnavailable if the documents are away: then nobody is admitted. An operator
    sees the profile's name beside the reference. A refusal is counted as one of this
    `way`.
    """
    if gateway.registry.admits(client, sub, profile):
        return
    name = str((profile or {}).get("name") or "")
    user = RefusedUser(sub, client_id=client.client_id, name=name)
    refused = [] if way is None else riding(gateway, way, REFUSED)
    raise NotAdmitted(gateway.references.make(user, refused))


def check_session(gateway: Gateway, sub: str, profile: Mapping[str, Any]) -> None:
    """Raise NotAdmitted unless the user may have a session: LOGIN_CLIENT decides.

    To be called before a session begins, whichever client asked.
    """
    own = gateway.registry.client(gateway.settings.login_client)
    if own is not None:
        check_admitted(gateway, own, sub, profile)


def may_have_session(gateway: Gateway, sub: str, profile: Mapping[str, Any]) -> bool:
    """Tell what `check_session` decides, without a reference."""
    own = gateway.registry.client(gateway.settings.login_client)
    return own is None or gateway.registry.admits(own, sub, profile)


def answer_to_refused(
    gateway: Gateway,
    error: NotAdmitted,
    client: Client,
    asked: AuthorizationRequest | None,
    *,
    language: str,
    start_again: str,
    html: bool,
    signed_in: bool = False,
) -> Response:
    """Return the page with the reference, from which the client gets access_denied.

    The client gets it at once if nobody can see a page. Where no client asked, the
    error itself is raised. `signed_in` offers to sign out.
    """
    description = "The client does not admit this user."
    if not html:
        if asked is None:
            raise error
        return refused(
            gateway,
            asked,
            client,
            "access_denied",
            language=language,
            description=description,
        )
    from runtime.pages.pages import not_admitted

    back, fields = client.home, None
    if asked is not None:
        back, fields = target_of_refusal(
            gateway, asked, "access_denied", description=description
        )
    return not_admitted(
        language,
        reference=error.reference,
        client_name=client.name,
        brand=brand_of(client),
        start_again=start_again,
        back=back,
        back_fields=fields,
        sign_out="/logout" if signed_in else None,
        framed_by=frames_of(client, asked),
        https=gateway.settings.secure,
    )
