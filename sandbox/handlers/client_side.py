"""Control plane for the WeChat client: what it does for a page or a mini program."""

from __future__ import annotations

import base64
from typing import Any

from tornado.web import HTTPError

from sandbox import jssdk
from sandbox.avatar import avatar_url
from sandbox.catalogue.state.conversations import MESSAGES_AFTER, Conversations
from sandbox.errors import WeChatError
from sandbox.handlers.control import ControlHandler
from sandbox.session_data import make_phone_data, make_session_data
from sandbox.state.tickets import Ticket
from sandbox.wecom.corps import WecomApp
from sandbox.wecom.tokens import Token
from sandbox.world import JS_CODE_LIFE, App, User, World


class JsSdkHandler(ControlHandler):
    """wx.config's verdict on a page's signature, and wx.agentConfig's."""

    def post(self) -> None:
        fields = self.fields()
        wecom = self.world.wecom
        app: App | WecomApp
        ticket: Ticket | Token | None
        if fields.get("appid") in wecom.apps:
            app = wecom.apps[str(fields["appid"])]
            of_app = fields.get("ticket") == "agent_config"
            ticket = wecom.tickets.current(app.appid if of_app else app.corpid)
        else:
            app = self.app_of(fields)
            ticket = self.world.tickets.live(app.appid, "jsapi")
        names = ("noncestr", "timestamp", "url", "signature")
        verdict = jssdk.verify(
            ticket=None if ticket is None else ticket.value,
            domain=app.js_domain,
            **{name: str(fields.get(name, "")) for name in names},
        )
        self.answer({"verdict": verdict})


class ActionHandler(ControlHandler):
    """Handler of an act of a user in the account's chat, which opens the 48 hours."""

    def post(self) -> None:
        fields = self.fields()
        app, user = self.app_of(fields), self.user_of(fields.get("openid"))
        action = fields.get("action", "message")
        if action not in MESSAGES_AFTER:
            raise HTTPError(400, f"action is one of {tuple(MESSAGES_AFTER)}")
        conversations = self.world.of(app.appid, Conversations)
        openid = user.openid[app.appid]
        conversations.note(openid, action=action, now=self.world.clock.now())
        self.answer({})


class JsCodeHandler(ControlHandler):
    """wx.login, and the signed and encrypted profile that goes with it."""

    def post(self) -> None:
        fields = self.fields()
        app, user = self.app_of(fields), self.user_of(fields.get("openid"))
        _check_kind(app)
        world = self.world
        session = world.sessions.start(app.appid, user)
        code = world.js_codes.make(app.appid, session, life=JS_CODE_LIFE)
        data = make_session_data(
            profile=self._profile(user.nickname, user.avatar),
            openid=session.openid,
            unionid=world.unionid(app.appid, user),
            appid=app.appid,
            now=world.clock.now(),
            session_key=session.session_key,
            iv=_iv(world),
        )
        self.answer({"code": code, **data})

    def _profile(self, nickname: str, avatar: str) -> dict[str, Any]:
        return {
            "nickName": nickname,
            "gender": 0,
            "language": "zh_CN",
            "city": "",
            "province": "",
            "country": "",
            "avatarUrl": avatar_url(self.origin, avatar),
        }


class SendAuthHandler(ControlHandler):
    """SendAuth of the Open SDK: what a mobile app gets back from the WeChat app.

    The app that asked gets a code and its own state, or the number of a refusal.
    """

    def post(self) -> None:
        fields = self.fields()
        app, user = self.app_of(fields), self.user_of(fields.get("openid"))
        if app.kind != "mobile":
            raise HTTPError(400, "only a mobile app has the Open SDK")
        scope = str(fields.get("scope", "snsapi_userinfo"))
        if scope != "snsapi_userinfo":
            raise HTTPError(400, "scope is snsapi_userinfo")
        answer = fields.get("answer", "allow")
        if answer not in _SDK_ANSWERS:
            raise HTTPError(400, f"answer is one of {tuple(_SDK_ANSWERS)}")
        result: dict[str, Any] = {"errCode": _SDK_ANSWERS[answer]}
        result |= {"state": str(fields.get("state", ""))}
        if answer == "allow":
            result["code"] = self.world.agree(app, user, scope)
        self.answer({**result, "lang": "zh_CN", "country": "CN"})


class PhoneCodeHandler(ControlHandler):
    """The button getPhoneNumber: a code, and with a session the number encrypted."""

    def post(self) -> None:
        fields = self.fields()
        app, user = self.app_of(fields), self.user_of(fields.get("openid"))
        _check_kind(app)
        code = self.world.phone_codes.make(app.appid, user)
        self.answer({"code": code, **self._encrypted(app, user)})

    def _encrypted(self, app: App, user: User) -> dict[str, str]:
        try:
            session = self.world.sessions.newest(app.appid, user.openid[app.appid])
        except WeChatError:
            return {}
        return make_phone_data(
            user.phone_number,
            appid=app.appid,
            now=self.world.clock.now(),
            session_key=session.session_key,
            iv=_iv(self.world),
        )


_SDK_ANSWERS = {"allow": 0, "cancel": -2, "deny": -4}
"""The SDK's errCode for what the user does: OK, USER_CANCEL and AUTH_DENIED."""


def _check_kind(app: App) -> None:
    if app.kind != "miniprogram":
        raise HTTPError(400, "only a mini program has such codes")


def _iv(world: World) -> str:
    return base64.b64encode(world.ids.bytes(16)).decode()
