"""What WeChat's own client does for a web page or a mini program."""

from __future__ import annotations

import base64
from typing import Any

from tornado.web import HTTPError

from sandbox import jssdk
from sandbox.avatar import address
from sandbox.catalogue.state.conversations import MESSAGES_AFTER, Conversations
from sandbox.handlers.control import ControlHandler
from sandbox.session_data import make_session_data
from sandbox.world import JS_CODE_LIFE


class JsSdkHandler(ControlHandler):
    """wx.config's verdict on a page's signature."""

    def post(self) -> None:
        fields = self.fields()
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
    """Something a person does in the account's chat; it opens the 48 hours."""

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
        if app.kind != "miniprogram":
            raise HTTPError(400, "only a mini program has login codes")
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
            iv=base64.b64encode(world.ids.bytes(16)).decode(),
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
            "avatarUrl": address(self.origin, avatar),
        }
