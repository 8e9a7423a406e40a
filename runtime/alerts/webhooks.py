"""Webhooks of alerts: each vendor's form and signature, and what its answer means.

- WeCom's group robot: Markdown, and the key in the URL is all that proves us.
- DingTalk's: Markdown; `timestamp`, in milliseconds, and `sign` stand in the query.
  `sign` is HMAC-SHA256 of `TIMESTAMP\\nSECRET` under the secret.
- Feishu's: text; `timestamp`, in seconds, and `sign` stand in the body. `sign` is
  HMAC-SHA256 of nothing, and `TIMESTAMP\\nSECRET` is the key.
- Slack's incoming webhook: mrkdwn, and the URL is all that proves us.
- JSON: for a service of one's own, signed as Standard Webhooks say.

The first three answer 200 for everything: an errcode or a code that is not 0 is a
failure.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple
from urllib.parse import quote

from runtime.alerts.notices import TITLE, Notice, lines_of
from runtime.push.event_format import signed_headers
from runtime.registry.alerts import DINGTALK, FEISHU, JSON, SLACK, WECOM, Alert
from runtime.upstream.answer import Answer

_WORD = re.compile(r"[a-z_]{1,40}")


class WebhookRequest(NamedTuple):
    """A POST to a webhook."""

    url: str
    headers: Mapping[str, str]
    body: bytes


def request_to(
    alert: Alert, notices: Sequence[Notice], *, id_: str, gateway: str, now: float
) -> WebhookRequest:
    """Return the request that carries the notices; `id_` is the same in each attempt.

    `gateway` is the URL of the gateway, and `now` the time in seconds.
    """
    if alert.kind == JSON:
        return _json(alert, notices, id_=id_, gateway=gateway, now=now)
    lines = lines_of(notices, gateway=gateway)
    return _FORMS[alert.kind](alert, lines, now)


def fault_of(alert: Alert, answer: Answer) -> str:
    """Return the word for why an answer is a failure, "" if it is none."""
    if alert.kind == SLACK:
        text = answer.body.decode(errors="replace").strip()
        if answer.status == 200 and text == "ok":
            return ""
        return text if _WORD.fullmatch(text) else f"status_{answer.status}"
    if not 200 <= answer.status < 300:
        return f"status_{answer.status}"
    if alert.kind == JSON:
        return ""
    name = "code" if alert.kind == FEISHU else "errcode"
    code = _code(answer.body, name)
    if code is None:
        return "no_code"
    return f"{name}_{code}" if code else ""


def _wecom(alert: Alert, lines: Sequence[str], now: float) -> WebhookRequest:
    content = "\n".join([f"**{lines[0]}**", *lines[1:]])
    return _post(alert.url, {"msgtype": "markdown", "markdown": {"content": content}})


def _dingtalk(alert: Alert, lines: Sequence[str], now: float) -> WebhookRequest:
    text = "\n\n".join([f"**{lines[0]}**", *lines[1:]])
    url = alert.url
    if alert.secret:
        timestamp = str(int(now * 1000))
        signed = f"{timestamp}\n{alert.secret}".encode()
        digest = hmac.digest(alert.secret.encode(), signed, hashlib.sha256)
        sign = quote(base64.b64encode(digest).decode(), safe="")
        mark = "&" if "?" in url else "?"
        url = f"{url}{mark}timestamp={timestamp}&sign={sign}"
    markdown = {"title": TITLE, "text": text}
    return _post(url, {"msgtype": "markdown", "markdown": markdown})


def _feishu(alert: Alert, lines: Sequence[str], now: float) -> WebhookRequest:
    body: dict[str, Any] = {"msg_type": "text", "content": {"text": "\n".join(lines)}}
    if alert.secret:
        timestamp = str(int(now))
        key = f"{timestamp}\n{alert.secret}".encode()
        sign = base64.b64encode(hmac.digest(key, b"", hashlib.sha256)).decode()
        body = {"timestamp": timestamp, "sign": sign, **body}
    return _post(alert.url, body)


def _slack(alert: Alert, lines: Sequence[str], now: float) -> WebhookRequest:
    text = "\n".join([f"*{lines[0]}*", *lines[1:]])
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(sign, entity)
    return _post(alert.url, {"text": text})


def _json(
    alert: Alert, notices: Sequence[Notice], *, id_: str, gateway: str, now: float
) -> WebhookRequest:
    shown = [
        {**asdict(each), "state": "over" if each.is_over else "began"}
        for each in notices
    ]
    for each in shown:
        del each["is_over"]
    request = _post(
        alert.url, {"type": "gateway.alert", "gateway": gateway, "notices": shown}
    )
    signed = signed_headers(alert.secret, id_, request.body, now=now)
    return request._replace(headers={**request.headers, **signed})


_Form = Callable[[Alert, Sequence[str], float], WebhookRequest]

_FORMS: Mapping[str, _Form] = {
    WECOM: _wecom,
    DINGTALK: _dingtalk,
    FEISHU: _feishu,
    SLACK: _slack,
}


def _post(url: str, content: Mapping[str, Any]) -> WebhookRequest:
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "wechat-gateway",
    }
    return WebhookRequest(
        url, headers, json.dumps(content, ensure_ascii=False).encode()
    )


def _code(body: bytes, name: str) -> int | None:
    try:
        answer = json.loads(body)
    except ValueError:
        return None
    code = answer.get(name) if isinstance(answer, dict) else None
    return code if type(code) is int else None
