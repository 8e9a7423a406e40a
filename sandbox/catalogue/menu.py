"""Default menu: /cgi-bin/menu/create, get, delete and the console's view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.call import Answer, Call, Endpoint
from sandbox.catalogue.answers import ok
from sandbox.catalogue.fields import refuse_escapes
from sandbox.catalogue.menu_buttons import check_buttons
from sandbox.catalogue.state.material_library import MaterialLibrary
from sandbox.catalogue.state.menus import Button, Menu, Menus, leaves
from sandbox.errors import WeChatError
from sandbox.world import App, World


def create(world: World, app: App, call: Call) -> Answer:
    """Replace the default menu."""
    refuse_escapes(call, errcode=40033)
    buttons = check_buttons(call.fields().get("button"))
    check_material(world, app, buttons)
    world.of(app.appid, Menus).create(Menu(new_menuid(world), buttons))
    return ok()


def get(world: World, app: App, call: Call) -> Answer:
    """Answer the default menu and, if there are some, the conditional ones."""
    menus = world.of(app.appid, Menus)
    answer = {"menu": _described(menus.existing())}
    conditional = [_described(menu) for menu in reversed(menus.conditional)]
    return answer | ({"conditionalmenu": conditional} if conditional else {})


def delete(world: World, app: App, call: Call) -> Answer:
    """Remove the default menu and the conditional ones with it."""
    world.of(app.appid, Menus).delete()
    return ok()


def selfmenu(world: World, app: App, call: Call) -> Answer:
    """Answer the default menu as the console shows it."""
    menu = world.of(app.appid, Menus).default
    buttons = [_console_button(button) for button in (menu.button if menu else [])]
    return {"is_menu_open": int(bool(menu)), "selfmenu_info": {"button": buttons}}


def new_menuid(world: World) -> int:
    """Return nine digits: a number in menu/get, a text in addconditional."""
    return world.ids.number(200_000_000, 999_999_999)


def check_material(world: World, app: App, buttons: Sequence[Button]) -> None:
    """Check that material on buttons exists (40007), as news if limited (40121)."""
    library = world.of(app.appid, MaterialLibrary)
    for button in leaves(buttons):
        if button["type"] in ("media_id", "view_limited"):
            kind = library.get(button["media_id"]).kind
            if button["type"] == "view_limited" and kind != "news":
                raise WeChatError(40121)


def shown(buttons: Sequence[Button]) -> list[dict[str, Any]]:
    """Return buttons as they come back: each with a list of sub-buttons."""
    return [
        {**button, "sub_button": shown(button.get("sub_button", []))}
        for button in buttons
    ]


def _described(menu: Menu) -> dict[str, Any]:
    description = {"button": shown(menu.button), "menuid": menu.menuid}
    return description | ({"matchrule": menu.matchrule} if menu.matchrule else {})


def _console_button(button: Button) -> dict[str, Any]:
    below = button.get("sub_button")
    if below:
        return {"name": button["name"], "sub_button": {"list": list(below)}}
    return {name: value for name, value in button.items() if name != "sub_button"}


ENDPOINTS = (
    Endpoint("POST", "/cgi-bin/menu/create", create, ("service",)),
    Endpoint("GET", "/cgi-bin/menu/get", get, ("service",)),
    Endpoint("GET", "/cgi-bin/menu/delete", delete, ("service",)),
    Endpoint("GET", "/cgi-bin/get_current_selfmenu_info", selfmenu, ("service",)),
)
