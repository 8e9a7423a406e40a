"""Token custody on deployments of Redis that die, restart, fail over and move slots."""

from __future__ import annotations

import time

import pytest
from redis.connection import SSLConnection
from redis.crc import key_slot

from runtime.custody.custody import Custody
from runtime.errors import ServiceUnavailable
from runtime.state.redis_clients import connect
from runtime.state.redis_store import RedisStore
from tests.runtime.custody.credential_sources import QUICK, ScriptedSource
from tests.runtime.custody.deployments import (
    ASIDE,
    Server,
    cluster_deployment,
    running,
    sentinel_deployment,
)
from tests.support.recording_proxy import RecordingProxy, make_certificate

LOAD_SECONDS = 4.0

LONGEST_WAIT = 11.0
"""No call takes longer, whatever happens: CREDENTIAL_WAIT_SECONDS and the call."""


def under_load(platform, start, redis_url, happening, *, mode="stable", apps=2):
    """Load two workers during this; return their results, and the fetches."""
    appids = platform.reset(apps=apps)
    workers = start(2, mode=mode, redis_url=redis_url)
    for worker in workers:
        worker.send(load=LOAD_SECONDS, threads=6, apps=appids)
    ASIDE.wait(0.8)
    happening(appids)
    told = [worker.told() for worker in workers]
    total = {name: sum(each[name] for each in told) for name in told[0]}
    longest = max(each["longest"] for each in told)
    after = [
        result
        for worker in workers
        for result in worker.ask(get=appids, use=True)["results"]
    ]

    assert {errcode for _, errcode, _ in after} == {0}
    assert longest < LONGEST_WAIT
    assert total["calls"] > 100
    return total, len(platform.fetches())


@pytest.mark.parametrize("appendonly", ["yes", "no"], ids=["from AOF", "empty"])
def test_redis_is_killed_and_restarted(platform, start, tmp_path, appendonly):
    """The callers use the value that they have seen; nobody gets a wrong one."""
    server = Server(
        tmp_path / "redis", "--appendonly", appendonly, "--appendfsync", "always"
    )
    with running(server):
        server.ready().close()

        def happening(appids):
            server.kill()
            ASIDE.wait(1.0)
            server.start()
            server.ready().close()

        total, fetches = under_load(platform, start, server.url, happening)

    assert (total["rejected"], total["unavailable"]) == (0, 0)
    assert fetches <= (2 if appendonly == "yes" else 4)


def test_sentinel_fails_over(platform, start, tmp_path):
    """The replica takes over: no wrong token, at most one more fetch an app."""
    with sentinel_deployment(tmp_path) as (master, _, url):
        total, fetches = under_load(platform, start, url, lambda appids: master.kill())

    assert (total["rejected"], total["unavailable"]) == (0, 0)
    assert fetches <= 4


def test_a_failover_that_loses_the_newest_write(platform, start, tmp_path):
    """The old token comes back from the replica: rejected within one call, replaced."""
    with sentinel_deployment(tmp_path) as (master, replica, url):
        appids = platform.reset(apps=1)
        (worker,) = start(1, redis_url=url)
        old = worker.ask(get=appids)["results"][0][0]
        cut = replica.ready()
        cut.replicaof("NO", "ONE")
        cut.close()
        platform.ask("POST", "/_sandbox/expire", {"appid": appids[0]})
        new = worker.ask(reject=old, get=appids)["results"][0][0]
        platform.forget()
        master.kill()
        got = worker.ask(load=3.0, threads=2, apps=appids)

    assert new != old
    assert got["rejected"] <= 2
    assert len(platform.fetches()) <= 1


def test_a_cluster_slot_moves(platform, start, tmp_path):
    """Each script stays on one slot, and follows it."""
    with cluster_deployment(tmp_path) as (nodes, clients, url):

        def happening(appids):
            for appid in appids:
                move_slot(nodes, clients, f"access_token:{appid}")

        total, fetches = under_load(platform, start, url, happening)

    assert total["rejected"] == 0
    assert total["unavailable"] == 0
    assert fetches == 2


