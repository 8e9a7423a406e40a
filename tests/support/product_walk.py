"""Walk through the whole product on a developer's host: what needs Redis, once.

A user signs in, for the host itself and for a client that then renews its token; a
client calls WeChat; a push comes, is asked of a service, and its copy is delivered;
the timers run; an operator looks.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlencode

from authlib.integrations.requests_client import OAuth2Session

from tests.end_to_end.visitor import Visitor
from tests.support.local_hosts import ROOT
from tests.support.manage_process import run_manage

SERVICE = "http://127.0.0.1:8090"
METRICS_TOKEN = "metrics-token-of-a-walk-0123456789"
FILES = ("settings", "secrets")
EVENT = {"MsgType": "event", "Event": "CLICK", "EventKey": "menu_1"}


class ProductWalk:
    """The steps; each raises AssertionError where the product does not work."""

    def __init__(self, host):
        self._host = host
        self._service = host.app("service")

    def all(self):
        """Take every step; routes come first, before the host remembers the app."""
        self.push()
        self.sign_in()
        self.sign_in_for_a_client()
        self.call()
        self.console()
        self.look()
        assert " Traceback" not in self._host.log()

    def sign_in(self):
        """A user signs in, is known, and signs out."""
        visitor = Visitor(self._host)
        visitor.sign_in("/login?next=/login/me", to="/login/me")
        me = visitor.ask("GET", f"{self._host.url}/login/me")
        assert 200 == me.status, me.data

    def sign_in_for_a_client(self):
        """By OpenID Connect: code, token, refresh, revocation."""
        host = self._host
        endpoint = f"{host.url}/oidc/token"
        with OAuth2Session(
            *("demo", host.secret),
            scope="openid profile offline_access",
            redirect_uri=f"{SERVICE}/signed_in",
            code_challenge_method="S256",
            token_endpoint=endpoint,
        ) as client:
            verifier = "v" * 64
            url, _ = client.create_authorization_url(
                f"{host.url}/oidc/authorize", code_verifier=verifier, nonce="n-1"
            )
            visitor = Visitor(host)
            query = visitor.sign_in(url, to=f"{SERVICE}/signed_in")
            client.fetch_token(
                authorization_response=f"{SERVICE}/signed_in?{urlencode(query)}",
                code_verifier=verifier,
            )
            token = client.refresh_token(endpoint)
            assert 200 == client.get(f"{host.url}/oidc/userinfo").status_code
            client.revoke_token(f"{host.url}/oidc/revoke", token["refresh_token"])

    def call(self):
        """A client gets a token and calls, also after WeChat has dropped the token."""
        token = self._token()
        for _ in range(2):
            called = self._json(f"/cgi-bin/user/get?access_token={token}")
            assert called["total"] > 0, called
            appid = self._service["appid"]
            self._host.sandbox("POST", "/_sandbox/expire", {"appid": appid})
        # A wrong secret is counted.
        assert "errcode" in self._json(self._token_path("wrong"))

    def answer_of_a_call(self):
        """Return the whole answer of a call."""
        return self._host.get(f"/cgi-bin/user/get?access_token={self._token()}")

    def push(self):
        """The service answers, and another one gets its copy from the timer."""
        host, appid = self._host, self._service["appid"]
        with _service() as (url, paths):
            for path, more in (("/first", ("--reply",)), ("/copy", ())):
                words = ("push", "route", "add", appid, "--client", "demo")
                self._manage(*words, "--url", url + path, *more)
            callback = f"{host.url}/wechat_event/{appid}"
            change = {"appid": appid, "callback_url": callback}
            host.sandbox("POST", "/_sandbox/apps", change)
            what = {"appid": appid, "message": EVENT, "mode": "safe"}
            done = host.sandbox("POST", "/_sandbox/push", what)
            assert (None, 200) == (done["error"], done["status"]), done
            self._tick("refresh", "deliver")
            assert {"/first", "/copy"} == set(paths), (paths, done, host.log())
        assert self._manage("push", "list", appid)

    def console(self):
        """An operator enters by a code, and sees the pages."""
        host, sub = self._host, self._host.user()["unionid"]
        self._manage("operator", "add", sub, "--role", "operator", "--name", "Li Lei")
        link = self._manage("console", "link", "--as", sub)
        visitor = Visitor(host)
        form = visitor.ask("GET", f"{host.url}/console/enter").data.decode()
        fields = {
            "_xsrf": re.search(r'name="_xsrf" value="([^"]+)"', form)[1],
            "code": link["code"],
        }
        answer = visitor.ask(
            "POST",
            f"{host.url}/console/enter",
            headers={"Origin": host.url},
            fields=fields,
            encode_multipart=False,
        )
        assert 303 == answer.status, answer.data
        for page in ("", "apps", "clients", "pushes"):
            shown = visitor.ask("GET", f"{host.url}/console/{page}")
            assert 200 == shown.status, (page, shown.data)

    def look(self):
        """Metrics, health, and what an operator asks."""
        bearer = f"Bearer {METRICS_TOKEN}"
        assert 200 == self._host.get("/metrics", authorization=bearer).status
        health = self._host.get("/healthz")
        assert 200 == health.status, health.data
        self._manage("person", "sign-out", self._host.user()["unionid"])
        self._manage("token", "refresh", self._service["appid"])
        self._manage("redis", "claim")

    def _manage(self, *words):
        done = run_manage(self._host.folder, *words, "--json", **self._settings())
        assert 0 == done.returncode, (words, done.stdout, done.stderr)
        return json.loads(done.stdout)

    def _tick(self, *functions):
        done = subprocess.run(
            [sys.executable, "-m", "host.tick", *functions],
            cwd=self._host.folder,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT),
                **self._settings(),
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert 0 == done.returncode, done.stderr
        assert "ServiceUnavailable" not in done.stderr, done.stderr

    def _settings(self):
        folder = self._host.folder / ".local"
        texts = [(folder / f"{name}.json").read_text() for name in FILES]
        return {**json.loads(texts[0]), **json.loads(texts[1])}

    def _token(self):
        return self._json(self._token_path(self._host.secret))["access_token"]

    def _token_path(self, secret):
        query = {
            "grant_type": "client_credential",
            "appid": self._service["appid"],
            "secret": secret,
        }
        return f"/cgi-bin/token?{urlencode(query)}"

    def _json(self, path):
        return json.loads(self._host.get(path).data)


@contextmanager
def _service():
    """Run a service that takes every push; give its URL and the paths of what came."""
    paths = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            paths.append(self.path.partition("?")[0])
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "7")
            self.end_headers()
            self.wfile.write(b"success")

        def log_message(self, *_):
            """Keep the output quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", paths
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
