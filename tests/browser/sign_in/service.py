"""A service of another site that signs its users in by the gateway."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode, urlsplit

import urllib3

WAYS = {
    "oidc": ("/oidc/authorize", "client_id", "openid profile"),
    "qrconnect": ("/connect/qrconnect", "appid", "snsapi_login"),
    "oauth2": ("/connect/oauth2/authorize", "appid", "snsapi_userinfo"),
}
"""Where the gateway is asked, by which name of the client, and for what."""


class Service:
    """`url` begins a sign-in at /{way}; `answers` is all that came back, `posted`
    what of it came in a form.
    """

    def __init__(self, gateway):
        self.gateway, self.client = gateway, None
        self.answers, self.posted = [], []
        self._http = urllib3.PoolManager(retries=False, timeout=20)
        self._started = {}

    @property
    def handler(self):
        return Handler

    def __enter__(self):
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler)
        self._server.service = self
        # By another name than the gateway's, this is another site to a browser.
        self.url = f"http://localhost:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._http.clear()

    def begin(self, way, more):
        """Return where a browser is sent to sign in; `more` goes along."""
        path, name, scope = WAYS[way]
        verifier = secrets.token_urlsafe(48)
        state = more.get("state", secrets.token_hex(8))
        self._started[state] = (way, verifier)
        query = {
            name: self.client["client_id"],
            "redirect_uri": f"{self.url}/signed_in",
            "response_type": "code",
            "scope": scope,
            "state": state,
        }
        if way == "oidc":
            digest = hashlib.sha256(verifier.encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
            query |= {"code_challenge": challenge, "code_challenge_method": "S256"}
        return f"{self.gateway}{path}?{urlencode({**query, **more})}"

    def end(self, answer):
        """Return who signed in, or what went wrong, by the query that came back."""
        self.answers.append(answer)
        way, verifier = self._started.pop(answer.get("state"), (None, None))
        if way is None:
            return {"problem": "This sign-in is not known here."}
        if "code" not in answer:
            return {"problem": answer.get("error", "refused")}
        redeem = self._by_openid_connect if way == "oidc" else self._by_wechats_protocol
        return redeem(answer["code"], verifier)

    def _by_openid_connect(self, code, verifier):
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": f"{self.url}/signed_in",
            "code_verifier": verifier,
            "client_id": self.client["client_id"],
            "client_secret": self.client["secret"],
        }
        tokens = self._ask("POST", "/oidc/token", form)
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        who = self._ask("GET", "/oidc/userinfo", headers=bearer)
        return {**who, "id_token": tokens["id_token"]}

    def _by_wechats_protocol(self, code, _):
        form = {"appid": self.client["client_id"], "secret": self.client["secret"]}
        form |= {"code": code, "grant_type": "authorization_code"}
        token = self._ask("GET", "/sns/oauth2/access_token", form)
        who = {"access_token": token["access_token"], "openid": token["openid"]}
        return self._ask("GET", "/sns/userinfo", who)

    def _ask(self, method, path, fields=None, headers=None):
        body = {"encode_multipart": False} if method == "POST" else {}
        answer = self._http.request(
            method, f"{self.gateway}{path}", fields=fields, headers=headers, **body
        )
        assert answer.status == 200, answer.data
        return json.loads(answer.data)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        parts, service = urlsplit(self.path), self.server.service
        query, name = dict(parse_qsl(parts.query)), parts.path[1:]
        if name in WAYS:
            self.send_response(303)
            self.send_header("Location", service.begin(name, query))
            self.end_headers()
            return
        self._show(service.end(query) if name == "signed_in" else {"page": parts.path})

    def do_POST(self):
        """Take an answer by response_mode=form_post."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        answer = dict(parse_qsl(body))
        self.server.service.posted.append(answer)
        self._show(self.server.service.end(answer))

    def _show(self, content):
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        text = escape(json.dumps(content, ensure_ascii=False))
        page = f"<!doctype html><link rel=icon href='data:,'><pre>{text}</pre>"
        self.wfile.write(page.encode())

    def log_message(self, *arguments):
        """Keep the test's output clean."""
