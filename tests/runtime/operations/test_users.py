"""One user signed out on every device, without a trace of who it was."""

from __future__ import annotations

import json
import logging
from datetime import datetime

import pytest

from functions.admin.index import handler
from runtime.errors import NotSignedIn
from runtime.gateway import Gateway
from runtime.registry.schema import InvalidDocument
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.scripted_wechat import NOW

SUB = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"


@pytest.fixture
def gateway(settings):
    """A gateway on a machine whose clock is years wrong."""
    return Gateway(settings, clock=lambda: NOW - 10**8)


def lives(gateway, session):
    try:
        return {} == gateway.sessions.profile(session)
    except NotSignedIn:
        return False


def test_every_session_of_a_user_ends(do, gateway, redis_server):
    """By Redis' clock, whatever that of the operator's machine says.

    Those of now and before; not those of others, and not the next one.
    """
    sessions = gateway.sessions
    with redis_server.client() as client:
        now, _ = client.time()
    ended = [sessions.begin(SUB, {}, now=now - age) for age in (60, 1, 0)]
    other = sessions.begin("oAnother", {}, now=now)
    assert all(lives(gateway, each) for each in (*ended, other))
    done = do("person sign-out", sub=SUB)
    until = datetime.fromisoformat(done.pop("signed_out_until")).timestamp()

    assert {"sub": SUB} == done
    assert now <= until <= now + 5
    assert [False] * 3 == [lives(gateway, each) for each in ended]
    after = sessions.begin(SUB, {}, now=until + 1)
    assert lives(gateway, other)
    assert lives(gateway, after)


@pytest.mark.parametrize(
    "arguments", [{}, {"sub": ""}, {"sub": 5}, {"sub": "a b"}, {"sub": "a" * 129}]
)
def test_arguments_that_name_no_user(do, arguments):
    """The field is named, the value is not."""
    with pytest.raises(InvalidDocument) as caught:
        do("person sign-out", **arguments)

    assert "sub" == caught.value.field
    assert "a b" not in caught.value.message


def test_the_log_does_not_say_who(gateway, caplog):
    """That somebody was signed out, by whom; not even where the verb fails."""
    caplog.set_level(logging.DEBUG)

    def post(content):
        headers = [("content-type", "application/json"), ("authorization", "FC AKop:c")]
        path, body = "/admin/person/sign-out", json.dumps(content).encode()
        environ = make_environ_fc(method="POST", path=path, headers=headers, body=body)
        return call_wsgi(handler.with_gateway(gateway), environ)[0]

    assert 200 == post({"sub": SUB})
    assert 400 == post({"sub": SUB, "everywhere": True})
    said = [each.getMessage().split(" ", 1)[1] for each in caplog.records]
    assert "AKop person sign-out -: done" in said
    assert "AKop person sign-out -: invalid_document" in said
    assert SUB not in caplog.text
