"""Apps of a client that sign users in: by QR code, inside WeChat, by a mobile app.

And the app of WeCom, which signs members in both inside WeCom and on a computer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from runtime.errors import ClientDisabled, GatewayError, SignInNotConfigured
from runtime.registry.authorizers import in_force
from runtime.registry.ids import APPID
from runtime.registry.models import WECOM_KIND, App, Client
from runtime.registry.registry import Registry
from runtime.web.request_causes import listed, shown_id

QR_KIND = "website"

PAGE_KIND = "service"

MOBILE_KIND = "mobile"

SILENT = "snsapi_base"

PRIVATE = "snsapi_privateinfo"
"""WeCom's scope for what a member agrees to tell: picture, e-mail, telephone number."""


class UnknownMobileApp(GatewayError):
    """The client has no such mobile app, or several and none was named."""

    status = 400
    errcode = 40013
    code = "unknown_mobile_app"
    message = "The client has no such mobile app, or several and none was named."


@dataclass(frozen=True, slots=True)
class SignInApps:
    """Apps of a client with which a browser can sign in; each may be None.

    Without `qr` a computer signs in through `page`, by a QR code of our own address, or
    by one that this account makes. `wecom` is WeCom's, for every browser.
    """

    client: Client
    qr: App | None
    page: App | None
    wecom: App | None = None

    @property
    def by_account(self) -> bool:
        """Tell whether a computer shows a QR code that the service account makes."""
        return self.client.account_qr and self.qr is None

    @property
    def appids(self) -> tuple[str, ...]:
        """Return the ids of the apps that are present."""
        apps = (self.qr, self.page, self.wecom)
        return tuple(app.appid for app in apps if app)

    @property
    def page_is_silent(self) -> bool:
        """Tell whether WeChat tells who the user is without asking."""
        return self.page is not None and self.page.oauth_scope == SILENT


def sign_in_apps(
    registry: Registry, client: Client | None, *, named: str = ""
) -> SignInApps:
    """Return a client's first app of each kind; SignInNotConfigured without a client.

    ClientDisabled if an operator has disabled it.

    A `named` account that has authorised a component, and that the client's scopes
    cover without naming it, takes the place of its service account.
    """
    if client is None:
        raise SignInNotConfigured(
            cause="there is no client that LOGIN_CLIENT, or the request, names: "
            "manage.py client list"
        )
    if client.disabled:
        raise ClientDisabled(client.client_id)
    apps = [app for app in registry.apps_of(client) if _signs_in(app)]
    by_kind = {app.kind: app for app in reversed(apps)}
    qr, page = by_kind.get(QR_KIND), by_kind.get(PAGE_KIND)
    if account := _named_account(registry, client, named):
        page = account
    is_ours = (client.page_qr or client.account_qr) and page
    return SignInApps(client, None if is_ours else qr, page, by_kind.get(WECOM_KIND))


def _signs_in(app: App) -> bool:
    """Tell whether it has a secret, or an authorisation that stands.

    Of WeCom's only what has an agentid.
    """
    if app.is_wecom:
        return bool(app.agentid and app.secret)
    return bool(app.secret) or in_force(app.authorizers) is not None


def _named_account(registry: Registry, client: Client, appid: str) -> App | None:
    if not re.fullmatch(APPID, appid) or registry.scopes_of(client, appid) is None:
        return None
    app = registry.app(appid)
    accounts = app is not None and app.is_authorized and app.kind == PAGE_KIND
    return app if app and accounts and _signs_in(app) else None


def none_of_kind(
    client: Client, appid: str | None, found: Collection[App], kind: str
) -> str:
    """Return the cause where a client has none or several apps of a kind."""
    if found:
        appids = listed(sorted(app.appid for app in found))
        return f"the client {client.client_id} has several: {appids}; send appid"
    named = "" if appid is None else f" {shown_id(appid, APPID)}"
    known = listed(sorted(client.scopes_by_app))
    return (
        f"the client {client.client_id} has no {kind} app{named} among {known}: "
        f"manage.py client update {client.client_id} --app APPID"
    )


def mobile_app_of(
    client: Client, appid: str | None, *, find: Callable[[str], App | None]
) -> App:
    """Return the client's mobile app with this appid, or its only one without."""
    named = (
        client.scopes_by_app if appid is None else client.scopes_by_app.keys() & {appid}
    )
    found = [app for app in map(find, named) if app and app.kind == MOBILE_KIND]
    if len(found) != 1:
        raise UnknownMobileApp(cause=none_of_kind(client, appid, found, MOBILE_KIND))
    return found[0]
