"""Signed-in users as pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runtime.broker.admission import may_have_session
from runtime.errors import NotSignedIn
from runtime.gateway import Gateway
from runtime.registry.models import Client
from runtime.sign_in.sessions import Session

if TYPE_CHECKING:
    from runtime.pages.session_pages import Visitor


def visitor_of(
    gateway: Gateway, session: Session, profile: Mapping[str, Any]
) -> Visitor:
    """Return the user of a session; its app may be gone meanwhile."""
    from runtime.pages.session_pages import Visitor

    appid = _appid(session, profile)
    app = gateway.registry.app(appid) if appid else None
    return Visitor(
        sub=session.sub,
        name=str(profile.get("name") or ""),
        picture=profile.get("picture"),
        at=session.at,
        account=appid,
        account_kind=app.kind if app else "",
    )


def visitor_for(gateway: Gateway, session: Session, client: Client) -> Visitor | None:
    """Return the user who can go on to this client without a sign-in, else None.

    The session still stands, and its app is one that the client still has.
    """
    try:
        profile = gateway.sessions.profile(session)
    except NotSignedIn:
        return None
    appid = _appid(session, profile)
    if gateway.registry.scopes_of(client, appid) is None:
        return None
    if not may_have_session(gateway, session.sub, profile):
        return None
    return visitor_of(gateway, session, profile)


def _appid(session: Session, profile: Mapping[str, Any]) -> str:
    # Cookies of old versions do not name the app.
    return session.app or str(profile.get("wechat_appid") or "")
