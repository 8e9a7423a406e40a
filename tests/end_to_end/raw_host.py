"""A local host between raw sockets: malformed requests and answers."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from urllib.parse import urlsplit

from runtime.gateway import Gateway
from runtime.registry.client_secrets import hash_secret
from runtime.settings import settings_from
from tests.support.gateway_environ import make_environ
from tests.support.local_hosts import LocalHost
from tests.support.raw_server import RawServer, make_answer

APPID = "wx" + "a" * 16
APP_SECRET = "f" * 32
CLIENT_SECRET = "demo_" + "1" * 32
REAL = "75_real-token"
USERS = "/cgi-bin/user/get"
OK = make_answer(b'{"errcode":0,"errmsg":"ok"}')
TOKEN = make_answer(b'{"access_token":"%s","expires_in":7200}' % REAL.encode())


class RawHost:
    """`ask` sends bytes as they are; every answer and the log are looked through."""

    def __init__(
        self, folder, redis_url, *, wechat=None, options=(), more=None, settings=None
    ):
        self.wechat = wechat or RawServer(TOKEN, OK)
        urls = ("WECHAT_API_URL", "WECHAT_OPEN_URL")
        environment = make_environ(
            folder,
            redis_url,
            PUBLIC_BASE_URL="http://gateway.example.com",
            **dict.fromkeys(urls, self.wechat.url),
            **(settings or {}),
        )
        self.settings = settings_from(environment)
        documents = Gateway(self.settings).documents
        app = {"kind": "service", "secret": APP_SECRET}
        documents.write("apps", APPID, app, after=0)
        hashes = [hash_secret(CLIENT_SECRET)]
        client = {"name": "Demo", "scopes": {APPID: ["/*"]}, "secret_hashes": hashes}
        documents.write("clients", "demo", client, after=0)
        for (kind, id_), content in (more or {}).items():
            documents.write(kind, id_, content, after=0)
        self._host = LocalHost(folder, "--port=0", *options, environment=environment)

    def __enter__(self):
        self.wechat.__enter__()
        self._host.__enter__()
        self.address = urlsplit(self._host.url)
        return self

    def __exit__(self, *_):
        self._host.__exit__()
        self.wechat.__exit__()

    @property
    def process(self):
        """Return the host's process."""
        return self._host.process

    def begin(self):
        """Fetch a gateway token, and let the host fetch WeChat's."""
        who = f"grant_type=client_credential&appid={APPID}&secret={CLIENT_SECRET}"
        answer = self.ask(get(f"/cgi-bin/token?{who}").encode())
        self.token = json.loads(answer.partition(b"\r\n\r\n")[2])["access_token"]
        self.check_well()

    @property
    def pid(self):
        return self._host.process.pid

    def log(self):
        """Return what the host has logged."""
        return self._host.log()

    def connect(self):
        return socket.create_connection((self.address.hostname, self.address.port), 20)

    def ask(self, text, *, seconds=20.0):
        """Send it, and return what comes until the end, or until then."""
        with self.connect() as connection:
            connection.settimeout(seconds)
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(text)
            return b"".join(iter(lambda: _received(connection), b""))

    def call(self, *headers):
        """Ask WeChat's users by a good request."""
        return self.ask(get(f"{USERS}?access_token={self.token}", *headers).encode())

    def reached(self):
        """Return the request lines that WeChat has seen."""
        return [head.splitlines()[0] for head, _ in self.wechat.requests]

    def check_well(self):
        """The same process answers a good request."""
        self.wechat.answers[-1:] = [OK]
        assert self.call().endswith(b'{"errcode":0,"errmsg":"ok"}')
        assert self._host.process.poll() is None

    def check_silent(self, answer):
        """No secret in the answer, none in the log, and no line that is not ours."""
        told = answer.decode("latin-1") + self._host.log()
        for secret in (APP_SECRET, REAL, CLIENT_SECRET, self.token, "m" * 32):
            assert secret not in told
        lines = self._host.log().splitlines()
        assert [each for each in lines if not each.isprintable()] == []


def get(target, *headers, method="GET"):
    """Return a request's head, after which the connection is to end."""
    named = ("Host: gateway.example.com", "Connection: close")
    lines = [f"{method} {target} HTTP/1.1", *named, *headers]
    return "\r\n".join([*lines, "", ""])


def _received(connection):
    try:
        return connection.recv(65536)
    except (ConnectionResetError, TimeoutError):
        return b""
