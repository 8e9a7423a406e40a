"""Menus for some followers only: /cgi-bin/menu/*conditional and trymatch."""

from __future__ import annotations

from sandbox.call import Answer, Call, Endpoint
from sandbox.catalogue.answers import ok
from sandbox.catalogue.fields import Fields, mapping, refuse_escapes, text
from sandbox.catalogue.followers import followers
from sandbox.catalogue.menu import check_material, new_menuid, shown
from sandbox.catalogue.menu_buttons import check_buttons
from sandbox.catalogue.state.menus import Menu, Menus
from sandbox.catalogue.state.tags import Tags
from sandbox.errors import WeChatError
from sandbox.world import App, World

PLATFORMS = ("1", "2", "3")  # iOS, Android, other
# The sandbox's users do not say what they hold: all of them use Android.
PLATFORM = "2"


def add(world: World, app: App, call: Call) -> Answer:
    """Add a conditional menu."""
    refuse_escapes(call, errcode=40033)
    fields = call.fields()
    if not fields.get("button"):
        raise WeChatError(65307)
    buttons = check_buttons(fields["button"], untyped=65308)
    check_material(world, app, buttons)
    rule = _rule(world, app, mapping(fields, "matchrule", missing=65304))
    menu = Menu(new_menuid(world), buttons, rule)
    world.of(app.appid, Menus).add_conditional(menu)
    return {"menuid": str(menu.menuid)}


def delete(world: World, app: App, call: Call) -> Answer:
    """Remove a conditional menu; its id may be a text or a number."""
    menuid = str(call.fields().get("menuid"))
    world.of(app.appid, Menus).remove_conditional(menuid)
    return ok()


def try_match(world: World, app: App, call: Call) -> Answer:
    """Answer the menu that a follower sees."""
    openid = text(call.fields(), "user_id", missing=65302)
    if openid not in followers(world, app):
        raise WeChatError(65302)
    tags = world.of(app.appid, Tags).of(openid)
    menu = world.of(app.appid, Menus).match(tags=tags, platform=PLATFORM)
    return {"button": shown(menu.button)}


def _rule(world: World, app: App, fields: Fields) -> dict[str, str]:
    # Sex, country, province, city and language are retired: as if they were absent.
    names = ("tag_id", "client_platform_type")
    rule = {name: str(fields[name]) for name in names if fields.get(name)}
    if not rule:
        raise WeChatError(65304)
    if rule.get("client_platform_type", PLATFORM) not in PLATFORMS:
        raise WeChatError(40097)
    tagids = {str(tagid) for tagid, _, _ in world.of(app.appid, Tags).listing()}
    if "tag_id" in rule and rule["tag_id"] not in tagids:
        raise WeChatError(45159)
    return rule


ENDPOINTS = (
    Endpoint("POST", "/cgi-bin/menu/addconditional", add, ("service",)),
    Endpoint("POST", "/cgi-bin/menu/delconditional", delete, ("service",)),
    Endpoint("POST", "/cgi-bin/menu/trymatch", try_match, ("service",)),
)
