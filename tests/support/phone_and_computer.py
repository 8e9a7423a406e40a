"""A computer whose page shows a QR code of its own, and phones that scan it."""

from __future__ import annotations

import html
import re
from urllib.parse import urlencode

import pytest

from runtime.entry.dialects import ErrorInDialect
from tests.support.client_sign_in import query_of
from tests.support.handles import login, oauth_callback
from tests.support.qr_reader import modules_of, read
from tests.support.scripted_wechat import (
    FORM,
    HTML,
    IN_WECHAT,
    SERVICE,
    ask,
    cookie,
    header,
    load,
)

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/130.0 Safari/537.36"
ON_WINDOWS = (("user-agent", WINDOWS),)
JSON = (("accept", "application/json"),)


def shown_digits(page):
    """Return the digits that a phone's page shows, None if it shows none."""
    found = re.search(r'class="digits">(\d{4})<', page.body.decode())
    return found and found[1]


def session_of(device):
    """Return the session of whoever uses the browser, None without one."""
    return device.gateway.sessions.of(
        ask(cookies=device.cookies), now=device.gateway.clock()
    )


def raised(call, *arguments, **more):
    """Return the error that a view raised, whichever page it is to be shown on."""
    with pytest.raises((ErrorInDialect, Exception)) as caught:
        call(*arguments, **more)
    error = caught.value
    return error.error if isinstance(error, ErrorInDialect) else error


class Device:
    """A browser that keeps its cookies, at an address."""

    def __init__(self, gateway, *headers, peer_ip="192.0.2.1"):
        self.gateway, self.headers, self.peer_ip = gateway, headers, peer_ip
        self.cookies = {}

    def get(self, path, query="", *, handle=login, headers=HTML):
        return self._send("GET", path, query, handle, (*self.headers, *headers))

    def post(self, path, **fields):
        body = urlencode(fields).encode()
        sent = (*self.headers, *HTML, ("content-type", FORM))
        return self._send("POST", path, "", login, sent, body)

    def _send(self, method, path, query, handle, headers, body=b""):
        asked = ask(
            method, path, query, headers=headers, body=body, cookies=self.cookies
        )
        object.__setattr__(asked, "peer_ip", self.peer_ip)
        response = handle(asked, self.gateway)
        if any(name == "Set-Cookie" for name, _ in response.headers):
            self.cookies |= cookie(response)
        return response


class Computer(Device):
    """A computer that has begun to sign in."""

    def __init__(self, gateway, *headers, begin=None, peer_ip="192.0.2.1"):
        super().__init__(gateway, *ON_WINDOWS, *headers, peer_ip=peer_ip)
        self.page = begin(self) if begin else self.get("/", "next=/orders")
        text = html.unescape(self.page.body.decode())
        self.state = re.search(r"/login/wait\?flow=([0-9a-f]{32})", text)[1]
        picture = re.search(r'class="symbol" src="([^"]+)"', text)[1]
        self.scanned = read(modules_of(picture))
        self.id = self.scanned.partition("?")[0].rpartition("/")[2]

    def wait(self, **more):
        return self.get("/wait", f"flow={self.state}", **more)

    def told(self):
        """Return what its script is told."""
        return load(self.wait(headers=JSON))

    def type(self, digits):
        return self.post("/wait", flow=self.state, digits=digits)


class Phone(Device):
    """A phone in WeChat that scans a computer's QR code."""

    def __init__(self, gateway, *, peer_ip="198.51.100.7", agent=IN_WECHAT):
        super().__init__(gateway, *agent, peer_ip=peer_ip)

    def scan(self, computer):
        """Open the address; return the answer, which leads to WeChat."""
        path = computer.scanned.removeprefix("https://gateway.example.com/login")
        path, _, query = path.partition("?")
        return self.get(path, query)

    def arrive(self, scanned, *, appid=SERVICE, code="wechat-code"):
        """Come back from WeChat; return the page of the phone."""
        self.state = query_of(header(scanned, "Location"))["state"]
        query = urlencode({"code": code, "state": self.state})
        back = self.get(f"/{appid}", query, handle=oauth_callback)
        assert header(back, "Location") == f"/login/phone?flow={self.state}"
        return self.look()

    def look(self):
        return self.get("/phone", f"flow={self.state}")

    def answer(self, word):
        """Confirm or refuse; return the page after that."""
        answered = self.post("/phone", flow=self.state, answer=word)
        assert 303 == answered.status
        return self.look()

    def confirm(self, computer):
        """Scan and confirm; return the digits."""
        self.arrive(self.scan(computer))
        return shown_digits(self.answer("confirm"))
