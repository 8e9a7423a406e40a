"""Code management and fast registration: answers of the right form, without effect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.call import Answer, Call, Endpoint, OpenEndpoint
from sandbox.component.credentials import check_ip, token_of
from sandbox.errors import WeChatError
from sandbox.world import App, World

OK: dict[str, Any] = {"errcode": 0, "errmsg": "ok"}

# Method and data of a good answer, with the account's token.
_OF_ACCOUNTS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "commit": ("POST", {}),
    "get_category": ("GET", {"category_list": []}),
    "get_page": ("GET", {"page_list": ["pages/index/index"]}),
    "submit_audit": ("POST", {"auditid": 1234567}),
    "get_auditstatus": ("POST", {"status": 2}),
    # Here the number is a text, and it is so spelled.
    "get_latest_auditstatus": ("GET", {"auditid": "1234567", "status": 2}),
    "undocodeaudit": ("GET", {}),
    "release": ("POST", {}),
    "revertcoderelease": ("GET", {}),
    "grayrelease": ("POST", {}),
    "getgrayreleaseplan": ("GET", {"gray_release_plan": {}}),
    "revertgrayrelease": ("GET", {}),
    "change_visitstatus": ("POST", {}),
    "getvisitstatus": ("POST", {"status": 1}),
    "queryquota": (
        "GET",
        {"rest": 20, "limit": 20, "speedup_rest": 1, "speedup_limit": 1},
    ),
    "speedupaudit": ("POST", {}),
    "getversioninfo": ("POST", {}),
    "modify_domain": ("POST", {}),
    "setwebviewdomain": ("POST", {}),
    "bind_tester": ("POST", {"userstr": "tester"}),
    "unbind_tester": ("POST", {}),
    "memberauth": ("POST", {"members": []}),
}

# With the component's token.
_OF_COMPONENTS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "gettemplatedraftlist": ("GET", {"draft_list": []}),
    "gettemplatelist": ("GET", {"template_list": []}),
    "addtotemplate": ("POST", {}),
    "deletetemplate": ("POST", {}),
}


def fast_register(world: World, call: Call) -> Answer:
    """Accept the registration of a mini program, which never comes about."""
    token = token_of(world, call)
    if world.apps[token.appid].kind != "component":
        raise WeChatError(61014)
    check_ip(world.apps[token.appid], call)
    if call.argument("action") not in ("create", "search"):
        raise WeChatError(47001)
    call.fields()
    return OK


def _for_accounts(data: dict[str, Any]) -> Callable[[World, App, Call], Answer]:
    def answer(world: World, app: App, call: Call) -> Answer:
        token = world.tokens.find(call.argument("access_token") or "")
        if not token.component:
            raise WeChatError(86000)
        if call.method == "POST":
            call.fields()
        return {**OK, **data}

    return answer


def _for_components(data: dict[str, Any]) -> Callable[[World, App, Call], Answer]:
    def answer(world: World, app: App, call: Call) -> Answer:
        check_ip(app, call)
        return {**OK, **data}

    return answer


ENDPOINTS: tuple[Endpoint | OpenEndpoint, ...] = (
    *(
        Endpoint(method, f"/wxa/{name}", _for_accounts(data), ("miniprogram",))
        for name, (method, data) in _OF_ACCOUNTS.items()
    ),
    *(
        Endpoint(method, f"/wxa/{name}", _for_components(data), ("component",))
        for name, (method, data) in _OF_COMPONENTS.items()
    ),
    OpenEndpoint("POST", "/cgi-bin/component/fastregisterweapp", fast_register),
)
