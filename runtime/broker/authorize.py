"""The answer to a checked authorization request: at once, or after a sign-in."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from runtime.broker.admission import answer_to_refused, check_admitted
from runtime.broker.answered import answered_page
from runtime.broker.client_answer import granted, refused
from runtime.broker.embedded import start_embedded
from runtime.broker.outcomes import FINISHED, SESSION, STARTED, riding
from runtime.broker.start import start_sign_in
from runtime.errors import BadRequest, NotAdmitted, NotSignedIn
from runtime.gateway import Gateway
from runtime.pages.languages import language_of
from runtime.registry.models import App, Client, home_of
from runtime.registry.sign_in_apps import PRIVATE, SILENT, SignInApps
from runtime.registry.subjects import SubjectMissing, subject_for, subject_of
from runtime.sign_in.authorization_request import (
    OIDC,
    AuthorizationRequest,
)
from runtime.sign_in.flows import Flow
from runtime.sign_in.session_clients import sid_for
from runtime.sign_in.sessions import Session
from runtime.tokens.grant import Grant, grant_id
from runtime.tokens.logout_notices import use_of
from runtime.web.browsers import Browser, browser_of
from runtime.web.form_as_link import LONGEST_LINK
from runtime.web.messages import Request, Response, redirect
from runtime.web.next_url import DEFAULT_NEXT

ANEW = frozenset({"login", "consent", "select_account"})
"""Prompts with which no session will do: the user goes through WeChat once more."""


def authorize(
    request: Request,
    gateway: Gateway,
    asked: AuthorizationRequest,
    *,
    apps: SignInApps,
    prompt: frozenset[str] = frozenset(),
    max_age: int | None = None,
) -> Response:
    """Answer with a code if the user is signed in already, else start a sign-in.

    `prompt` and `max_age` (seconds) are OpenID Connect's (Core, 3.1.2.1). A request
    that was answered before gets a page, see answered.py.
    """
    # The flow in Redis holds it, and the browser may have to request it again.
    if len(asked.again) > LONGEST_LINK:
        raise BadRequest
    if asked.embedded:
        # Whoever is signed in here sees the QR code: a frame must not answer unseen.
        return start_embedded(request, gateway, asked, apps=apps)
    now = gateway.clock()
    session = gateway.sessions.of(request, now=now)
    if session and "none" not in prompt:
        page = answered_page(request, gateway, asked, apps.client, session)
        if page:
            return page
    # An age of 0 is another word for prompt=login.
    if prompt & ANEW or max_age == 0:
        session = None
    if session and max_age is not None and now - session.at > max_age:
        session = None
    in_wecom = apps.wecom is not None and browser_of(request) is Browser.WECOM
    profile = session and _profile(
        gateway, session, asked, apps=apps, in_wecom=in_wecom
    )
    if session and profile:
        try:
            check_admitted(gateway, apps.client, session.sub, profile, way=SESSION)
        except NotAdmitted as error:
            return answer_to_refused(
                gateway,
                error,
                apps.client,
                asked,
                language=language_of(request),
                start_again=asked.again,
                html=request.accepts_html() and "none" not in prompt,
                signed_in=True,
            )
        # A code takes as much of Redis as a flow, so it is limited likewise.
        gateway.limits.code(request)
        language = language_of(request)
        grant = grant_of(
            gateway, apps.client, asked, session, profile, language=language
        )
        if grant.noted and not _lasts(gateway, session):
            return redirect(gateway.settings.public_base_url + asked.again)
        code, entry = gateway.grants.make_code(grant)
        marker = gateway.answered.entry(asked, session.sid, grant_id(code))
        counts = riding(gateway, SESSION, STARTED, FINISHED)
        gateway.redis_store.put_all([entry, marker], increments=counts)
        return granted(gateway, asked, apps.client, code, language=language)
    if "none" in prompt:
        language = language_of(request)
        return refused(gateway, asked, apps.client, "login_required", language=language)
    flow = Flow(
        next=DEFAULT_NEXT,
        appids=apps.appids,
        scope=_scope_in_wechat(asked),
        request=asked,
    )
    return start_sign_in(
        request,
        gateway,
        flow,
        apps=apps,
        url=gateway.settings.public_base_url + asked.again,
        # The client would refuse the answer to this request in another browser.
        other_browser_url=home_of(apps.client, asked.redirect_uri),
        # WeChat's sheet asks for consent, but not for the openid alone.
        asks="consent" in prompt and apps.page_is_silent,
    )


def _lasts(gateway: Gateway, session: Session) -> bool:
    """Tell whether the session has not ended, perhaps before its client was noted."""
    try:
        gateway.sessions.profile(session)
    except NotSignedIn:
        return False
    return True


def grant_of(
    gateway: Gateway,
    client: Client,
    asked: AuthorizationRequest,
    session: Session,
    profile: Mapping[str, Any],
    *,
    language: str | None,
) -> Grant:
    """Return what the client may know of this user.

    A client that wants to be told of the session's end is noted. A sign-in without a
    session of ours ends by a sign-out everywhere alone.
    """
    sid, noted = "", False
    if asked.dialect == OIDC:
        sid = sid_for(client.client_id, session.sid or secrets.token_urlsafe(16))
        if use := use_of(client, sid):
            gateway.session_clients.note(session.sub, use)
            noted = True
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
        sid=sid,
        noted=noted,
    )


def _scope_in_wechat(asked: AuthorizationRequest) -> str | None:
    """Return what to ask for inside WeChat or WeCom, None for the app's own scope."""
    asks = asked.scope[0] if asked.dialect != OIDC else None
    # That of website apps; a service account takes their place where there is none.
    return None if asks == "snsapi_login" else asks


