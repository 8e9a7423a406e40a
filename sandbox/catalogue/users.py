"""Followers: /cgi-bin/user/*."""

from __future__ import annotations

from typing import Any

from sandbox.call import Answer, Call, Endpoint
from sandbox.catalogue.answers import ok
from sandbox.catalogue.fields import optional_text, text
from sandbox.catalogue.followers import follower, followers
from sandbox.catalogue.state.paging import openid_page
from sandbox.catalogue.state.remarks import Remarks
from sandbox.catalogue.state.tags import Tags
from sandbox.errors import WeChatError
from sandbox.world import App, World

MOST_IN_BATCH = 100


def info(world: World, app: App, call: Call) -> Answer:
    """Answer what the account may know of one user."""
    openid = call.argument("openid")
    if not openid:
        raise WeChatError(41009)
    return _describe(world, app, openid)


def batch_info(world: World, app: App, call: Call) -> Answer:
    """Answer the same of up to a hundred users."""
    entries = call.fields().get("user_list")
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise WeChatError(40031)
    if not 1 <= len(entries) <= MOST_IN_BATCH:
        raise WeChatError(40032)
    openids = [text(entry, "openid", missing=41009) for entry in entries]
    return {"user_info_list": [_describe(world, app, openid) for openid in openids]}


def listing(world: World, app: App, call: Call) -> Answer:
    """Answer one page of the followers."""
    openids = followers(world, app)
    page = openid_page(openids, after=call.argument("next_openid") or "")
    return {"total": len(openids), **page}


def update_remark(world: World, app: App, call: Call) -> Answer:
    """Note something about a follower."""
    fields = call.fields()
    openid = text(fields, "openid", missing=41009)
    # That a stranger's remark is refused with this code is not confirmed.
    follower(world, app, openid, otherwise=50005)
    remark = optional_text(fields, "remark")
    world.of(app.appid, Remarks).put(openid, remark=remark)
    return ok()


def _describe(world: World, app: App, openid: str) -> dict[str, Any]:
    user = world.user_of(app.appid, openid)
    if app.appid not in user.subscribed:
        return {"subscribe": 0, "openid": openid}
    # Nickname, sex, place and picture are no longer given out here.
    description = {
        "subscribe": 1,
        "openid": openid,
        "language": "zh_CN",
        "subscribe_time": user.subscribed[app.appid],
        "remark": world.of(app.appid, Remarks).of(openid),
        "groupid": 0,
        "tagid_list": world.of(app.appid, Tags).of(openid),
        "subscribe_scene": "ADD_SCENE_OTHERS",
        "qr_scene": 0,
        "qr_scene_str": "",
    }
    unionid = world.unionid(app.appid, user)
    return description | ({"unionid": unionid} if unionid else {})


ENDPOINTS = (
    Endpoint("GET", "/cgi-bin/user/info", info, ("service",)),
    Endpoint("POST", "/cgi-bin/user/info/batchget", batch_info, ("service",)),
    Endpoint("GET", "/cgi-bin/user/get", listing, ("service",)),
    Endpoint("POST", "/cgi-bin/user/info/updateremark", update_remark, ("service",)),
)
