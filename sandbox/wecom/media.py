"""Temporary media, which the apps of a corp share for three days."""

from __future__ import annotations

from sandbox.call import Answer, Binary, Call, Part
from sandbox.catalogue.state.media_shelf import Media, MediaShelf
from sandbox.errors import WeChatError
from sandbox.wecom.calls import ANY, OpenWecomEndpoint, WecomEndpoint, needed
from sandbox.wecom.corps import WecomApp
from sandbox.wecom.errors import WecomError
from sandbox.world import World

LEAST = 5
MB = 1024 * 1024
MOST = {"image": 10 * MB, "voice": 2 * MB, "video": 10 * MB, "file": 20 * MB}
TOO_LARGE = {"image": 40009, "video": 40011}
BY_ROBOT = ("file", "voice")


def upload(world: World, app: WecomApp, call: Call) -> Answer:
    """Store a file for the corp."""
    return _store(world, app, call, tuple(MOST))


def upload_by_robot(world: World, call: Call) -> Answer:
    """Store a file for the group of the robot with that key."""
    app = world.wecom.app_by_robot(needed(call, "key", missing=93000))
    return _store(world, app, call, BY_ROBOT)


def get(world: World, app: WecomApp, call: Call) -> Answer:
    """Answer a file's bytes."""
    media_id = needed(call, "media_id", missing=41006)
    try:
        media = world.of(app.corpid, MediaShelf).get(media_id, now=call.now)
    except WeChatError as error:
        raise WecomError(error.errcode) from None
    return Binary(media.body, media.content_type, media.filename)


def _store(world: World, app: WecomApp, call: Call, kinds: tuple[str, ...]) -> Answer:
    kind = call.argument_or_field("type") or ""
    if kind not in kinds:
        raise WecomError(40005)
    part = _part(call)
    if len(part.body) <= LEAST:
        raise WecomError(40006)
    if len(part.body) > MOST[kind]:
        raise WecomError(TOO_LARGE.get(kind, 40006))
    media_id = world.ids.text(_WORD, 65)
    name = part.filename.replace("\\", "/").rpartition("/")[2]
    media = Media(media_id, kind, call.now, name, part.content_type, part.body)
    world.of(app.corpid, MediaShelf).put(media)
    # A text, unlike WeChat's number.
    return {"type": kind, "media_id": media_id, "created_at": str(int(call.now))}


def _part(call: Call) -> Part:
    try:
        return call.part("media")
    except WeChatError:
        raise WecomError(40058) from None


_WORD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
ENDPOINTS = (
    WecomEndpoint("/cgi-bin/media/upload", upload, posted=True, purposes=ANY),
    WecomEndpoint("/cgi-bin/media/get", get, purposes=ANY),
    OpenWecomEndpoint("/cgi-bin/webhook/upload_media", upload_by_robot, posted=True),
)
