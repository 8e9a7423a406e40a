"""The sign-in page for services of the gateway's own domain."""

from __future__ import annotations

from urllib.parse import quote

from runtime.broker.start import start_sign_in
from runtime.gateway import Gateway
from runtime.registry.sign_in_apps import sign_in_apps
from runtime.sign_in.flows import Flow
from runtime.web.messages import Request, Response
from runtime.web.next_url import safe_next


def sign_in_page(request: Request, gateway: Gateway) -> Response:
    """Answer GET /login: start a sign-in that ends at `next`."""
    client = gateway.registry.client(gateway.settings.login_client)
    apps = sign_in_apps(gateway.registry, client)
    base = gateway.settings.public_base_url
    next_ = safe_next(_lenient_next(request), origins=apps.client.origins, own=base)
    flow = Flow(next=next_, appids=apps.appids)
    url = f"{base}/login?next={quote(next_, safe='')}"
    return start_sign_in(request, gateway, flow, apps=apps, url=url)


def _lenient_next(request: Request) -> str | None:
    # If `next` is repeated, it is ignored; that is no reason to refuse the page.
    values = [value for name, value in request.arguments if name == "next"]
    return values[0] if len(values) == 1 else None
