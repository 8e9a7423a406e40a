"""The deliver function: a round with nothing due, and what it removes."""

from __future__ import annotations

import json

from functions.deliver.index import handler
from runtime.gateway import Gateway
from runtime.push.push_message import read_message
from runtime.push.receiving import Received
from runtime.settings import settings_from
from runtime.version import version
from tests.support.gateway_environ import make_environ
from tests.support.ports import free_port
from tests.support.pushes import INBOX, text
from tests.support.scripted_wechat import SERVICE

EVENT = b'{"triggerTime":"2027-01-15T08:00:00Z","triggerName":"tick","payload":""}'


def test_nothing_is_due(gateway):
    """The answer names the version, because the function has no /healthz."""
    assert {"version": version()} == json.loads(
        handler.with_gateway(gateway)(EVENT, None)
    )


def test_old_pushes_end(gateway, redis_server):
    """The round removes what three days have passed over."""
    message = read_message(text().encode())
    with redis_server.client() as redis:
        gateway.inbox.store(SERVICE, Received(message, "n", redis.time()[0], "s", b"k"))
        stream = f"{INBOX}:stream:{SERVICE}"
        ((_, fields),) = redis.xrange(stream)
        redis.delete(stream)
        redis.xadd(stream, fields, id="1-0")
        told = json.loads(handler.with_gateway(gateway)(EVENT, None))

        assert 1 == told["pushes_ended"]
        assert 0 == redis.xlen(stream)
    assert "pushes_ended" not in json.loads(handler.with_gateway(gateway)(EVENT, None))


def test_redis_away(tmp_path):
    """The answer is an error's code and nothing is raised: FC would try again."""
    environ = make_environ(tmp_path, f"redis://127.0.0.1:{free_port()}/0")
    told = handler.with_gateway(Gateway(settings_from(environ)))(EVENT, None)

    assert "temporarily_unavailable" == json.loads(told)["error"]
