"""WeChat as a function, and short ways to send requests and read answers."""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from runtime.upstream.answer import Answer
from runtime.web.messages import Request
from runtime.web.stored_body import pieces_of

SERVICE = "wx" + "a" * 16
WEBSITE = "wx" + "b" * 16
APP_SECRET = "f" * 32
CLIENT_SECRET = "demo_" + "1" * 32
COOKIE = "__Host-gateway_session"
"""Its name where browsers come by https."""

NOW = 1_800_000_000.0
ORIGINS = ("https://api.weixin.qq.com", "https://qyapi.weixin.qq.com")
FORM = "application/x-www-form-urlencoded"
HTML = (("accept", "text/html"),)
IN_WECHAT = (("user-agent", "Mozilla/5.0 (iPhone) MicroMessenger/8.0.50"),)


@dataclass
class Exchange:
    """One request as WeChat would have seen it."""

    method: str
    path: str
    query: str
    headers: dict
    body: bytes | None = field(repr=False)

    @property
    def arguments(self):
        return {name: values[0] for name, values in parse_qs(self.query).items()}

    @property
    def content(self):
        return json.loads(self.body)


class ScriptedWeChat:
    """A transport that answers what a test has scripted, and nothing else."""

    def __init__(self, *origins):
        self.origins = origins or ORIGINS
        self.seen = []
        self._answers = defaultdict(list)

    def script(self, path, *answers):
        """Let the next calls of a path get these: dict, bytes, Answer or exception."""
        self._answers[path] += answers

    def rescript(self, path, *answers):
        """Let the next calls of a path get these, and none scripted before."""
        self._answers[path] = [*answers]

    def calls(self, path):
        return [each for each in self.seen if each.path == path]

    def __call__(self, method, url, *, headers, body, seconds):
        parts = urlsplit(url)
        assert f"{parts.scheme}://{parts.netloc}" in self.origins
        # The file of a large one is gone when a test looks at it.
        sent = None if body is None else b"".join(pieces_of(body))
        self.seen.append(Exchange(method, parts.path, parts.query, headers, sent))
        answers = self._answers[parts.path]
        assert answers, f"WeChat was called at {parts.path} without a script"
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        answer = answer(self.seen[-1]) if callable(answer) else answer
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, dict):
            text = json.dumps(answer, ensure_ascii=False).encode()
            return Answer(200, (("Content-Type", "text/plain"),), text)
        return answer


def change(gateway, kind, id_, **fields):
    """Write a document's next version with some fields changed."""
    document = gateway.documents.read(kind, id_)
    content = {**document.content, **fields}
    gateway.documents.write(kind, id_, content, after=document.version)


def ask(method="GET", path="/", query="", *, headers=(), body=b"", cookies=None):
    """Return a request with everything defaulted but what the test is about."""
    if cookies:
        line = "; ".join(f"{name}={value}" for name, value in cookies.items())
        headers = (*headers, ("cookie", line))
    return Request(method, path, query, tuple(headers), body, "192.0.2.1", "req-1")


def basic(client_id="demo", secret=CLIENT_SECRET):
    """Return an Authorization header's value."""
    pair = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    return f"Basic {pair}"


def header(response, name):
    """Return the one header of that name."""
    values = [value for key, value in response.headers if key.lower() == name.lower()]
    assert len(values) == 1, f"{len(values)} headers {name}"
    return values[0]


def cookie(response):
    """Return the one cookie that a response sets, as {name: value}."""
    name, _, value = header(response, "Set-Cookie").split(";")[0].partition("=")
    return {name: value}


def load(response):
    return json.loads(response.body)


def signed_in(gateway, **profile):
    """Return the cookie of a session that has begun."""
    session = gateway.sessions.begin("u-1", profile, now=gateway.clock())
    name, _, value = gateway.sessions.cookie(session, now=gateway.clock())[1].partition(
        "="
    )
    return {name: value.split(";")[0]}
