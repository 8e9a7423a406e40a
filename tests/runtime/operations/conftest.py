"""Operations on a folder store, a real Redis and a scripted WeChat."""

from __future__ import annotations

import pytest

from runtime.gateway import Gateway
from runtime.operations.verbs import operation, perform
from tests.support.sandbox_fixtures import platform, sandbox, sandbox_environ
from tests.support.scripted_wechat import APP_SECRET, SERVICE, ScriptedWeChat

__all__ = ["platform", "sandbox", "sandbox_environ"]


@pytest.fixture
def wechat():
    return ScriptedWeChat()


@pytest.fixture
def gateway(settings, wechat):
    return Gateway(settings, transport=wechat)


@pytest.fixture
def do(gateway):
    """Perform a verb: do("client show", client_id="orders")."""

    def run(noun_and_verb, on=None, **arguments):
        found = operation(*noun_and_verb.split())
        return perform(found.run, on or gateway, arguments)

    return run


@pytest.fixture
def orders(do):
    """An app and the client `orders`, which may do something with it."""
    do("app add", appid=SERVICE, kind="service", secret=APP_SECRET)
    return do("client add", name="Orders", scopes={SERVICE: ["/cgi-bin/user/*"]})
