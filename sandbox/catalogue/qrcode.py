"""Parametric QR codes: /cgi-bin/qrcode/create and /cgi-bin/showqrcode."""

from __future__ import annotations

import string
from typing import Any

import segno

from sandbox.call import Answer, Binary, Call, Endpoint, OpenEndpoint
from sandbox.catalogue.fields import Fields, optional_number, optional_text
from sandbox.catalogue.jpeg import draw
from sandbox.catalogue.state.qrcodes import QrCode, QrCodes
from sandbox.errors import WeChatError
from sandbox.world import App, World

TEMPORARY = ("QR_SCENE", "QR_STR_SCENE")
PERMANENT = ("QR_LIMIT_SCENE", "QR_LIMIT_STR_SCENE")
LONGEST_SCENE = 64
HIGHEST_TEMPORARY_ID = 2**32 - 1
HIGHEST_PERMANENT_ID = 100_000
DEFAULT_LIFE = 60
LONGEST_LIFE = 2_592_000
# Which code a life out of bounds gets is not confirmed.
WRONG_LIFE = 40097
QUIET_ZONE = 4


def create(world: World, app: App, call: Call) -> Answer:
    """Make a code; a permanent scene has the same one every time."""
    fields = call.fields()
    action = optional_text(fields, "action_name")
    if action not in TEMPORARY + PERMANENT:
        raise WeChatError(40052)
    scene = _scene(action, fields.get("action_info"))
    if action in PERMANENT:
        return _described(_permanent(world, app, scene))
    life = _life(fields)
    code = _make(world, scene, call.now + life)
    world.of(app.appid, QrCodes).put(code)
    return _described(code) | {"expire_seconds": life}


def show(world: World, call: Call) -> Binary:
    """Answer a code's picture, or an empty 404; no token is asked for."""
    ticket = call.argument("ticket") or ""
    for appid in world.apps:
        code = world.of(appid, QrCodes).find(ticket, now=call.now)
        if code is not None:
            symbol = segno.make_qr(code.url, error="m")
            rows = [[bool(m) for m in row] for row in symbol.matrix_iter(1, QUIET_ZONE)]
            return Binary(draw(rows), "image/jpg")
    return Binary(b"", "text/html", status=404)


def _permanent(world: World, app: App, scene: int | str) -> QrCode:
    codes = world.of(app.appid, QrCodes)
    code = codes.permanent(scene)
    if code is None and codes.full():
        raise WeChatError(45029)
    if code is None:
        code = _make(world, scene, None)
        codes.put(code)
    return code


def _make(world: World, scene: int | str, expires_at: float | None) -> QrCode:
    key = world.ids.text(string.ascii_letters + string.digits, 20)
    url = f"http://weixin.qq.com/q/{key}"
    return QrCode(world.ids.qrcode_ticket(), url, scene, expires_at)


def _described(code: QrCode) -> dict[str, Any]:
    return {"ticket": code.ticket, "url": code.url}


def _scene(action: str, info: Any) -> int | str:
    scene = info.get("scene") if isinstance(info, dict) else None
    if not isinstance(scene, dict):
        raise WeChatError(40053)
    named = action.endswith("STR_SCENE")
    return _scene_name(scene) if named else _scene_id(scene, action)


def _scene_name(scene: Fields) -> str:
    name = scene.get("scene_str")
    if not isinstance(name, str) or not 1 <= len(name) <= LONGEST_SCENE:
        raise WeChatError(40053)
    return name


def _scene_id(scene: Fields, action: str) -> int:
    id_ = scene.get("scene_id")
    most = HIGHEST_PERMANENT_ID if action in PERMANENT else HIGHEST_TEMPORARY_ID
    if type(id_) is not int or not 1 <= id_ <= most:
        raise WeChatError(40053)
    return id_


def _life(fields: Fields) -> int:
    life = optional_number(fields, "expire_seconds", default=DEFAULT_LIFE)
    if not 1 <= life <= LONGEST_LIFE:
        raise WeChatError(WRONG_LIFE)
    return life


ENDPOINTS = (
    Endpoint("POST", "/cgi-bin/qrcode/create", create, ("service",)),
    OpenEndpoint("GET", "/cgi-bin/showqrcode", show),
)
