"""API hosts: JSON in the content type and punctuation of each subsystem."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlencode

from tornado.locks import Condition

from sandbox.call import Binary
from sandbox.dispatch import Endpoints, dispatch
from sandbox.errmsgs import ERRMSGS
from sandbox.errors import WeChatError
from sandbox.handlers.exchange import TOKENS, PlatformHandler
from sandbox.state.rids import FailedCall
from sandbox.world import World


class ApiHandler(PlatformHandler):
    """Any path that is not a page: answered by its endpoint, or `invalid url`."""

    def initialize(  # type: ignore[override]
        self, world: World, changes: Condition, endpoints: Endpoints
    ) -> None:
        super().initialize(world, changes)
        self.endpoints = endpoints
        # Tornado would answer a malformed upload with a page of its own; what a body
        # holds is `Call`'s to find out.
        self.request._parse_body = lambda: None  # type: ignore[method-assign]

    def answer(self) -> None:
        self._identify()
        try:
            answer = dispatch(self.world, self.endpoints, self.call)
        except WeChatError as error:
            self._refuse(error)
            return
        if isinstance(answer, Binary):
            self._send_binary(answer)
        else:
            self._send_json(answer)

    get = post = put = patch = delete = head = options = answer

    def answer_fault(self, errcode: int) -> None:
        self._identify()
        self._refuse(WeChatError(errcode, ERRMSGS.get(errcode, "system error")))

    def _identify(self) -> None:
        """Find out for the journal whose call this is."""
        owner = self.world.tokens.owner(self.given_token or "")
        body = self._body()
        named = body.get("appid") or body.get("component_appid")
        self.appid = owner or self.call.argument("appid") or named

    def _refuse(self, error: WeChatError) -> None:
        rid = self.world.ids.rid(self.call.now)
        comma = "," if self._is_sns else ""
        errmsg = f"{error.errmsg}{comma} rid: {rid}"
        answer = {"errcode": error.errcode, "errmsg": errmsg}
        self._send_json(answer)
        failed = FailedCall(
            appid=self.appid,
            invoke_time=int(self.call.now),
            cost_in_ms=int((time.monotonic() - self.started) * 1000),
            # Whoever may ask for it sees tokens and secrets, as at WeChat.
            request_url=urlencode(self.call.query),
            request_body=_compact(self._body()) if self._body() else "",
            response_body=_compact(answer),
        )
        self.world.rids.keep(rid, failed)

    def _send_json(self, answer: dict[str, Any]) -> None:
        self.errcode = answer.get("errcode", 0)
        fields = {**answer, **answer.get("authorization_info", {})}
        issued = next((fields[name] for name in TOKENS if name in fields), None)
        self.token = issued if isinstance(issued, str) else None
        text = _compact(answer)
        if self._is_sns:
            self.set_header("Content-Type", "text/plain")
            text = text.replace("/", r"\/")
        else:
            # Not charset: that is what the platform sends, and clients stumble over.
            self.set_header("Content-Type", "application/json; encoding=utf-8")
        self.finish(text)

    def _send_binary(self, answer: Binary) -> None:
        self.set_status(answer.status)
        self.set_header("Content-Type", answer.content_type)
        if answer.filename is not None:
            disposition = f'attachment; filename="{answer.filename}"'
            self.set_header("Content-disposition", disposition)
        self.finish(answer.body)

    @property
    def _is_sns(self) -> bool:
        return self.call.path.startswith("/sns/")

    def _body(self) -> dict[str, Any]:
        try:
            return self.call.fields()
        except WeChatError:
            return {}


def _compact(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
