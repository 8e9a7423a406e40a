"""Endpoints for the accounts that authorised a component: who, with what options."""

from __future__ import annotations

from typing import Any

from sandbox.avatar import avatar_url
from sandbox.call import Answer, Call, OpenEndpoint
from sandbox.component.authorizations import Authorization, Authorizations
from sandbox.component.credentials import check_on_behalf, component_of, token_of
from sandbox.component.tokens import func_info
from sandbox.errors import WeChatError
from sandbox.world import App, World

MOST_IN_PAGE = 500
SERVICE_TYPES = {"service": 2, "miniprogram": 0}
DOMAINS = (
    "RequestDomain",
    "WsRequestDomain",
    "UploadDomain",
    "DownloadDomain",
    "BizDomain",
    "UDPDomain",
    "TCPDomain",
)
OPTIONS = {
    "location_report": ("0", "1", "2"),
    "voice_recognize": ("0", "1"),
    "customer_service": ("0", "1"),
}


class Options:
    """Options of one account, all off at first."""

    def __init__(self) -> None:
        self.values = dict.fromkeys(OPTIONS, "0")


def info(world: World, call: Call) -> Answer:
    """Answer who the account is and what it allows."""
    app = component_of(world, call)
    authorizer = call.fields().get("authorizer_appid")
    authorization = world.of(app.appid, Authorizations).get(authorizer)
    return {
        "authorizer_info": _describe(world.apps[authorization.authorizer], call),
        "authorization_info": {
            "authorizer_appid": authorization.authorizer,
            "authorizer_refresh_token": _shown_token(authorization),
            "func_info": func_info(authorization.func_info),
        },
    }


def listing(world: World, call: Call) -> Answer:
    """Answer one page of the accounts that stand."""
    app, fields = component_of(world, call), call.fields()
    offset, count = fields.get("offset"), fields.get("count")
    if type(offset) is not int or type(count) is not int or offset < 0 or count < 0:
        raise WeChatError(47001)
    if count > MOST_IN_PAGE:
        raise WeChatError(40170)
    standing = world.of(app.appid, Authorizations).all()
    page = standing[offset : offset + count]
    return {"total_count": len(standing), "list": [_listed(one) for one in page]}


def get_option(world: World, call: Call) -> Answer:
    """Answer one option of an account."""
    authorizer, fields = _authorizer_of(world, call), call.fields()
    name = _option_name(fields)
    value = world.of(authorizer, Options).values[name]
    return {"authorizer_appid": authorizer, "option_name": name, "option_value": value}


def set_option(world: World, call: Call) -> Answer:
    """Change one option of an account."""
    authorizer, fields = _authorizer_of(world, call), call.fields()
    name, value = _option_name(fields), fields.get("option_value")
    if value not in OPTIONS[name]:
        raise WeChatError(61013)
    world.of(authorizer, Options).values[name] = value
    return {"errcode": 0, "errmsg": "ok"}


def _authorizer_of(world: World, call: Call) -> str:
    """Return the account by its token, or by the component's and the body."""
    token = token_of(world, call)
    if token.component:
        check_on_behalf(world, token, call)
        return token.appid
    app = component_of(world, call)
    named = call.fields().get("authorizer_appid")
    return world.of(app.appid, Authorizations).get(named).authorizer


def _option_name(fields: dict[str, Any]) -> str:
    name = fields.get("option_name")
    if not isinstance(name, str) or name not in OPTIONS:
        raise WeChatError(61012)
    return name


def _shown_token(authorization: Authorization) -> str:
    return authorization.refresh_token if authorization.exchanged else ""


def _listed(authorization: Authorization) -> dict[str, Any]:
    listed = {
        "authorizer_appid": authorization.authorizer,
        "auth_time": int(authorization.at),
    }
    token = _shown_token(authorization)
    return {**listed, "refresh_token": token} if token else listed


def _describe(app: App, call: Call) -> dict[str, Any]:
    shown = {
        "nick_name": app.name,
        "head_img": avatar_url(call.origin, app.original_id.removeprefix("gh_")),
        "service_type_info": {"id": SERVICE_TYPES[app.kind]},
        "verify_type_info": {"id": 0},
        "user_name": app.original_id,
        "alias": "",
        "qrcode_url": "",
        "business_info": dict.fromkeys(
            ("open_pay", "open_shake", "open_scan", "open_card", "open_store"), 0
        ),
        "idc": 1,
        "principal_name": app.name,
        "signature": "",
        "account_status": 1,
    }
    if app.kind != "miniprogram":
        return shown
    network: dict[str, list[str]] = {name: [] for name in DOMAINS}
    program = {"network": network, "categories": [], "visit_status": 0}
    return {**shown, "MiniProgramInfo": program}


_PREFIX = "/cgi-bin/component/"

ENDPOINTS = (
    OpenEndpoint("POST", _PREFIX + "api_get_authorizer_info", info),
    OpenEndpoint("POST", _PREFIX + "api_get_authorizer_list", listing),
    OpenEndpoint("POST", _PREFIX + "get_authorizer_option", get_option),
    OpenEndpoint("POST", _PREFIX + "api_get_authorizer_option", get_option),
    OpenEndpoint("POST", _PREFIX + "set_authorizer_option", set_option),
    OpenEndpoint("POST", _PREFIX + "api_set_authorizer_option", set_option),
)
