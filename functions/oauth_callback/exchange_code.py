"""The exchange of WeChat's code for a session, and for a code to the client that asked.

It is done once for each flow; callback.py sees to that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from runtime.broker.authorize import grant_of
from runtime.errors import RedirectUriUnknown, SignInNotConfigured
from runtime.gateway import Gateway
from runtime.registry.models import App, Client, is_registered
from runtime.registry.sign_in_apps import SILENT
from runtime.registry.subjects import SubjectMissing, subject_of
from runtime.sign_in.flows import Flow
from runtime.sign_in.sessions import Session
from runtime.state.redis_store import Entry


@dataclass(frozen=True, slots=True)
class Callback:
    """A callback's state and flow, the app that it came from, and the flow's client."""

    state: str
    flow: Flow
    app: App
    client: Client | None

    def check(self) -> None:
        """Refuse a client that has been disabled, or lost its app or callback URL."""
        asked, client = self.flow.request, self.client
        if (
            client is None
            or client.disabled
            or self.app.appid not in client.scopes_by_app
        ):
            raise RedirectUriUnknown if asked else SignInNotConfigured
        if asked and not is_registered(client, asked.redirect_uri):
            raise RedirectUriUnknown


def exchange_code(gateway: Gateway, callback: Callback, code: str) -> Mapping[str, Any]:
    """Return the fields of the session that WeChat's code stands for.

    Where a client asked, its code is stored under the flow's state. `key` is then the
    version of the key that made this code: a repeated callback may reach an instance
    that has a newer key.
    """
    profile = gateway.sign_in.exchange_code(callback.app, code)
    session, entries = _session(gateway, callback, profile)
    result = asdict(session)
    flow = callback.flow
    if flow.request and callback.client:
        grant = grant_of(
            callback.client, flow.request, session, profile, language=flow.language
        )
        _, entry = gateway.grants.make_code(grant, flow=callback.state)
        entries.append(entry)
        result["key"] = gateway.grants.newest_key
    # In one round trip; the flow has its result only after that.
    gateway.redis_store.put_all(entries)
    return result


def _session(
    gateway: Gateway, callback: Callback, profile: Mapping[str, Any]
) -> tuple[Session, list[Entry]]:
    app, asked = callback.app, callback.flow.request
    openid, now = profile["wechat_openid"], gateway.clock()
    try:
        sub = subject_of(app, openid, profile["wechat_unionid"])
    except SubjectMissing:
        if asked is None or asked.scope != (SILENT,):
            raise
        # WeChat's dialect promises an openid and no more: nobody is signed in by it.
        return Session(sub=openid, sid="", at=int(now), app=app.appid), []
    session, entry = gateway.sessions.make(sub, profile, now=now)
    return session, [entry]
