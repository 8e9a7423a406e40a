"""Temporary media: /cgi-bin/media/upload, get and uploadimg."""

from __future__ import annotations

from sandbox.call import Answer, Binary, Call, Endpoint
from sandbox.catalogue.media_files import IN_ARTICLES, TEMPORARY, extension, rule_for
from sandbox.catalogue.state.media_shelf import Media, MediaShelf
from sandbox.catalogue.uploaded import image_url, video_url
from sandbox.errors import WeChatError
from sandbox.world import App, World


def upload(world: World, app: App, call: Call) -> Answer:
    """Store a file for three days."""
    kind = call.argument_or_field("type") or ""
    rule = rule_for(kind, TEMPORARY)
    part = call.part("media")
    content_type = rule.content_type(part)
    media_id = world.ids.media_id()
    filename = f"{media_id}.{extension(part)}"
    media = Media(media_id, kind, call.now, filename, content_type, part.body)
    world.of(app.appid, MediaShelf).put(media)
    id_name = "thumb_media_id" if kind == "thumb" else "media_id"
    return {"type": kind, id_name: media_id, "created_at": int(call.now)}


def get(world: World, app: App, call: Call) -> Answer:
    """Answer a file's bytes, or where a video's can be had."""
    media_id = call.argument("media_id")
    if not media_id:
        raise WeChatError(41006)
    media = world.of(app.appid, MediaShelf).get(media_id, now=call.now)
    if media.kind == "news":
        raise WeChatError(40007)
    if media.kind == "video":
        return {"video_url": video_url(call, media_id)}
    return Binary(media.body, media.content_type, media.filename)


def upload_for_article(world: World, app: App, call: Call) -> Answer:
    """Take an image for use inside articles; it goes into no library."""
    IN_ARTICLES.content_type(call.part("media"))
    return {"url": image_url(world)}


ENDPOINTS = (
    Endpoint("POST", "/cgi-bin/media/upload", upload),
    Endpoint("GET", "/cgi-bin/media/get", get),
    Endpoint("POST", "/cgi-bin/media/uploadimg", upload_for_article, ("service",)),
)
