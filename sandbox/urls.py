"""Routes of the sandbox: the handler of each path."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tornado.locks import Condition
from tornado.routing import Rule
from tornado.web import Application, RequestHandler

from sandbox import basics, catalogue, component
from sandbox.call import Endpoint, OpenEndpoint
from sandbox.handlers import (
    api,
    authorization,
    authorize,
    client_side,
    console,
    control,
    desk,
    journal,
    phone,
    pictures,
    push,
    qrconnect,
)
from sandbox.handlers.component import ComponentHandler
from sandbox.wecom import api as qyapi
from sandbox.wecom import control as wecom_control
from sandbox.wecom import pages as wecom
from sandbox.world import World

Route = tuple[str, type[RequestHandler]]

PAGES: tuple[Route, ...] = (
    ("/connect/oauth2/authorize", authorize.AuthorizeHandler),
    ("/connect/qrconnect", qrconnect.QrConnectHandler),
    ("/connect/zh_CN/htmledition/js/wxLogin.js", qrconnect.LoginScriptHandler),
    ("/connect/qrcode/([0-9a-zA-Z]+)", qrconnect.QrCodeHandler),
    ("/connect/confirm", qrconnect.ConfirmHandler),
    ("/connect/l/qrconnect", qrconnect.PollHandler),
    ("/cgi-bin/componentloginpage", authorization.ComputerPage),
    ("/cgi-bin/componentloginpage/qrcode", authorization.QrCodeHandler),
    ("/cgi-bin/componentloginpage/poll", authorization.PollHandler),
    ("/safe/bindcomponent", authorization.PhonePage),
    ("/wxaopen/safe/bindcomponent", authorization.PhonePage),
    ("/wwlogin/sso/login", wecom.LoginPage),
    ("/wwlogin/sso/quick", wecom.QuickHandler),
    ("/wwlogin/sso/qrcode", wecom.QrCodeHandler),
    ("/wwlogin/sso/confirm", wecom.ConfirmPage),
    ("/wwlogin/sso/poll", wecom.PollHandler),
    ("/qyapi/.*", qyapi.QyapiHandler),
    ("/mmopen/vi_32/([0-9a-zA-Z]+)/([0-9]+)", pictures.AvatarHandler),
)
CONTROL: tuple[Route, ...] = (
    ("/_sandbox/?", desk.DeskHandler),
    ("/_sandbox/reset", control.ResetHandler),
    ("/_sandbox/apps", console.AppsHandler),
    ("/_sandbox/users", console.UsersHandler),
    ("/_sandbox/clock", control.ClockHandler),
    ("/_sandbox/expire", control.ExpireHandler),
    ("/_sandbox/faults", control.FaultsHandler),
    ("/_sandbox/journal", journal.JournalHandler),
    ("/_sandbox/messages", journal.MessagesHandler),
    ("/_sandbox/phone", phone.PhoneHandler),
    ("/_sandbox/phone/scan", phone.ScanHandler),
    ("/_sandbox/phone/confirm", phone.ConfirmHandler),
    ("/_sandbox/phone/refuse", phone.RefuseHandler),
    ("/_sandbox/phone/merchant", authorization.MerchantHandler),
    ("/_sandbox/phone/holder", phone.HolderHandler),
    ("/_sandbox/phone/snapshot", phone.SnapshotHandler),
    ("/_sandbox/jssdk/verify", client_side.JsSdkHandler),
    ("/_sandbox/action", client_side.ActionHandler),
    ("/_sandbox/js_code", client_side.JsCodeHandler),
    ("/_sandbox/send_auth", client_side.SendAuthHandler),
    ("/_sandbox/phone_code", client_side.PhoneCodeHandler),
    ("/_sandbox/wecom", wecom_control.WecomHandler),
    ("/_sandbox/wecom/message", wecom_control.CustomerMessageHandler),
    ("/_sandbox/push", push.PushHandler),
    ("/_sandbox/component", ComponentHandler),
)


def make_application(world: World) -> Application:
    """Return the whole platform as one Tornado application."""
    here = Path(__file__).parent
    shared: dict[str, Any] = {"world": world, "changes": Condition()}
    endpoints = by_path((*basics.ENDPOINTS, *catalogue.ENDPOINTS, *component.ENDPOINTS))
    routes: list[Any] = [(path, handler, shared) for path, handler in PAGES + CONTROL]
    of_corp = wecom.OfCorp("/connect/oauth2/authorize$")
    routes.insert(0, Rule(of_corp, wecom.ClientPage, shared))
    routes.append(("/_sandbox/.*", control.NothingHandler, shared))
    routes.append(("/", desk.HomeHandler, {**shared, "endpoints": endpoints}))
    routes.append((".*", api.ApiHandler, {**shared, "endpoints": endpoints}))
    return Application(
        routes,
        template_path=str(here / "pages"),
        static_path=str(here / "static"),
        static_url_prefix="/_sandbox/static/",
        # The journal is the access log; Tornado's line would show the secrets.
        log_function=lambda handler: None,
    )


def by_path(
    endpoints: tuple[Endpoint | OpenEndpoint, ...],
) -> dict[str, Endpoint | OpenEndpoint]:
    """Return the endpoints by path; ValueError if two claim the same one."""
    paths = {endpoint.path: endpoint for endpoint in endpoints}
    if len(paths) != len(endpoints):
        raise ValueError("two endpoints have the same path")
    return paths