def _profile(
    gateway: Gateway,
    session: Session,
    asked: AuthorizationRequest,
    *,
    apps: SignInApps,
    in_wecom: bool,
) -> Mapping[str, Any] | None:
    """Return the profile of a session that will do for this request, else None."""
    if not asked.wants(subject_for(apps.client, session.sub)):
        return None
    try:
        profile = gateway.sessions.profile(session)
    except NotSignedIn:
        return None
    # The same user has another openid with each app.
    appid = profile["wechat_appid"]
    app = gateway.registry.app(appid) if appid in apps.appids else None
    if app is None or not _has_current_sub(session, profile, app):
        return None
    if in_wecom and _lacks_details(profile, asked, app):
        return None
    return profile if _is_enough(profile, asked, app, apps) else None


def _has_current_sub(session: Session, profile: Mapping[str, Any], app: App) -> bool:
    """Tell whether the app still names the user so: its `subject` may change."""
    openid, unionid = profile["wechat_openid"], profile["wechat_unionid"]
    try:
        return session.sub == subject_of(app, openid, unionid)
    except SubjectMissing:
        return False


def _lacks_details(
    profile: Mapping[str, Any], asked: AuthorizationRequest, app: App
) -> bool:
    """Tell whether WeCom's client would tell more of the member than is known.

    On a computer it would not: the page there asks a member for nothing.
    """
    scope = _scope_in_wechat(asked) or app.oauth_scope
    return app.is_wecom and scope == PRIVATE and not profile.get("in_client")


def _is_enough(
    profile: Mapping[str, Any],
    asked: AuthorizationRequest,
    app: App,
    apps: SignInApps,
) -> bool:
    """Tell whether the profile of a silent sign-in, which has no name, is enough."""
    if profile.get("wechat_scope") != SILENT:
        return True
    if asked.dialect != OIDC:
        return asked.scope == (SILENT,)
    # Where the app signs in silently, or makes the QR code, another sign-in would tell
    # no more.
    tells_no_more = app.oauth_scope == SILENT or apps.by_account
    return "profile" not in asked.scope or tells_no_more
