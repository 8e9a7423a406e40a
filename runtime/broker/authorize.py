"""A checked authorization request is answered: at once, or after a sign-in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runtime.broker.start import start_sign_in
from runtime.errors import BadRequest, NotSignedIn
from runtime.gateway import Gateway
from runtime.pages.languages import choose
from runtime.registry.models import App, Client, home_of
from runtime.registry.sign_in_apps import SILENT, SignInApps
from runtime.registry.subjects import SubjectMissing, subject_for, subject_of
from runtime.sign_in.authorization_request import WECHAT, AuthorizationRequest
from runtime.sign_in.flows import Flow
from runtime.sign_in.sessions import Session
from runtime.tokens.grant import Grant
from runtime.web.form_as_link import LONGEST_LINK
from runtime.web.messages import Request, Response, redirect
from runtime.web.next_url import DEFAULT_NEXT


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
    # It waits in Redis, and a browser is to come by it once more.
    if len(asked.again) > LONGEST_LINK:
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
        code = gateway.grants.code(grant)
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
        # The client would refuse an answer to what it asked of this browser.
        elsewhere=home_of(apps.client, asked.redirect_uri),
    )


def grant_of(
    client: Client,
    asked: AuthorizationRequest,
    session: Session,
    profile: Mapping[str, Any],
    *,
    language: str | None,
) -> Grant:
    """Return what the client is to get for this person."""
    return Grant(
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
    # An openid is another app's for the same person.
    appid = profile["wechat_appid"]
    app = gateway.registry.app(appid) if appid in apps.appids else None
    if app is None or not _has_todays_name(session, profile, app):
        return None
    return (session, profile) if _tells_enough(profile, asked, app) else None


def _has_todays_name(session: Session, profile: Mapping[str, Any], app: App) -> bool:
    """Tell whether the app still names the person so: its `subject` can change."""
    openid, unionid = profile["wechat_openid"], profile["wechat_unionid"]
    try:
        return session.sub == subject_of(app, openid, unionid)
    except SubjectMissing:
        return False


def _tells_enough(
    profile: Mapping[str, Any], asked: AuthorizationRequest, app: App
) -> bool:
    """Tell whether a silent sign-in, which has no name, will do."""
    if profile.get("wechat_scope") != SILENT:
        return True
    if asked.dialect == WECHAT:
        return asked.scope == (SILENT,)
    # Where the app's own way is silent, another sign-in would tell no more.
    return "profile" not in asked.scope or app.oauth_scope == SILENT
