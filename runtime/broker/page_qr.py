"""The QR code on a computer's page, by which it signs in without a website app.

The computer's flow has a confirmation, whose id the QR code carries. Where it is our
own address, a phone that scans it opens our page inside WeChat, and the service account
tells whose it is; account_qr.py has the other one.
"""

from __future__ import annotations

from runtime.gateway import Gateway
from runtime.pages.languages import url_in_language
from runtime.pages.qr_code import PageQr
from runtime.registry.models import ANYONE, App, Client
from runtime.sign_in.confirmations import (
    OPEN_SECONDS,
    Asked,
    Confirmation,
    confirmation_id,
)
from runtime.sign_in.flows import StartedFlow
from runtime.web.browsers import device_of
from runtime.web.client_address import client_address, public_address
from runtime.web.messages import Request


def wait_url(state: str) -> str:
    """Return the path at which the computer waits for the phone."""
    return f"/login/wait?flow={state}"


def begin(
    request: Request,
    gateway: Gateway,
    started: StartedFlow,
    *,
    client: Client,
    app: App,
    scope: str | None,
) -> Confirmation:
    """Begin the confirmation of a flow, if it has not begun, by a request of it."""
    asked = asked_of(request, gateway, started, client=client, app=app, scope=scope)
    return gateway.confirmations.start(confirmation_id(started.state), asked)


def asked_of(
    request: Request,
    gateway: Gateway,
    started: StartedFlow,
    *,
    client: Client,
    app: App,
    scope: str | None,
) -> Asked:
    """Return what the phone is asked.

    It shows what is known of the computer: programs that its browser names, and its
    address, if that is one of the Internet.
    """
    settings = gateway.settings
    address = client_address(
        request.peer_ip,
        forwarded_for=request.header("x-forwarded-for"),
        trusted_hops=settings.trusted_proxy_hops,
    )
    return Asked(
        client_id=client.client_id,
        appid=app.appid,
        scope=scope,
        device=device_of(request),
        place=public_address(address),
        browser=started.browser,
        tap=client.confirm == "tap" and client.allow == ANYONE,
        at=int(gateway.clock()),
    )


def shown(
    gateway: Gateway, state: str, confirmation: Confirmation, *, language: str
) -> PageQr | None:
    """Return the QR code for the page, None if its text is too long for one.

    The phone's pages are in the computer's language; of a URL that leaves no room for
    it, in the phone's own.
    """
    # Only a page with a QR code draws one.
    from runtime.pages.qr_symbol import picture_of

    made = confirmation.asked.account_qr
    base = gateway.settings.public_base_url
    url = f"{base}/login/scan/{confirmation_id(state)}"
    in_language = url_in_language(url, f"lang={language.replace('_', '-')}")
    picture = picture_of(made or in_language) or picture_of(made or url)
    seconds = min(OPEN_SECONDS, confirmation.seconds)
    if picture is None:
        return None
    return PageQr(wait_url(state), picture, seconds, by_account=bool(made))
