"""A gateway on a real Redis and a folder; WeChat is a function, and a strict one."""

from __future__ import annotations

import pytest

from runtime.gateway import Gateway
from runtime.registry import hash_secret
from tests.functions.scripted import (
    APP_SECRET,
    CLIENT_SECRET,
    NOW,
    SERVICE,
    WEBSITE,
    ScriptedWeChat,
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
