"""The one exchange of a flow: WeChat's code for a session, and a client's code."""

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


def exchange(gateway: Gateway, way: WayBack, code: str) -> Mapping[str, Any]:
    """Return the fields of the session that WeChat's code stands for.

    The client that asked, if there is one, finds its answer under the flow's own code.
    `key` is then the version of the key that has made it: a repetition may come to an
    instance that has a newer one.
    """
    profile = gateway.sign_in.exchange_code(way.app, code)
    session = _session(gateway, way, profile)
    result = asdict(session)
    if way.flow.request and way.client:
        language = way.flow.language
        grant = grant_of(
            way.client, way.flow.request, session, profile, language=language
        )
        gateway.grants.code(grant, flow=way.state)
        result["key"] = gateway.grants.newest_key
    return result


def _session(gateway: Gateway, way: WayBack, profile: Mapping[str, Any]) -> Session:
    openid, now = profile["wechat_openid"], gateway.clock()
    try:
        sub = subject_of(way.app, openid, profile["wechat_unionid"])
    except SubjectMissing:
        asked = way.flow.request
        if asked is None or asked.scope != (SILENT,):
            raise
        # WeChat's dialect promises an openid and no more: nobody is signed in by it.
        return Session(sub=openid, sid="", at=int(now), app=way.app.appid)
    return gateway.sessions.begin(sub, profile, now=now)


@dataclass(frozen=True, slots=True)
class WayBack:
    """A flow and its state, through which app it comes, and for which client."""

    state: str
    flow: Flow
    app: App
    client: Client | None

    def check(self) -> None:
        """Refuse a client that was disabled, or lost its app or address, meanwhile."""
        asked, client = self.flow.request, self.client
        if (
            client is None
            or client.disabled
            or self.app.appid not in client.scopes_by_app
        ):
            raise RedirectUriUnknown if asked else SignInNotConfigured
        if asked and not is_registered(client, asked.redirect_uri):
            raise RedirectUriUnknown
