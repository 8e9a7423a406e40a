"""A gateway whose service account takes encrypted pushes."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from functions.wechat_event.index import handler
from runtime.entry import nudge
from runtime.gateway import Gateway
from runtime.push.ask_threads import AskThreads
from runtime.push.asking import Asking
from tests.support import component_pushes
from tests.support.component_pushes import COMPONENT, SECRET
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.message_service import message_service, route_to
from tests.support.pushes import AES_KEY, TOKEN
from tests.support.scripted_wechat import SERVICE, change


@pytest.fixture
def redis(redis_server):
    with redis_server.client() as client:
        yield client


@pytest.fixture(autouse=True)
def _new_nudges(monkeypatch):
    """Forget which starts of deliver have failed in other tests: it pauses them."""
    monkeypatch.setattr(nudge, "_of_this_process", nudge.Nudges())


@pytest.fixture
def settle(gateway, clock):
    """Give the service account other push secrets; an empty text takes one away."""
    clock.now = time.time()  # Redis has a clock of its own

    def run(**fields):
        change(gateway, "apps", SERVICE, **fields)

    run(token=TOKEN, encoding_aes_key=AES_KEY)
    return run


@pytest.fixture
def push(gateway, settle):
    """Send a push as WeChat does; return status and text."""

    def run(made, *, appid=SERVICE, method="POST", by=gateway):
        query, body = made
        environ = make_environ_fc(
            method=method, path=f"/wechat_event/{appid}", query=query, body=body
        )
        status, _, answer = call_wsgi(handler.with_gateway(by), environ)
        return status, answer.decode()

    return run


@pytest.fixture
def component(gateway, clock):
    """Add a component to the gateway."""
    clock.now = time.time()
    content = {
        "kind": "component",
        "secret": SECRET,
        "token": component_pushes.TOKEN,
        "encoding_aes_key": component_pushes.AES_KEY,
    }
    gateway.documents.write("apps", COMPONENT, content, after=0)


@pytest.fixture
def tell(gateway, component):
    """Send an event as the open platform does; return status and text."""

    def run(made, *, path=f"/wechat_event/{COMPONENT}/ticket", by=gateway, **more):
        query, body = made
        named = {"method": "POST", "path": path, "query": query, "body": body, **more}
        environ = make_environ_fc(**named)
        status, _, answer = call_wsgi(handler.with_gateway(by), environ)
        return status, answer.decode()

    return run


@pytest.fixture
def service():
    with message_service() as made:
        yield made


@pytest.fixture
def relaying(gateway, settings, clock):
    """A gateway that may call services of this machine."""
    private = replace(settings, push_private_networks=("127.0.0.0/8",))
    return Gateway(private, clock=clock, transport=gateway.transport)


@pytest.fixture
def threads():
    made = AskThreads()
    made.allow()
    return made


@pytest.fixture
def in_threads(relaying, threads):
    """Let asks go on in threads, as the local host does."""
    relaying.__dict__["asking"] = Asking(
        relaying.inbox,
        relaying.deliveries,
        relaying.relay,
        threads,
        late=relaying.late_replies,
        holds=relaying.holds,
    )
    return relaying


@pytest.fixture
def replies(settle, service):
    """Let the service reply to everything."""

    def run(**fields):
        settle(routes=[route_to(service, reply=True, **fields)])

    return run
