"""Host qyapi.weixin.qq.com beneath `/qyapi`: JSON in, JSON or a file out."""

from __future__ import annotations

import json
from typing import Any

from tornado.locks import Condition

from sandbox.call import Binary
from sandbox.handlers.exchange import PlatformHandler
from sandbox.wecom.dispatch import dispatch, endpoint_of
from sandbox.wecom.errors import WecomError
from sandbox.world import World


class QyapiHandler(PlatformHandler):
    """Any path beneath `/qyapi`; errors come with status 200."""

    def initialize(self, world: World, changes: Condition) -> None:
        super().initialize(world, changes)
        # What a body holds is `Call`'s to find out, as in WeChat's handler.
        self.request._parse_body = lambda: None  # type: ignore[method-assign]

    def answer(self) -> None:
        self._identify()
        try:
            answer = dispatch(self.world, self.call)
        except WecomError as error:
            self._refuse(error)
            return
        if isinstance(answer, Binary):
            self._send_binary(answer)
        else:
            self._send({"errcode": 0, "errmsg": "ok", **answer})

    get = post = put = patch = delete = head = options = answer

    def answer_fault(self, errcode: int) -> None:
        self._identify()
        self._refuse(WecomError(errcode))

    def _identify(self) -> None:
        """Find out for the journal whose call this is."""
        wecom = self.world.wecom
        self.appid = wecom.tokens.owner(self.given_token or "")
        secret = self.call.argument("corpsecret")
        if self.appid is None and secret:
            for app in wecom.apps.values():
                if app.secret == secret:
                    self.appid = app.appid
        self.appid = self.appid or self.call.argument("corpid")

    def _refuse(self, error: WecomError) -> None:
        hint = self.world.ids.text("0123456789abcdef", 32)
        body = error.body(now=self.call.now, hint=hint, client_ip=self.call.client_ip)
        endpoint = endpoint_of(self.call.path)
        empty = endpoint.empty if endpoint is not None else ()
        self._send({**body, **{name: [] for name in empty}})

    def _send(self, answer: dict[str, Any]) -> None:
        self.errcode = answer["errcode"]
        token = answer.get("access_token")
        self.token = token if isinstance(token, str) else None
        self.set_header("Content-Type", "application/json; charset=UTF-8")
        self.finish(json.dumps(answer, ensure_ascii=False, separators=(",", ":")))

    def _send_binary(self, answer: Binary) -> None:
        self.errcode = 0
        self.set_header("Content-Type", answer.content_type)
        disposition = f'attachment; filename="{answer.filename}"'
        self.set_header("Content-disposition", disposition)
        self.finish(answer.body)