def move_slot(nodes, clients, tag):
    """Move the slot of a credential to the other node, as a resharding does."""
    slot = key_slot(tag.encode())
    source, target = (0, 1) if slot < 8192 else (1, 0)
    ids = [client.execute_command("CLUSTER MYID").decode() for client in clients]
    clients[target].execute_command("CLUSTER SETSLOT", slot, "IMPORTING", ids[source])
    clients[source].execute_command("CLUSTER SETSLOT", slot, "MIGRATING", ids[target])
    keys = clients[source].execute_command("CLUSTER GETKEYSINSLOT", slot, 100)
    if keys:
        clients[source].execute_command(
            *("MIGRATE", "127.0.0.1", nodes[target].port, "", 0, 5000, "KEYS", *keys)
        )
    for client in clients:
        client.execute_command("CLUSTER SETSLOT", slot, "NODE", ids[target])


def test_a_password_is_used_and_a_wrong_one_is_redis_away(tmp_path):
    """For a single server it is part of the URL."""
    server = Server(tmp_path / "redis", "--requirepass", "p/ss word")
    with running(server):
        server.ready(password="p/ss word").close()
        url = f"redis://:p%2Fss%20word@127.0.0.1:{server.port}/0"
        custody = Custody(RedisStore(lambda: connect(url)), pace=QUICK)

        assert custody.get(ScriptedSource()).value == "T1"


def test_a_redis_that_refuses_blocking_commands_is_polled(redis_server):
    """A setting chooses it; waiters get the value soon after the commit."""
    import threading
    from concurrent.futures import ThreadPoolExecutor

    held, calls = threading.Event(), []
    source = ScriptedSource(gate=lambda: held.wait(5))

    class NoBlocking:
        def __init__(self, client):
            self._client = client

        def __getattr__(self, name):
            calls.append(name)
            assert not name.startswith("bl")
            return getattr(self._client, name)

    def make():
        client = connect(redis_server.url)
        store = RedisStore(lambda: NoBlocking(client), blocking=False)
        return Custody(store, pace=QUICK)

    with ThreadPoolExecutor(2) as pool:
        holder = pool.submit(make().get, source)
        while not source.fetched:
            ASIDE.wait(0.005)
        waiter = pool.submit(make().get, source)
        ASIDE.wait(0.3)
        held.set()

        assert holder.result(5).value == waiter.result(1).value == "T1"
    assert "lindex" in calls


def test_tls_is_used_and_the_certificate_checked(redis_server, tmp_path):
    """rediss:// accepts a server with a trusted certificate, and no other."""
    certificate = make_certificate(tmp_path)
    with RecordingProxy(redis_server.port, certificate=certificate) as proxy:
        address = f"rediss://127.0.0.1:{proxy.port}/0"
        client = connect(f"{address}?ssl_ca_certs={certificate}")
        trusting = RedisStore(lambda: client)
        strict = RedisStore(lambda: connect(address))

        assert Custody(trusting, pace=QUICK).get(ScriptedSource()).value == "T1"
        with pytest.raises(ServiceUnavailable):
            Custody(strict, pace=QUICK).get(ScriptedSource(name="access_token:wx2"))
        client.close()


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1:1/0",
        "redis+cluster://127.0.0.1:1",
        "redis+sentinel://127.0.0.1:1/gateway",
    ],
)
def test_a_deployment_that_is_away_is_503(url):
    """Whatever error redis-py raises, and without its pauses between attempts."""
    source = ScriptedSource()
    began = time.monotonic()
    with pytest.raises(ServiceUnavailable):
        Custody(RedisStore(lambda: connect(url)), pace=QUICK).get(source)

    assert source.fetched == []
    assert time.monotonic() - began < 3


def test_sentinels_are_asked_over_tls_too():
    """Otherwise every listener could read the sentinels' password."""
    client = connect("rediss+sentinel://127.0.0.1:1/gateway?sentinel_password=x")
    (sentinel,) = client.connection_pool.sentinel_manager.sentinels

    assert sentinel.connection_pool.connection_class is SSLConnection
