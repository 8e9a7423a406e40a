"""A service whose own page shows the QR code in a frame."""

from __future__ import annotations

from html import escape
from http.cookies import SimpleCookie
from urllib.parse import parse_qsl, urlsplit

from tests.browser.sign_in.service import Handler, Service


class FramingService(Service):
    """Its page `/frame` begins a sign-in, and a cookie of its own remembers which.

    `/frame?sandbox=WORDS` has a frame with these permissions; any other argument goes
    to the gateway. `begun` is the URL of the last frame.
    """

    handler = property(lambda self: FramingHandler)
    begun = None


class FramingHandler(Handler):
    def do_GET(self):
        parts, service = urlsplit(self.path), self.server.service
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        if parts.path == "/signed_in":
            pending = SimpleCookie(self.headers.get("Cookie", "")).get("pending")
            if pending is None or pending.value != query.get("state"):
                self._show({"problem": "This browser has begun no such sign-in."})
                return
        if parts.path != "/frame":
            super().do_GET()
            return
        sandbox = query.pop("sandbox", None)
        service.begun = service.begin("oidc", {"display": "embedded", **query})
        state = dict(parse_qsl(urlsplit(service.begun).query))["state"]
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Set-Cookie", f"pending={state}; HttpOnly; SameSite=Lax")
        self.end_headers()
        limits = "" if sandbox is None else f'sandbox="{escape(sandbox)}"'
        self.wfile.write(
            "<!doctype html><link rel=icon href='data:,'><h1>Service</h1>"
            f'<iframe {limits} src="{escape(service.begun)}" width="320" height="470" '
            'allow="local-network-access"></iframe>'.encode()
        )
