"""Errors of WeCom: an errcode, its errmsg, and the fields that stand empty beside it.

The numbers are those of WeCom's own table; some mean something else in WeChat.
"""

from __future__ import annotations

from typing import Any

# English texts that are not confirmed say what the Chinese documentation says.
ERRMSGS = {
    -1: "system busy",
    6000: "data version conflict",
    40001: "invalid credential",
    40003: "invalid userid",
    40005: "invalid type parameter",
    40006: "invalid file size",
    40007: "invalid media_id",
    40008: "invalid message type",
    40009: "invalid image size",
    40011: "invalid video size",
    40013: "invalid corpid",
    40014: "invalid access_token",
    40029: "invalid code",
    40056: "invalid agentid",
    40057: "invalid callback url or callback url verify failed",
    40058: "invalid parameter",
    40063: "some parameters are empty",
    40082: "invalid suite_token",
    40091: "invalid secret",
    40093: "invalid jsapi signature",
    40094: "invalid url",
    41001: "access_token missing",
    41002: "corpid missing",
    41004: "corpsecret missing",
    41006: "media_id missing",
    41008: "auth code missing",
    41009: "userid missing",
    41011: "agentid missing",
    42001: "access_token expired",
    42012: "jsapi_ticket is not for this use",
    42022: "code has been used",
    44004: "empty content",
    45009: "api freq out of limit",
    45033: "api concurrent out of limit",
    48002: "api forbidden",
    50001: "redirect_uri is not in a trusted domain",
    50002: "member is not in the visible range",
    50003: "app is disabled",
    60011: "no privilege to access/modify contact/party/agent",
    60020: "not allow to access from your ip",
    60111: "userid not found",
    60123: "invalid party id",
    81013: "user & party & tag all invalid",
    84014: "user_ticket expired",
    84015: "invalid user_ticket",
    93000: "invalid webhook url",
    95007: "invalid msgtoken",
    301002: "not allow operate another agent with this accesstoken",
    301021: "invalid userid",
}
LOOK_UP = "https://open.work.weixin.qq.com/devtool/query?e="


class WecomError(Exception):
    """An errcode with its errmsg; the wire adds hint, address and link."""

    def __init__(self, errcode: int, errmsg: str | None = None) -> None:
        self.errcode = errcode
        self.errmsg = errmsg or ERRMSGS.get(errcode, "unknown error")
        super().__init__(errcode, self.errmsg)

    def body(self, *, now: float, hint: str, client_ip: str) -> dict[str, Any]:
        """Return what the wire says; `hint` is 32 hex digits."""
        details = f"hint: [{int(now)}_28_{hint}], from ip: {client_ip}"
        link = f"more info at {LOOK_UP}{self.errcode}"
        errmsg = f"{self.errmsg}, {details}, {link}"
        return {"errcode": self.errcode, "errmsg": errmsg}
