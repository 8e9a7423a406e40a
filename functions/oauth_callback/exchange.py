"""The one exchange of a flow: WeChat's code for a session, and a client's code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from functions.oauth_callback.way_back import WayBack
from runtime.broker.authorize import grant_of
from runtime.gateway import Gateway
from runtime.sign_in.sessions import Session
from runtime.wechat.oauth import SILENT, SubjectMissing, subject_of


def exchange(gateway: Gateway, way: WayBack, code: str) -> Mapping[str, Any]:
    """Return the fields of the session that WeChat's code stands for.

    The client that asked, if there is one, finds its answer under the flow's own code.
    `key` is then the version of the key that has made it: a repetition may come to an
    instance that has a newer one.
    """
    profile = gateway.sign_in.exchange(way.app, code)
    session = _session(gateway, way, profile)
    result = asdict(session)
    if way.flow.request and way.client:
        language = way.flow.language
        grant = grant_of(
            way.client, way.flow.request, session, profile, language=language
        )
        gateway.user_grants.code(grant, flow=way.state)
        result["key"] = gateway.user_grants.newest_key
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
