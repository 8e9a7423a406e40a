"""Start of deliver: for a copy that is due, and for nothing else."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from functions.wechat_event.index import handler
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.message_service import message_service, next_nonce, route_to
from tests.support.pushes import safe, text
from tests.support.scripted_wechat import SERVICE


@pytest.fixture
def service():
    with message_service() as made:
        yield made


@pytest.fixture
def send(gateway, settle, service):
    """Push a message with these routes; return how often deliver was started."""

    def run(made, *routes, start=None):
        settle(routes=[route_to(service, **fields) for fields in routes])
        started = []
        context = SimpleNamespace(
            request_id="r", start_function=start or started.append
        )
        environ = make_environ_fc(
            method="POST",
            path=f"/wechat_event/{SERVICE}",
            query=made[0],
            body=made[1],
            context=context,
        )
        status, _, answer = call_wsgi(handler.with_gateway(gateway), environ)
        assert (200, b"success") == (status, answer)
        return started

    return run


def test_a_copy_starts_it_once(send):
    """An equal push finds nothing new."""
    made = safe(text(), nonce=next_nonce())
    assert ["deliver"] == send(made, {})
    assert [] == send(made, {})


def test_nothing_due_starts_nothing(send):
    assert [] == send(safe(text(), nonce=next_nonce()))
    made = safe(text(), nonce=next_nonce())
    assert [] == send(made, {"match": {"msg_type": ["image"]}})


def test_a_platform_that_starts_nothing_changes_no_answer(send, caplog):
    """WeChat gets its success, and the timer does the rest."""

    def broken(name):
        raise RuntimeError(name)

    made = safe(text(), nonce=next_nonce())
    assert [] == send(made, {}, start=broken)
    assert "deliver not started, RuntimeError: 1 attempts" in caplog.messages
