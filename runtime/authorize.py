"""A checked authorization request is answered: at once, or after a sign-in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from runtime.authorization_request import WECHAT, AuthorizationRequest
from runtime.errors import BadRequest, NotSignedIn
from runtime.flows import Flow
from runtime.gateway import Gateway
from runtime.languages import choose
from runtime.messages import Request, Response, redirect
from runtime.next_url import DEFAULT_NEXT
from runtime.registry import Client
from runtime.sessions import Session
from runtime.sign_in import SILENT, SignInApps
from runtime.sign_in_start import start_sign_in
from runtime.subjects import subject_for
from runtime.user_grant import UserGrant

LONGEST_AGAIN = 8192
"""Characters of a request that wait in Redis: a query has less, but a form 32 MB."""


def authorize(
    request: Request,
    gateway: Gateway,
    asked: AuthorizationRequest,
    *,
    apps: SignInApps,
    prompt: frozenset[str] = frozenset(),
    max_age: int | None = None,
) -> Response:
    """Answer with a code for who is signed in already, or begin a sign-in.

    `prompt` and `max_age` (seconds) are OpenID Connect's (Core, 3.1.2.1).
    """
    if len(asked.again) > LONGEST_AGAIN:
        raise BadRequest
    issuer = gateway.settings.public_base_url
    signed_in = (
        None
        if prompt & {"login", "select_account"}
        else _signed_in(request, gateway, asked, apps=apps, max_age=max_age)
    )
    if signed_in:
        session, profile = signed_in
        # To Redis a code is what a flow is: something that waits there.
        gateway.limits.code(request)
        grant = grant_of(apps.client, asked, session, profile, language=choose(request))
        code = gateway.user_grants.code(grant)
        return redirect(asked.granted(code, issuer=issuer))
    if "none" in prompt:
        return redirect(asked.refused("login_required", issuer=issuer))
    flow = Flow(
        next=DEFAULT_NEXT,
        appids=apps.appids,
        language=choose(request),
        scope=asked.scope[0] if asked.dialect == WECHAT else None,
        request=asked,
    )
    return start_sign_in(
        request,
        gateway,
        flow,
        apps=apps,
        address=issuer + asked.again,
        elsewhere=_start_of(apps.client, asked),
    )


def grant_of(
    client: Client,
    asked: AuthorizationRequest,
    session: Session,
    profile: Mapping[str, Any],
    *,
    language: str | None,
) -> UserGrant:
    """Return what the client is to get for this person."""
    return UserGrant(
        dialect=asked.dialect,
        client_id=client.client_id,
        epoch=client.epoch,
        sub=session.sub,
        profile=profile,
        auth_time=session.at,
        scope=asked.scope,
        redirect_uri=asked.redirect_uri,
        appid=asked.appid,
        nonce=asked.nonce,
        code_challenge=asked.code_challenge,
        language=language,
    )


def _start_of(client: Client, asked: AuthorizationRequest) -> str:
    """Return where a person begins anew in another browser.

    At the client itself: it would refuse an answer to what it asked of this browser.
    """
    parts = urlsplit(asked.redirect_uri)
    return client.home or f"{parts.scheme}://{parts.netloc}/"


def _signed_in(
    request: Request,
    gateway: Gateway,
    asked: AuthorizationRequest,
    *,
    apps: SignInApps,
    max_age: int | None,
) -> tuple[Session, Mapping[str, Any]] | None:
    now = gateway.clock()
    session = gateway.sessions.of(request, now=now)
    if session is None or (max_age is not None and now - session.at > max_age):
        return None
    if not asked.wants(subject_for(apps.client, session.sub)):
        return None
    try:
        profile = gateway.sessions.profile(session)
    except NotSignedIn:
        return None
    # An openid is another app's for the same person, and a silent sign-in has no name.
    nameless = profile.get("wechat_scope") == SILENT
    wants_name = asked.dialect == WECHAT and asked.scope != (SILENT,)
    if profile["wechat_appid"] not in apps.appids or (nameless and wants_name):
        return None
    return session, profile
