"""Black list: /cgi-bin/tags/members/*blacklist."""

from __future__ import annotations

from sandbox.call import Answer, Call, Endpoint
from sandbox.catalogue.answers import ok
from sandbox.catalogue.fields import optional_text
from sandbox.catalogue.followers import listed_followers
from sandbox.catalogue.state.black_list import BlackList
from sandbox.catalogue.state.paging import openid_page
from sandbox.world import App, World

MOST_TO_BLOCK = 20


def listing(world: World, app: App, call: Call) -> Answer:
    """Answer one page of the blocked users."""
    openids = world.of(app.appid, BlackList).openids()
    page = openid_page(openids, after=optional_text(call.fields(), "begin_openid"))
    return {"total": len(openids), **page}


def block(world: World, app: App, call: Call) -> Answer:
    """Block up to twenty followers."""
    openids = listed_followers(world, app, call.fields(), most=MOST_TO_BLOCK)
    world.of(app.appid, BlackList).put(openids)
    return ok()


def unblock(world: World, app: App, call: Call) -> Answer:
    """Unblock up to twenty followers."""
    openids = listed_followers(world, app, call.fields(), most=MOST_TO_BLOCK)
    world.of(app.appid, BlackList).take(openids)
    return ok()


ENDPOINTS = (
    Endpoint("POST", "/cgi-bin/tags/members/getblacklist", listing, ("service",)),
    Endpoint("POST", "/cgi-bin/tags/members/batchblacklist", block, ("service",)),
    Endpoint("POST", "/cgi-bin/tags/members/batchunblacklist", unblock, ("service",)),
)
