"""Customer-service accounts: /cgi-bin/customservice/* and /customservice/*."""

from __future__ import annotations

from sandbox.call import Answer, Call, Endpoint
from sandbox.catalogue.answers import ok
from sandbox.catalogue.fields import text
from sandbox.catalogue.state.desk import Desk
from sandbox.world import App, World


def listing(world: World, app: App, call: Call) -> Answer:
    """Answer all accounts."""
    clerks = world.of(app.appid, Desk).clerks()
    return {"kf_list": [clerk.listed() for clerk in clerks]}


def online(world: World, app: App, call: Call) -> Answer:
    """Answer who sits at the desk: in the sandbox there is no desk to sit at."""
    return {"kf_online_list": []}


def add(world: World, app: App, call: Call) -> Answer:
    """Make an account."""
    fields = call.fields()
    kf_account = text(fields, "kf_account", missing=61452)
    nickname = text(fields, "nickname", missing=61451)
    world.of(app.appid, Desk).add(kf_account, nickname=nickname)
    return ok()


def update(world: World, app: App, call: Call) -> Answer:
    """Give an account another nickname."""
    fields = call.fields()
    kf_account = text(fields, "kf_account", missing=61452)
    nickname = text(fields, "nickname", missing=61451)
    world.of(app.appid, Desk).rename(kf_account, nickname=nickname)
    return ok()


def delete(world: World, app: App, call: Call) -> Answer:
    """Remove an account, named in the query."""
    kf_account = call.argument("kf_account") or ""
    world.of(app.appid, Desk).dismiss(kf_account)
    return ok()


ENDPOINTS = (
    Endpoint("GET", "/cgi-bin/customservice/getkflist", listing, ("service",)),
    Endpoint("GET", "/cgi-bin/customservice/getonlinekflist", online, ("service",)),
    Endpoint("POST", "/customservice/kfaccount/add", add, ("service",)),
    Endpoint("POST", "/customservice/kfaccount/update", update, ("service",)),
    Endpoint("GET", "/customservice/kfaccount/del", delete, ("service",)),
)
