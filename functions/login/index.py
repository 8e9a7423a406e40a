"""Routes of the login function."""

from __future__ import annotations

from runtime.entry.dialects import json_dialect, web_dialect
from runtime.entry.entrypoint import entrypoint
from runtime.entry.routing import ROOT, SMALL_BODY, UNREAD_BODY, late, page_route, route
from runtime.errors import GatewayError
from runtime.registry.ids import APPID
from runtime.web.messages import Request, Response
from runtime.web.own_parameters import MAKES

METHODS = frozenset({"GET", "HEAD", "POST"})

component = late("functions.login.component")
connect = late("functions.login.connect")
page_scripts = late("functions.login.page_scripts")
mini_program = late("functions.login.mini_program")
mobile_app = late("functions.login.mobile_app")
sign_in_page = late("functions.login.sign_in_page")
session = late("functions.login.session_views")

computer = late("functions.login.computer")
phone = late("functions.login.phone")
web_view = late("functions.login.web_view")

_OF_MINI_PROGRAMS = "/miniprogram"
_OF_MOBILE_APPS = "/mobile"
_TO_WEB_VIEW = "/miniprogram/webview"
_OF_COMPONENTS = r"/connect/component/"
_PAGES_OF_WECHAT = (
    "/cgi-bin/componentloginpage",
    "/safe/bindcomponent",
    "/wxaopen/safe/bindcomponent",
)
_OF_PROGRAMS = (_OF_MINI_PROGRAMS, _OF_MOBILE_APPS, _TO_WEB_VIEW)

ROUTES = (
    page_route(r"/", body=UNREAD_BODY, GET=sign_in_page.sign_in_page),
    route(
        r"/(qr|continue|wait|copy)\.js", body=UNREAD_BODY, GET=page_scripts.page_script
    ),
    page_route(r"/scan/([A-Za-z0-9_-]{16})", body=UNREAD_BODY, GET=phone.scan),
    route(r"/phone", body=SMALL_BODY, GET=phone.phone, POST=phone.answer),
    route(r"/wait", body=SMALL_BODY, GET=computer.wait, POST=computer.type_digits),
    route(r"/webview", body=SMALL_BODY, GET=web_view.ask, POST=web_view.redeem),
    route(_TO_WEB_VIEW, body=SMALL_BODY, POST=web_view.issue),
    page_route(r"/me", body=UNREAD_BODY, GET=session.who_am_i),
    route(_OF_MINI_PROGRAMS, body=SMALL_BODY, POST=mini_program.mini_program_sign_in),
    route(_OF_MOBILE_APPS, body=SMALL_BODY, POST=mobile_app.mobile_app_sign_in),
    page_route(
        r"/logout",
        body=SMALL_BODY,
        at=ROOT,
        GET=session.logout_page,
        POST=session.logout,
    ),
    page_route(
        r"/connect/oauth2/authorize",
        body=UNREAD_BODY,
        at=ROOT,
        GET=connect.oauth2_authorize,
    ),
    page_route(r"/connect/qrconnect", body=UNREAD_BODY, at=ROOT, GET=connect.qrconnect),
    page_route(
        f"{_OF_COMPONENTS}({APPID})",
        body=UNREAD_BODY,
        at=ROOT,
        GET=component.entry_page,
    ),
    *(
        page_route(path, body=UNREAD_BODY, at=ROOT, GET=component.page_of_wechat)
        for path in _PAGES_OF_WECHAT
    ),
)


def login_dialect(request: Request, error: GatewayError, *, https: bool) -> Response:
    """Answer a browser with an error page, a program with JSON."""
    dialect = json_dialect if request.path in _OF_PROGRAMS else web_dialect
    return dialect(request, error, https=https)


def _waits(method: str, path: str, query: str) -> bool:
    makes_code = path == "/wait" and f"{MAKES}=" in query
    by_component = path.startswith(_OF_COMPONENTS) or path in _PAGES_OF_WECHAT
    return by_component or path in _OF_PROGRAMS or makes_code


handler = entrypoint(ROUTES, mount="/login", dialect=login_dialect, waits=_waits)
