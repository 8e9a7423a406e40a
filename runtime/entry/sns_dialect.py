"""How WeChat's /sns speaks: JSON as text/plain, and status 200 whatever happened."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from runtime.entry.dialects import wechat_dialect
from runtime.errors import GatewayError
from runtime.web.messages import Request, Response

HEADERS = (("Content-Type", "text/plain"), ("Cache-Control", "no-store"))


def sns_response(content: Mapping[str, Any]) -> Response:
    """Return compact JSON that no cache may keep."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Response(200, HEADERS, text.encode(errors="replace"))


def sns_dialect(request: Request, error: GatewayError, *, https: bool) -> Response:
    """Answer errcode and errmsg, with the comma that /sns sets before the rid."""
    said = wechat_dialect(request, error, https=https)
    content = json.loads(said.body)
    text = content["errmsg"]
    if ", rid:" not in text:
        content["errmsg"] = text.replace(" rid:", ", rid:", 1)
    kept = (pair for pair in said.headers if pair[0] not in dict(HEADERS))
    return sns_response(content).with_headers(*kept)
