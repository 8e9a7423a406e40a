"""Answers that several endpoints give."""

from __future__ import annotations

from typing import Any


def ok(**content: Any) -> dict[str, Any]:
    """Return `errcode` 0 and `errmsg` ok, with whatever comes along."""
    return {"errcode": 0, "errmsg": "ok", **content}
