"""Endpoints of web sign-in: /sns/oauth2/*, /sns/userinfo, /sns/auth."""

from __future__ import annotations

from sandbox.avatar import avatar_url
from sandbox.basics.credentials import check_grant_type, check_secret, known_app
from sandbox.call import Answer, Call, OpenEndpoint
from sandbox.errors import WeChatError
from sandbox.state.user_tokens import UserToken
from sandbox.state.users import Consent
from sandbox.world import App, World


def access_token(world: World, call: Call) -> Answer:
    """Change a code for the user's tokens."""
    app = known_app(world, call.argument("appid"))
    check_secret(app, call.argument("secret"))
    check_grant_type(call.argument("grant_type"), "authorization_code")
    code = call.argument("code")
    if not code:
        raise WeChatError(41008)
    world.quota.spend(app.appid, call.path)
    return answer_tokens(world, world.oauth_codes.redeem(app.appid, code))


def answer_tokens(world: World, consent: Consent) -> dict[str, object]:
    """Return new tokens for what the user agreed to, as the wire has them."""
    answer = _tokens(world, world.user_tokens.issue(consent))
    if consent.snapshot:
        answer["is_snapshotuser"] = 1
    unionid = _unionid(world, consent)
    return answer if unionid is None else {**answer, "unionid": unionid}


def refresh_token(world: World, call: Call) -> Answer:
    """Renew the user's token; no secret is asked for."""
    return renew_tokens(world, known_app(world, call.argument("appid")), call)


def renew_tokens(world: World, app: App, call: Call) -> Answer:
    """Answer the user's token renewed, for the account that it is of."""
    check_grant_type(call.argument("grant_type"), "refresh_token")
    token = call.argument("refresh_token")
    if not token:
        raise WeChatError(41003)
    world.quota.spend(app.appid, call.path)
    return _tokens(world, world.user_tokens.refresh(app.appid, token))


def userinfo(world: World, call: Call) -> Answer:
    """Answer the user's profile if that was agreed to."""
    consent = _consent(world, call)
    if not consent.shows_profile:
        raise WeChatError(48001)
    user = consent.user
    profile = {
        "openid": consent.openid,
        "nickname": user.nickname,
        "sex": 0,
        "province": "",
        "city": "",
        "country": "",
        "headimgurl": avatar_url(call.origin, user.avatar) if user.avatar else "",
        "privilege": [],
    }
    unionid = _unionid(world, consent)
    return profile if unionid is None else {**profile, "unionid": unionid}


def auth(world: World, call: Call) -> Answer:
    """Answer whether the user's token is good."""
    _consent(world, call)
    return {"errcode": 0, "errmsg": "ok"}


def _consent(world: World, call: Call) -> Consent:
    token, openid = call.argument("access_token"), call.argument("openid")
    if not token:
        raise WeChatError(41001)
    if not openid:
        raise WeChatError(41009)
    return world.user_tokens.check(token, openid)


def _tokens(world: World, token: UserToken) -> dict[str, object]:
    return {
        "access_token": token.value,
        "expires_in": round(token.expires_at - world.clock.now()),
        "refresh_token": token.refresh_token,
        "openid": token.consent.openid,
        "scope": token.consent.scope,
    }


def _unionid(world: World, consent: Consent) -> str | None:
    if not consent.shows_profile:
        return None
    return world.unionid(consent.appid, consent.user)


ENDPOINTS = (
    OpenEndpoint("GET", "/sns/oauth2/access_token", access_token, posted=True),
    OpenEndpoint("GET", "/sns/oauth2/refresh_token", refresh_token, posted=True),
    OpenEndpoint("GET", "/sns/userinfo", userinfo, posted=True),
    OpenEndpoint("GET", "/sns/auth", auth, posted=True),
)
