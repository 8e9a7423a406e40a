"""Uploaded files by media_id, and the URLs that serve them."""

from __future__ import annotations

from sandbox.call import Binary, Call, OpenEndpoint
from sandbox.catalogue.state.material_library import Material, MaterialLibrary
from sandbox.catalogue.state.media_shelf import Media, MediaShelf
from sandbox.errors import WeChatError
from sandbox.world import World

# The platform has other hosts for videos; this path is the sandbox's own.
VIDEO_PATH = "/mmvideo"


def find(world: World, appid: str, media_id: str, *, now: float) -> Media | Material:
    """Return temporary media or permanent material; 40007 if it is neither."""
    try:
        return world.of(appid, MediaShelf).get(media_id, now=now)
    except WeChatError:
        return world.of(appid, MaterialLibrary).get(media_id)


def video_url(call: Call, media_id: str) -> str:
    """Return the URL of a video; it needs no token."""
    return f"{call.origin}{VIDEO_PATH}?media_id={media_id}"


def image_url(world: World) -> str:
    """Return a new URL on the platform's image host, which does not exist."""
    return f"http://mmbiz.qpic.cn/mmbiz_jpg/{world.ids.media_id()}/0"


def show_video(world: World, call: Call) -> Binary:
    """Answer a video's bytes, or an empty 404."""
    media_id = call.argument("media_id") or ""
    for appid in world.apps:
        try:
            video = find(world, appid, media_id, now=call.now)
        except WeChatError:
            continue
        if video.kind == "video":
            return Binary(video.body, video.content_type)
    return Binary(b"", "text/plain", status=404)


ENDPOINTS = (OpenEndpoint("GET", VIDEO_PATH, show_video),)
