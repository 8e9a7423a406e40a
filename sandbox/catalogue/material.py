"""Permanent material: /cgi-bin/material/*."""

from __future__ import annotations

import json

from sandbox.call import Answer, Binary, Call, Endpoint
from sandbox.catalogue.answers import ok
from sandbox.catalogue.fields import Fields, number, optional_text, text
from sandbox.catalogue.media_files import PERMANENT, rule_for
from sandbox.catalogue.state.material_library import Material, MaterialLibrary
from sandbox.catalogue.state.menus import Menus
from sandbox.catalogue.uploaded import image_url, video_url
from sandbox.errors import WeChatError
from sandbox.world import App, World

MOST_IN_BATCH = 20
# Thumbs are neither counted nor listed.
LISTED = ("image", "voice", "video", "news")


def add(world: World, app: App, call: Call) -> Answer:
    """Store a file permanently; a video comes with a title."""
    kind = call.argument_or_field("type") or ""
    rule = rule_for(kind, PERMANENT)
    part = call.part("media")
    content_type = rule.content_type(part)
    description = _description(call) if kind == "video" else {}
    material = Material(
        media_id=world.ids.material_id(),
        kind=kind,
        at=call.now,
        filename=part.filename,
        content_type=content_type,
        body=part.body,
        url=image_url(world) if kind in ("image", "thumb") else "",
        title=optional_text(description, "title"),
        introduction=optional_text(description, "introduction"),
    )
    world.of(app.appid, MaterialLibrary).put(material)
    answer = {"media_id": material.media_id}
    return answer | ({"url": material.url} if material.url else {})


def get(world: World, app: App, call: Call) -> Answer:
    """Answer a file's bytes, or where a video's can be had."""
    media_id = text(call.fields(), "media_id", missing=41006)
    material = world.of(app.appid, MaterialLibrary).get(media_id)
    if material.kind == "video":
        return {
            "title": material.title,
            "description": material.introduction,
            "down_url": video_url(call, media_id),
        }
    # Not by the name it came with, which might not fit into a header.
    suffix = material.filename.rpartition(".")[2]
    return Binary(material.body, material.content_type, f"{media_id}.{suffix}")


def delete(world: World, app: App, call: Call) -> Answer:
    """Remove a file; 48005 while a menu shows it."""
    media_id = text(call.fields(), "media_id", missing=41006)
    library = world.of(app.appid, MaterialLibrary)
    library.get(media_id)
    if world.of(app.appid, Menus).uses(media_id):
        raise WeChatError(48005)
    library.delete(media_id)
    return ok()


def count(world: World, app: App, call: Call) -> Answer:
    """Answer how many files there are of each kind."""
    library = world.of(app.appid, MaterialLibrary)
    return {f"{kind}_count": len(library.of_kind(kind)) for kind in LISTED}


def batch(world: World, app: App, call: Call) -> Answer:
    """Answer up to twenty files of a kind, the newest first."""
    fields = call.fields()
    kind = optional_text(fields, "type")
    offset = number(fields, "offset", missing=40097)
    size = number(fields, "count", missing=40097)
    if kind not in LISTED:
        raise WeChatError(40004)
    if offset < 0 or not 1 <= size <= MOST_IN_BATCH:
        raise WeChatError(40097)
    material = world.of(app.appid, MaterialLibrary).of_kind(kind)
    items = [_item(one) for one in material[offset : offset + size]]
    return {"total_count": len(material), "item_count": len(items), "item": items}


def _item(material: Material) -> dict[str, str | int]:
    item: dict[str, str | int] = {
        "media_id": material.media_id,
        "name": material.filename,
        "update_time": int(material.at),
    }
    return item | ({"url": material.url} if material.url else {})


def _description(call: Call) -> Fields:
    try:
        description = json.loads(call.form("description") or "")
    except (ValueError, RecursionError):
        raise WeChatError(47001) from None
    if not isinstance(description, dict):
        raise WeChatError(47001)
    text(description, "title", missing=45003)
    return description


ENDPOINTS = (
    Endpoint("POST", "/cgi-bin/material/add_material", add, ("service",)),
    Endpoint("POST", "/cgi-bin/material/get_material", get, ("service",)),
    Endpoint("POST", "/cgi-bin/material/del_material", delete, ("service",)),
    Endpoint("GET", "/cgi-bin/material/get_materialcount", count, ("service",)),
    Endpoint("POST", "/cgi-bin/material/batchget_material", batch, ("service",)),
)
