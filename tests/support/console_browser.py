"""A browser at the operators' console: its cookies, its forms and where it is led."""

from __future__ import annotations

import html
import re
from urllib.parse import urlencode

from functions.console.index import handler
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.scripted_wechat import FORM

ORIGIN = "https://gateway.example.com"


class Answer:
    """What came back: status, headers and text."""

    def __init__(self, status, pairs, body):
        self.status = status
        self.pairs = pairs
        self.text = body.decode()
        self.headers = {name.lower(): value for name, value in pairs}

    @property
    def words(self):
        """The text of the page without its tags and its style."""
        plain = re.sub(r"<style>.*?</style>|<[^>]+>", " ", self.text, flags=re.S)
        return " ".join(html.unescape(plain).split())

    def token(self, action):
        """The hidden token of the form with this address."""
        form = re.search(
            rf'<form[^>]* action="{re.escape(action)}">(.*?)</form>', self.text, re.S
        )
        assert form, f"no form {action}"
        return re.search(r'name="_xsrf" value="([^"]+)"', form[1])[1]


class ConsoleBrowser:
    """A browser that keeps the cookies it is told to, and says where it comes from."""

    def __init__(self, gateway, *, peer_ip="192.0.2.9"):
        self.gateway = gateway
        self.peer_ip = peer_ip
        self.cookies = {}

    def get(self, path, query="", *, headers=(("accept", "text/html"),)):
        return self._ask("GET", path, query, headers, b"")

    def post(self, path, *, origin=ORIGIN, headers=(), **fields):
        given = [("accept", "text/html"), ("content-type", FORM), *headers]
        if origin:
            given.append(("origin", origin))
        body = urlencode(fields, doseq=True).encode()
        return self._ask("POST", path, "", given, body)

    def _ask(self, method, path, query, headers, body):
        if self.cookies:
            line = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            headers = [*headers, ("cookie", line)]
        environ = make_environ_fc(
            method=method,
            path=path,
            query=query,
            headers=headers,
            body=body,
            peer_ip=self.peer_ip,
        )
        answer = Answer(*call_wsgi(handler.with_gateway(self.gateway), environ))
        for name, value in answer.pairs:
            if name.lower() == "set-cookie":
                pair, *flags = value.split("; ")
                cookie, _, content = pair.partition("=")
                self.cookies[cookie] = content
                if "Max-Age=0" in flags:
                    del self.cookies[cookie]
        return answer

    def enter(self, code):
        """Type a code; return the answer to the form."""
        token = self.get("/console/enter").token("/console/enter")
        return self.post("/console/enter", _xsrf=token, code=code)

    def follow(self, answer):
        """Return the page to which an answer leads."""
        assert answer.status == 303
        path, _, query = answer.headers["location"].partition("?")
        return self.get(path, query)

    @property
    def token(self):
        """The hidden token of this session's forms."""
        return self.get("/console/").token("/console/leave")

    def do(self, act, **fields):
        """Send the form of an act; return the answer."""
        return self.post(f"/console/do/{act}", _xsrf=self.token, **fields)
