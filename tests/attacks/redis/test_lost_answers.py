"""One answer of Redis is lost, each in turn, in every flow: nobody notices.

Redis has run the command and the connection breaks before its answer comes: the
gateway cannot know. In each flow the answer of the first command is lost, in another
run that of the second, and so on. Whatever a user, a client and WeChat see has to be
the same as without a loss, and so does every count in Redis.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

import pytest
from redis.backoff import NoBackoff
from redis.retry import Retry

from runtime.gateway import Gateway
from runtime.settings import settings_from
from runtime.state.redis_clients import connect
from runtime.usage.counters import METRICS_KEY
from tests.attacks.redis.flows import FLOWS, walk_through, write_documents
from tests.support.gateway_environ import make_environ
from tests.support.relay import Relay
from tests.support.rsa_keys import oidc_key, private_key


@pytest.fixture
def proxy(redis_server):
    with Relay(redis_server.port) as running:
        yield running


@pytest.fixture
def settings(tmp_path, proxy):
    key = oidc_key({1: private_key()})
    made = settings_from(make_environ(tmp_path, proxy.url, OIDC_KEY=key))
    write_documents(Gateway(made))
    return replace(made, sign_ins_per_address=3)


@pytest.fixture(params=["own retry", "no retry"])
def walk_once(request, settings, proxy, redis_server):
    """Walk a flow on new connections; return what was seen, and what Redis counts.

    Once with a Redis client as the gateway makes it, once with one that never repeats
    a command by itself.
    """

    def run(flow, *, swallow=None):
        redis_server.empty()
        client = connect(settings.redis_url)
        if request.param == "no retry":
            client.set_retry(Retry(NoBackoff(), 0))
        proxy.begin(swallow=swallow)
        try:
            seen = walk_through(flow, settings, client)
        finally:
            client.close()
        return seen, counts_of(redis_server)

    return run


def counts_of(redis_server):
    """Return each count of the limits, and the keys of each kind that last."""
    with redis_server.client() as client:
        keys = [key.decode() for key in sorted(client.scan_iter())]
        lasting = [key for key in keys if not key.endswith(":rotated")]
        lasting = [key for key in lasting if ":attempt" not in key]
        # Written by a thread, now or with a later request.
        lasting = [key for key in lasting if key != METRICS_KEY]
        counts = {key: client.get(key) for key in lasting if ":limit:" in key}
        kinds = [re.sub(r"\{.*\}", "", key) for key in lasting if ":limit:" not in key]
        return counts, sorted(kinds)


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_a_lost_answer_changes_nothing(flow, walk_once, proxy):
    """What is seen and counted is the same, whichever answer is lost."""
    whole = walk_once(flow)
    assert whole == walk_once(flow)
    differing = []
    for number in itertools.count(1):
        seen = walk_once(flow, swallow=number)
        if not proxy.swallowed:
            break
        if seen != whole:
            differing.append((number, proxy.log[number - 1][:200], seen))

    assert number > 5
    assert differing == []
