"""The sandbox's corps in a gateway, and a client of theirs."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from functions.wechat_api.index import handler
from runtime.gateway import Gateway
from runtime.registry.client_secrets import hash_secret
from runtime.registry.schema import app_document
from runtime.settings import settings_from
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.gateway_environ import make_environ
from tests.support.sandbox_fixtures import platform, sandbox
from tests.support.scripted_wechat import CLIENT_SECRET

__all__ = ["platform", "sandbox"]


class Company:
    """A gateway with all apps of two corps, called as Function Compute calls it."""

    def __init__(self, sandbox, gateway):
        self.sandbox, self.gateway = sandbox, gateway
        apps = sandbox.get("/_sandbox/apps").json()
        self.apps = [each for each in apps if each["kind"] == "wecom"]
        for each in self.apps:
            gateway.documents.write("apps", each["appid"], self.document(each), after=0)
        self.app = next(each for each in self.apps if each["agentid"])
        self.contacts = f"{self.app['corpid']}-contacts"
        self.scopes = {each["appid"]: ["/cgi-bin/*"] for each in self.apps}
        self.write_client()

    def document(self, app):
        corpid, _, name = app["appid"].partition("-")
        robots = [{"name": n, "key": key} for n, key in app["robots"].items()]
        content = {"kind": "wecom", "corpid": corpid, "name": name, "robots": robots}
        domains = {"js_domains": ["app.example.com"]}
        return app_document(
            app["appid"], {**content, **domains, "secret": app["secret"]}
        )

    def write_client(self, **fields):
        content = {
            "name": "Demo",
            "scopes": self.scopes,
            "secret_hashes": [hash_secret(CLIENT_SECRET)],
            **fields,
        }
        after = self.gateway.documents.version("clients", "demo")
        self.gateway.documents.write("clients", "demo", content, after=after)

    def call(self, path, query="", *, method="GET", body=b"", headers=()):
        """Return status, headers and JSON of an answer."""
        text = query if isinstance(query, str) else urlencode(query)
        environ = make_environ_fc(
            method=method, path=path, query=text, body=body, headers=headers
        )
        status, pairs, content = call_wsgi(handler.with_gateway(self.gateway), environ)
        return status, dict(pairs), json.loads(content)

    def gettoken(self, secret=None, corpid=None):
        named = f"{self.app['agentid']}:{CLIENT_SECRET}"
        query = {
            "corpid": self.app["corpid"] if corpid is None else corpid,
            "corpsecret": named if secret is None else secret,
        }
        return self.call("/cgi-bin/gettoken", query)[2]

    def token(self, name=None):
        return self.gettoken(name and f"{name}:{CLIENT_SECRET}")["access_token"]

    def get(self, path, **query):
        query.setdefault("access_token", self.token())
        return self.call(path, query)[2]

    def post(self, path, content, **query):
        query.setdefault("access_token", self.token())
        body = json.dumps(content).encode()
        headers = (("content-type", "application/json"),)
        return self.call(path, query, method="POST", body=body, headers=headers)[2]

    def calls(self, path):
        """Return what the platform has seen at a path."""
        return self.sandbox.journal(path=f"/qyapi{path}")


@pytest.fixture
def company(sandbox, tmp_path, redis_server):
    more = {
        "WECHAT_API_URL": sandbox.url,
        "WECHAT_OPEN_URL": sandbox.url,
        "WECOM_API_URL": f"{sandbox.url}/qyapi",
        "WECOM_LOGIN_URL": sandbox.url,
    }
    environ = make_environ(tmp_path, redis_server.url, **more)
    return Company(sandbox, Gateway(settings_from(environ)))
