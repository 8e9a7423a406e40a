"""A gateway on a real Redis and a folder; WeChat is a function, and a strict one."""

from __future__ import annotations

import json
import logging
from urllib.parse import urlencode

import pytest

from functions.oidc.index import handler as oidc
from functions.wechat_api.index import handler as wechat_api
from runtime.gateway import Gateway
from runtime.registry.client_secrets import hash_secret
from tests.support import client_sign_in
from tests.support.api_calls import REAL, STABLE, issue, without_pauses
from tests.support.callback_flows import StartedFlow
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.hostile import Hostile
from tests.support.scripted_wechat import (
    APP_SECRET,
    CLIENT_SECRET,
    FORM,
    NOW,
    SERVICE,
    WEBSITE,
    ScriptedWeChat,
    change,
    load,
)


@pytest.fixture
def wechat():
    return ScriptedWeChat()


@pytest.fixture
def clock():
    """A clock that a test moves: clock.now += 60."""

    class Clock:
        now = NOW

        def __call__(self):
            return self.now

    return Clock()


@pytest.fixture
def gateway(settings, wechat, clock):
    made = Gateway(settings, clock=clock, transport=wechat)
    for appid, kind in ((SERVICE, "service"), (WEBSITE, "website")):
        content = {"kind": kind, "secret": APP_SECRET, "subject": "unionid"}
        made.documents.write("apps", appid, content, after=0)
    client = {
        "name": "Demo",
        "scopes": {SERVICE: ["/cgi-bin/*"], WEBSITE: []},
        "secret_hashes": [hash_secret(CLIENT_SECRET)],
        "origins": ["https://app.example.com"],
    }
    made.documents.write("clients", "demo", client, after=0)
    return made


@pytest.fixture
def willing(wechat):
    """WeChat as it answers when all is well."""
    client_sign_in.willing(wechat)
    return wechat


@pytest.fixture
def walk(gateway):
    """A flow that has been started, and its browser."""
    return StartedFlow(gateway)


@pytest.fixture
def call(gateway):
    """Ask an own path of an app as FC does; return status, headers and JSON."""
    scopes = {SERVICE: ["/cgi-bin/*", "token:read"], WEBSITE: ["/*"]}
    change(gateway, "clients", "demo", scopes=scopes)

    def run(path, *, method="GET", query=None, authorization=None, body=b""):
        environ = make_environ_fc(
            method=method,
            path=f"/wechat_api/{SERVICE}{path}",
            query=query,
            headers=[("authorization", authorization)] if authorization else [],
            body=body,
        )
        status, pairs, answer = call_wsgi(wechat_api.with_gateway(gateway), environ)
        return status, dict(pairs), json.loads(answer)

    return run


@pytest.fixture
def post(gateway):
    """Post a form to the token endpoint; return status, headers and JSON."""

    def run(form, *, query=None, kind=FORM, authorization=None, method="POST"):
        headers = [("authorization", authorization)] if authorization else []
        environ = make_environ_fc(
            method=method,
            path="/oidc/token",
            query=query,
            headers=[("content-type", kind), *headers],
            body=form if isinstance(form, bytes) else urlencode(form).encode(),
        )
        status, pairs, answer = call_wsgi(oidc.with_gateway(gateway), environ)
        return status, dict(pairs), json.loads(answer)

    return run


@pytest.fixture
def hostile(gateway, wechat, caplog):
    """A caller that means ill, allowed everything there is."""
    caplog.set_level(logging.DEBUG)
    without_pauses(gateway)
    change(gateway, "clients", "demo", scopes={SERVICE: ["/*"], WEBSITE: ["/*"]})
    made = Hostile(gateway, wechat, caplog)
    yield made
    # Whatever came before, the same process answers a good request.
    status, _, body = made.wsgi()
    assert (200, "ok") == (status, json.loads(body)["errmsg"])


@pytest.fixture
def token(gateway):
    """A gateway token of the client `demo`."""
    return load(issue(gateway))["access_token"]


@pytest.fixture
def real(wechat):
    """WeChat hands out its token."""
    wechat.script(STABLE, {"access_token": REAL, "expires_in": 7200})
    return wechat
