"""Tags and their followers: /cgi-bin/tags/* and /cgi-bin/user/tag/get."""

from __future__ import annotations

from sandbox.call import Answer, Call, Endpoint
from sandbox.catalogue.answers import ok
from sandbox.catalogue.fields import (
    Fields,
    mapping,
    number,
    optional_text,
    refuse_escapes,
    text,
)
from sandbox.catalogue.followers import listed_followers
from sandbox.catalogue.state.paging import openid_page
from sandbox.catalogue.state.tags import Tags
from sandbox.world import App, World

MOST_TO_TAG = 50


def create(world: World, app: App, call: Call) -> Answer:
    """Make a tag."""
    name = optional_text(_tag(call), "name")
    tagid = world.of(app.appid, Tags).create(name)
    return {"tag": {"id": tagid, "name": name}}


def update(world: World, app: App, call: Call) -> Answer:
    """Rename a tag."""
    tag = _tag(call)
    tagid = number(tag, "id", missing=45159)
    world.of(app.appid, Tags).rename(tagid, name=optional_text(tag, "name"))
    return ok()


def delete(world: World, app: App, call: Call) -> Answer:
    """Remove a tag."""
    world.of(app.appid, Tags).delete(number(_tag(call), "id", missing=45159))
    return ok()


def listing(world: World, app: App, call: Call) -> Answer:
    """Answer all tags with how many followers carry each."""
    rows = world.of(app.appid, Tags).listing()
    return {"tags": [{"id": id_, "name": name, "count": n} for id_, name, n in rows]}


def members(world: World, app: App, call: Call) -> Answer:
    """Answer one page of the followers that carry a tag."""
    fields = call.fields()
    tagid = number(fields, "tagid", missing=45159)
    openids = world.of(app.appid, Tags).members(tagid)
    return openid_page(openids, after=optional_text(fields, "next_openid"))


def tag(world: World, app: App, call: Call) -> Answer:
    """Tag up to fifty followers."""
    fields = call.fields()
    openids = listed_followers(world, app, fields, most=MOST_TO_TAG)
    tagid = number(fields, "tagid", missing=45159)
    world.of(app.appid, Tags).put(tagid, openids=openids)
    return ok()


def untag(world: World, app: App, call: Call) -> Answer:
    """Untag up to fifty followers."""
    fields = call.fields()
    openids = listed_followers(world, app, fields, most=MOST_TO_TAG)
    tagid = number(fields, "tagid", missing=45159)
    world.of(app.appid, Tags).take(tagid, openids=openids)
    return ok()


def tags_of(world: World, app: App, call: Call) -> Answer:
    """Answer the tags that one user carries."""
    openid = text(call.fields(), "openid", missing=41009)
    world.user_of(app.appid, openid)
    return {"tagid_list": world.of(app.appid, Tags).of(openid)}


def _tag(call: Call) -> Fields:
    refuse_escapes(call, errcode=40033)
    return mapping(call.fields(), "tag", missing=47001)


ENDPOINTS = (
    Endpoint("POST", "/cgi-bin/tags/create", create, ("service",)),
    Endpoint("POST", "/cgi-bin/tags/update", update, ("service",)),
    Endpoint("POST", "/cgi-bin/tags/delete", delete, ("service",)),
    Endpoint("GET", "/cgi-bin/tags/get", listing, ("service",)),
    Endpoint("POST", "/cgi-bin/user/tag/get", members, ("service",)),
    Endpoint("POST", "/cgi-bin/tags/members/batchtagging", tag, ("service",)),
    Endpoint("POST", "/cgi-bin/tags/members/batchuntagging", untag, ("service",)),
    Endpoint("POST", "/cgi-bin/tags/getidlist", tags_of, ("service",)),
)
