"""Transports by which an SDK with WeChat's hosts in its code calls the gateway.

For requests, which wechatpy and most Python SDKs use:

    client = WeChatClient(APPID, CLIENT_SECRET)
    point_requests(client._http, "https://gateway.example.com")

For httpx:

    httpx.Client(transport=gateway_transport("https://gateway.example.com"))

WeChat's and WeCom's API hosts go to the gateway; every other host goes where it went.
This file needs requests or httpx, whichever the SDK has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    import httpx
    import requests

API_HOSTS = (
    "api.weixin.qq.com",
    "api2.weixin.qq.com",
    "sh.api.weixin.qq.com",
    "sz.api.weixin.qq.com",
    "hk.api.weixin.qq.com",
    "qyapi.weixin.qq.com",
)
"""Hosts whose calls the gateway takes."""


def at_gateway(url: str, gateway_url: str) -> str:
    """Return the URL of a call at the gateway; other hosts' URLs stay as they are."""
    parts = urlsplit(url)
    if parts.hostname not in API_HOSTS:
        return url
    gateway = urlsplit(gateway_url)
    path = gateway.path.rstrip("/") + parts.path
    return urlunsplit((gateway.scheme, gateway.netloc, path, parts.query, ""))


def point_requests(session: requests.Session, gateway_url: str) -> None:
    """Let a session of requests send what is meant for WeChat to the gateway."""
    from requests.adapters import HTTPAdapter

    class GatewayAdapter(HTTPAdapter):
        def send(self, request: Any, *arguments: Any, **options: Any) -> Any:
            request.url = at_gateway(request.url, gateway_url)
            return super().send(request, *arguments, **options)

    for host in API_HOSTS:
        session.mount(f"https://{host}/", GatewayAdapter())


def gateway_transport(gateway_url: str, **options: Any) -> httpx.HTTPTransport:
    """Return a transport for `httpx.Client`; options are those of HTTPTransport."""
    import httpx

    class GatewayTransport(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            _lead(request, gateway_url)
            return super().handle_request(request)

    return GatewayTransport(**options)


def async_gateway_transport(
    gateway_url: str, **options: Any
) -> httpx.AsyncHTTPTransport:
    """Return a transport for `httpx.AsyncClient`, as `gateway_transport` does."""
    import httpx

    class GatewayTransport(httpx.AsyncHTTPTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            _lead(request, gateway_url)
            return await super().handle_async_request(request)

    return GatewayTransport(**options)


def _lead(request: httpx.Request, gateway_url: str) -> None:
    import httpx

    led = httpx.URL(at_gateway(str(request.url), gateway_url))
    if led != request.url:
        request.url = led
        request.headers["Host"] = led.netloc.decode("ascii")
