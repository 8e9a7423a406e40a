"""Command `app check`: what to enter in WeChat's console, and what has come from there.

It waits for the check of the URL, or for a push, and tells what came and what was wrong
with it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit

from runtime.documents.documents import Document
from runtime.gateway import Gateway
from runtime.operations import editing
from runtime.operations.component_console import push_entries
from runtime.operations.editing import ID
from runtime.operations.push_reasons import refusal
from runtime.operations.refusals import OperationRefused
from runtime.operations.simulated import is_simulated
from runtime.push.last_seen import ACCEPTED, Seen, Sighting
from runtime.registry.models import COMPONENT_KIND, PUSHED_KINDS
from runtime.registry.rules import between, flag
from runtime.registry.schema import checked_fields

LONGEST_WAIT = 25.0
"""Seconds of one call; whoever waits longer calls again with the `now` of before."""

POLL_SECONDS = 0.5

_MODES = {True: "safe (安全模式)", False: "plain (明文模式)"}

_ROLLING = ("token", "encoding_aes_key")


def check(
    gateway: Gateway,
    arguments: Mapping[str, Any],
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, Any]:
    """Return what to enter in WeChat's console, and what WeChat has sent last.

    With `since`, a `now` of an answer before, it waits up to `wait` seconds for what
    comes after that. With `secrets` the values of token and AES key are returned.
    """
    rules = {
        "appid": ID,
        "secrets": flag,
        "since": between(0, 10**11),
        "wait": between(0, LONGEST_WAIT),
    }
    known = checked_fields(arguments, rules, needed=("appid",))
    appid = known["appid"]
    found = editing.find_whole(gateway, "apps", appid)
    _refuse_kind(appid, found)
    # Before it reads: what comes meanwhile is after it. Notes have whole milliseconds.
    now = math.floor(gateway.last_seen.time() * 1000 - 1) / 1000
    since, until = known.get("since"), clock() + known.get("wait", 0.0)
    while True:
        seen = gateway.last_seen.read(appid)
        events = _events(appid, seen, since)
        if since is None or events or clock() >= until:
            break
        sleep(POLL_SECONDS)
    return {
        "appid": appid,
        "kind": found.content["kind"],
        "now": now,
        "enter": _entries(gateway, appid, found, secrets=known.get("secrets", False)),
        "seen": events,
        **_warnings(gateway),
    }


def _warnings(gateway: Gateway) -> dict[str, list[str]]:
    port = urlsplit(gateway.settings.public_base_url).port
    if port in (None, 80, 443) or is_simulated(gateway):
        return {}
    return {"warnings": [f"WeChat calls the ports 80 and 443 only, and never {port}."]}


def _refuse_kind(appid: str, found: Document) -> None:
    kind = found.content["kind"]
    if kind not in PUSHED_KINDS:
        raise OperationRefused(
            f"{appid} is of kind {kind}, to which WeChat pushes nothing; "
            f"it does to {', '.join(PUSHED_KINDS)}."
            + (
                " What users send to an authorised account comes to its component."
                if kind == "authorized"
                else ""
            )
        )


def _entries(
    gateway: Gateway, appid: str, found: Document, *, secrets: bool
) -> list[dict[str, str]]:
    base = f"{gateway.settings.public_base_url}/wechat_event/{appid}"
    content = found.content
    is_component = content["kind"] == COMPONENT_KIND
    mends = f"not set: app update {appid} --push"
    token = _secret(content.get("token"), mends, shown=secrets)
    has_key = bool(content.get("encoding_aes_key"))
    key = _secret(content.get("encoding_aes_key"), mends, shown=secrets)
    if is_component:
        entered = push_entries(gateway, appid, token=token, key=key)
    else:
        entered = {
            "URL (服务器地址)": base,
            "Token (令牌)": token,
            "EncodingAESKey (消息加解密密钥)": key,
            "mode (消息加解密方式)": _MODES[has_key],
            "format (数据格式)": "XML or JSON",
        }
    rolling = [each for each in _ROLLING if f"previous_{each}" in content]
    if rolling:
        names = " ".join(f"previous_{each}" for each in rolling)
        entered["previous"] = (
            f"the {' and the '.join(rolling)} of before, accepted until "
            f"app update {appid} --clear {names}"
        )
    return [{"field": field, "value": value} for field, value in entered.items()]


def _secret(value: Any, mends: str, *, shown: bool) -> str:
    if not value:
        return mends
    return str(value) if shown else "set; --secrets shows it"


def _events(appid: str, seen: Seen, since: float | None) -> list[dict[str, Any]]:
    rows = [
        _event("check", seen.check, appid),
        _event("push", seen.refused, appid),
        _event("push", seen.taken, appid),
    ]
    found = [row for row in rows if row and (since is None or row["at"] > since)]
    return sorted(found, key=lambda row: row["at"])


def _event(what: str, sighting: Sighting | None, appid: str) -> dict[str, Any] | None:
    if sighting is None:
        return None
    accepted = sighting.outcome in (ACCEPTED, "stored")
    moment = datetime.fromtimestamp(sighting.at, timezone.utc)
    return {
        "what": what,
        "time": moment.isoformat(timespec="seconds"),
        "outcome": ACCEPTED if accepted else f"refused, {sighting.outcome}",
        "meaning": "" if accepted else refusal(sighting.outcome, appid),
        "at": sighting.at,
    }
