"""Content of mass messages: /cgi-bin/media/uploadnews and uploadvideo."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sandbox.call import Answer, Call, Endpoint
from sandbox.catalogue.fields import refuse_escapes, text
from sandbox.catalogue.state.media_shelf import Media, MediaShelf
from sandbox.catalogue.uploaded import find
from sandbox.errors import WeChatError
from sandbox.world import App, World

# Not confirmed by the platform's documents: articles, and bytes.
MOST_ARTICLES = 8
LONGEST_TITLE = 192
LONGEST_CONTENT = 1024 * 1024


def upload_news(world: World, app: App, call: Call) -> Answer:
    """Store up to eight articles for three days."""
    refuse_escapes(call, errcode=47002)
    articles = call.fields().get("articles")
    if not isinstance(articles, list) or not articles:
        raise WeChatError(44003)
    if len(articles) > MOST_ARTICLES:
        raise WeChatError(45008)
    for article in articles:
        _check_article(world, app, article, call.now)
    return _keep(world, app, Media(world.ids.media_id(), "news", call.now))


def upload_video(world: World, app: App, call: Call) -> Answer:
    """Give an uploaded video a title, and a media_id of its own."""
    fields = call.fields()
    media_id = text(fields, "media_id", missing=41006)
    video = world.of(app.appid, MediaShelf).get(media_id, now=call.now)
    if video.kind != "video":
        raise WeChatError(40007)
    return _keep(world, app, replace(video, media_id=world.ids.media_id(), at=call.now))


def _check_article(world: World, app: App, article: Any, now: float) -> None:
    if not isinstance(article, dict):
        raise WeChatError(47001)
    title = text(article, "title", missing=45003)
    content = text(article, "content", missing=44004)
    if len(title.encode()) > LONGEST_TITLE:
        raise WeChatError(45003)
    if len(content.encode()) > LONGEST_CONTENT:
        raise WeChatError(45002)
    find(world, app.appid, text(article, "thumb_media_id", missing=41006), now=now)


def _keep(world: World, app: App, media: Media) -> Answer:
    world.of(app.appid, MediaShelf).put(media)
    created_at = int(media.at)
    return {"type": media.kind, "media_id": media.media_id, "created_at": created_at}


ENDPOINTS = (
    Endpoint("POST", "/cgi-bin/media/uploadnews", upload_news, ("service",)),
    Endpoint("POST", "/cgi-bin/media/uploadvideo", upload_video, ("service",)),
)
