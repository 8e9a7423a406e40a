"""A sign-in in a frame: the QR code in a client's own page.

Browsers send no cookie of ours from there, so no cookie binds the flow and no session
begins. The answer goes to the client in the top window, which knows its own state and
has the verifier of its challenge.
"""

from __future__ import annotations

from runtime.broker.client_brand import brand_of
from runtime.broker.outcomes import FRAME, STARTED, riding
from runtime.broker.start import MOST_RENEWALS, renewals_of
from runtime.gateway import Gateway
from runtime.pages.languages import language_of
from runtime.registry.models import App, home_of
from runtime.registry.sign_in_apps import SignInApps
from runtime.sign_in.authorization_request import (
    DISPLAY,
    EMBEDDED,
    AuthorizationRequest,
)
from runtime.sign_in.flows import Flow
from runtime.web.browsers import Browser, browser_of
from runtime.web.messages import Request, Response
from runtime.web.next_url import DEFAULT_NEXT
from runtime.web.own_parameters import RENEWED, with_own


def start_embedded(
    request: Request, gateway: Gateway, asked: AuthorizationRequest, *, apps: SignInApps
) -> Response:
    """Return the page with the QR code, or with a link to the page for a window.

    The link is for phones, which cannot scan themselves, and for a client without a
    website app. The app inside WeChat is never used here: it asks some users nothing.
    """
    from runtime.pages.pages import embedded_sign_in, old_page

    language = language_of(request)
    window = gateway.settings.public_base_url + asked.again
    renewed = renewals_of(request)
    if renewed > MOST_RENEWALS:
        return old_page(
            language,
            client_name=apps.client.name,
            home=home_of(apps.client, asked.redirect_uri),
            start_again=window,
            framed_by=apps.client.frame_origins,
            https=gateway.settings.secure,
        )
    frame_url = None
    if apps.qr and browser_of(request) is Browser.DESKTOP:
        gateway.limits.sign_in(request)
        flow = Flow(
            next=DEFAULT_NEXT,
            appids=(apps.qr.appid,),
            language=language,
            request=asked,
            way=FRAME,
        )
        frame_url = frame_url_of(gateway, flow, apps.qr)
    return embedded_sign_in(
        language,
        frame_url=frame_url,
        top_url=window,
        client_name=apps.client.name,
        brand=brand_of(apps.client),
        framed_by=apps.client.frame_origins,
        renewal=with_own(f"{window}&{DISPLAY}={EMBEDDED}", RENEWED, renewed + 1),
        https=gateway.settings.secure,
    )


def frame_url_of(gateway: Gateway, flow: Flow, app: App) -> str:
    """Start the flow and return the URL of WeChat's page.

    The page redirects its own frame back to us. To leave the frame is left to our page
    there: browsers let a frame lead the top window only to the window's own site.
    """
    counts = [] if flow.restarted else riding(gateway, FRAME, STARTED)
    return gateway.sign_in.authorize_url(
        app,
        gateway.flows.start_unbound(flow, counts),
        embedded=True,
        stays=True,
        english=flow.language == "en",
    )
