"""The QR code of our own address, by which a computer signs in without a website app.

The computer's flow has a confirmation, whose id the QR code carries. A phone that
scans it opens our page inside WeChat, where the service account tells whose it is.
"""

from __future__ import annotations

from runtime.gateway import Gateway
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
    """Begin the confirmation of a flow, if it has not begun; `request` is of the flow.

    The phone shows what is known of the computer: programs that its browser names, and
    its address, if that is one of the Internet.
    """
    settings = gateway.settings
    address = client_address(
        request.peer_ip,
        forwarded_for=request.header("x-forwarded-for"),
        trusted_hops=settings.trusted_proxy_hops,
    )
    asked = Asked(
        client_id=client.client_id,
        appid=app.appid,
        scope=scope,
        device=device_of(request),
        place=public_address(address),
        browser=started.browser,
        tap=client.confirm == "tap" and client.allow == ANYONE,
    )
    return gateway.confirmations.start(confirmation_id(started.state), asked)


def shown(gateway: Gateway, state: str, confirmation: Confirmation) -> PageQr | None:
    """Return the QR code for the page, None if our address is too long for one."""
    # Only a page with a QR code draws one.
    from runtime.pages.qr_symbol import picture_of

    base = gateway.settings.public_base_url
    picture = picture_of(f"{base}/login/scan/{confirmation_id(state)}")
    seconds = min(OPEN_SECONDS, confirmation.seconds)
    return PageQr(wait_url(state), picture, seconds) if picture else None
