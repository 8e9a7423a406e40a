"""Round trips to Redis in a callback: at most four, and as many when it is repeated."""

from __future__ import annotations

import dataclasses

import pytest

from runtime.gateway import Gateway
from tests.support.callback_flows import StartedFlow
from tests.support.client_sign_in import BACK, Visit
from tests.support.relay import Relay
from tests.support.scripted_wechat import change

MOST = 4


@pytest.fixture
def proxy(redis_server):
    with Relay(redis_server.port) as running:
        yield running


@pytest.fixture
def behind(gateway, proxy, willing):
    """The gateway, whose Redis is behind a proxy that counts."""
    change(gateway, "clients", "demo", redirect_uris=[BACK])
    settings = dataclasses.replace(
        gateway.settings, redis_url=proxy.url, oidc_key={1: b"a key"}
    )
    made = Gateway(settings, clock=gateway.clock, transport=gateway.transport)
    # Redis knows the scripts from then on, and the connection is open.
    StartedFlow(made).back()
    return made


def counted(proxy, callback):
    """Return how many round trips it took; a pipeline is one."""
    proxy.begin()
    assert callback().status == 303
    return len(proxy.log)


def test_a_sign_in_for_a_page_of_our_own(behind, proxy):
    """The flow, the right to exchange, the session, the end of the flow."""
    walk = StartedFlow(behind)

    assert 2 < counted(proxy, walk.back) <= MOST
    assert counted(proxy, walk.back) <= MOST


@pytest.mark.parametrize("way", [Visit.authorize, Visit.connect])
def test_a_sign_in_for_a_client(behind, proxy, way):
    """Session and code are stored in one pipeline, whichever slots they lie in."""
    visit = Visit(behind)
    begun = way(visit)

    assert 2 < counted(proxy, lambda: visit.agree(begun)) <= MOST
    assert counted(proxy, lambda: visit.agree(begun)) <= MOST


def test_a_sign_in_that_begins_again(behind, proxy):
    """The browser lost its cookie: the flow, the limit, the new flow."""
    walk = StartedFlow(behind)

    assert counted(proxy, lambda: walk.back(cookies={})) <= MOST
