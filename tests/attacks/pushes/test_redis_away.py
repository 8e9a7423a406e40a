"""Redis of pushes that is away or hangs: nothing is acknowledged, all else goes on."""

from __future__ import annotations

import json
import os
import signal

import pytest

from tests.attacks.pushes.pushed import ONE, push, pushed_host
from tests.end_to_end.raw_host import APPID, CLIENT_SECRET, get
from tests.support.local_hosts import eventually
from tests.support.pushes import stored, text

TOKEN = f"/cgi-bin/token?grant_type=client_credential&appid={APPID}&secret="


@pytest.fixture
def host(tmp_path, redis_server, own_redis):
    more = {"PUSH_REDIS_URL": own_redis.url}
    with pushed_host(tmp_path, redis_server.url, **more) as running:
        running.begin()
        yield running


def check_the_rest(host):
    """Tokens and calls need the other Redis."""
    answer = host.ask(get(TOKEN + CLIENT_SECRET).encode())
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["access_token"]
    host.check_well()


@pytest.mark.case(184)
def test_it_is_away(host, own_redis):
    """WeChat gets 503 and sends the push again; when Redis is back, it is stored."""
    assert 200 == push(host, 1)
    own_redis.stop()
    assert {503} == {push(host, number) for number in range(2, 8)}
    check_the_rest(host)
    own_redis.start()
    eventually(lambda: push(host, 2) == 200)

    with own_redis.client() as client:
        assert [text(2)] == stored(client, host.settings, ONE)


@pytest.mark.case(184)
def test_it_hangs(host, own_redis):
    """Somebody is told so soon, and nothing that was not stored is acknowledged."""
    assert 200 == push(host, 1)
    with own_redis.client() as client:
        pid = client.info("server")["process_id"]
        os.kill(pid, signal.SIGSTOP)
        try:
            assert {503} == {push(host, number) for number in range(2, 5)}
            check_the_rest(host)
        finally:
            os.kill(pid, signal.SIGCONT)
        eventually(lambda: push(host, 5) == 200)
        assert text(5) == stored(client, host.settings, ONE)[-1]
