"""Sign-in to mini programs: /sns/jscode2session and the session's checks."""

from __future__ import annotations

from sandbox.basics.credentials import check_grant_type, check_secret, known_app
from sandbox.call import Answer, Call, Endpoint, OpenEndpoint
from sandbox.errors import WeChatError
from sandbox.session_data import sign_session
from sandbox.state.sessions import Session
from sandbox.world import App, World


def jscode2session(world: World, call: Call) -> Answer:
    """Change a login code for the session; only the query is read."""
    app = known_app(world, call.argument("appid"))
    check_secret(app, call.argument("secret"))
    check_grant_type(call.argument("grant_type"), "authorization_code")
    return answer_session(world, app, call.argument("js_code"))


def answer_session(world: World, app: App, code: str | None) -> Answer:
    """Answer the session of a login code, which begins with that."""
    if not code:
        raise WeChatError(41008)
    session = world.js_codes.redeem(app.appid, code)
    world.sessions.admit(session)
    answer = {"session_key": session.session_key, "openid": session.openid}
    unionid = world.unionid(app.appid, session.user)
    return answer if unionid is None else {**answer, "unionid": unionid}


def checksession(world: World, app: App, call: Call) -> Answer:
    """Answer whether the caller still knows the newest session_key."""
    _signed_session(world, app, call)
    return {"errcode": 0, "errmsg": "ok"}


def resetusersessionkey(world: World, app: App, call: Call) -> Answer:
    """Give the user a new session_key."""
    session = _signed_session(world, app, call)
    renewed = world.sessions.start(app.appid, session.user)
    return {
        "errcode": 0,
        "errmsg": "ok",
        "openid": renewed.openid,
        "session_key": renewed.session_key,
    }


def _signed_session(world: World, app: App, call: Call) -> Session:
    openid = call.argument("openid")
    if not openid:
        raise WeChatError(41009)
    session = world.sessions.newest(app.appid, openid)
    if call.argument("sig_method") != "hmac_sha256":
        raise WeChatError(40097)
    if call.argument("signature") != sign_session(session.session_key):
        raise WeChatError(87009)
    return session


_MINI = ("miniprogram",)

ENDPOINTS = (
    OpenEndpoint("*", "/sns/jscode2session", jscode2session),
    Endpoint("GET", "/wxa/checksession", checksession, _MINI),
    Endpoint("GET", "/wxa/resetusersessionkey", resetusersessionkey, _MINI),
)
