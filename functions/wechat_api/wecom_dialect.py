"""Errors in WeCom's dialect: its codes, its texts, and the form of its errmsg.

A code of WeChat's means something else to an SDK of WeCom's, or nothing. WeCom ends its
text with `from ip` and the caller's address; ours does not, since none of it is ours.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import replace

from runtime.entry.dialects import wechat_dialect
from runtime.errors import GatewayError, WeChatRefused
from runtime.web.messages import Request, Response

WECOM_JSON = "application/json; charset=UTF-8"

_ERRMSG: Mapping[int, str] = {
    -1: "system busy",
    40001: "invalid credential",
    40013: "invalid corpid",
    40014: "invalid access_token",
    40029: "invalid code",
    40058: "invalid Request Parameter",
    41001: "access_token missing",
    41002: "corpid missing",
    41004: "corpsecret missing",
    42001: "access_token expired",
    45001: "media file size exceeds the limit",
    45009: "api freq out of limit",
    48002: "api forbidden",
    50400: "outcome unknown",
    84014: "invalid user_ticket",
}
"""WeCom's text for each errcode that we give."""

_CODES: Mapping[str, int] = {
    "invalid_token": 40014,
    "invalid_client": 40001,
    "invalid_client_secret": 40001,
    "rate_limited": 45009,
    "app_not_granted": 48002,
    "path_not_in_scope": 48002,
    "path_not_proxied": 48002,
    "token_in_answer": 48002,
}
"""WeCom's errcodes for errors of ours whose own is WeChat's."""

_OTHER = 40058
"""What is left is about the request: a path, a method or a parameter."""


def wecom_dialect(request: Request, error: GatewayError, *, https: bool) -> Response:
    """Answer as WeCom does: 200 with errcode and errmsg, 5xx where we are at fault."""
    answer = wechat_dialect(request, error, https=https)
    errcode, errmsg = _errcode_and_errmsg(error)
    content = json.dumps({"errcode": errcode, "errmsg": errmsg}, ensure_ascii=False)
    others = (each for each in answer.headers if each[0] != "Content-Type")
    headers = (("Content-Type", WECOM_JSON), *others)
    return replace(answer, headers=headers, body=content.encode(errors="replace"))


def _errcode_and_errmsg(error: GatewayError) -> tuple[int, str]:
    if isinstance(error, WeChatRefused):  # WeCom's own, passed on
        return error.errcode, error.errmsg or _text(error.errcode)
    errcode = error.errcode if error.errcode == 42001 else _CODES.get(error.code)
    if errcode is None:
        errcode = error.errcode if error.errcode in _ERRMSG else _OTHER
    return errcode, _text(errcode)


def _text(errcode: int) -> str:
    more = f"https://open.work.weixin.qq.com/devtool/query?e={errcode}"
    text = _ERRMSG.get(errcode, _ERRMSG[_OTHER])
    return f"{text}, hint: [{_hint()}], more info at {more}"


def _hint() -> str:
    """Return what an operator quotes, in WeCom's form; no code of a token is in it."""
    at = int(time.time())
    while True:
        hint = f"{at}_1_{secrets.token_hex(16)}"
        if not any(code in hint for code in ("40001", "40014", "42001")):
            return hint
        at -= 1  # the time itself may contain one for minutes
