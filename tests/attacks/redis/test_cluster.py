"""Every sign-in flow on a Redis Cluster of two nodes: the same as on one server.

Each script stays in one slot, and a pipeline may reach both nodes.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from runtime.gateway import Gateway
from runtime.settings import settings_from
from runtime.state.redis_clients import connect
from tests.attacks.redis.flows import FLOWS, walk_through, write_documents
from tests.runtime.custody.deployments import cluster_deployment
from tests.support.gateway_environ import make_environ
from tests.support.rsa_keys import oidc_key, private_key


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two masters; the URL of both, and their clients."""
    with cluster_deployment(tmp_path_factory.mktemp("cluster")) as (_, clients, url):
        yield url, clients


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_a_flow_is_the_same_on_a_cluster(flow, cluster, redis_server, tmp_path):
    """What is seen, and what WeChat is asked."""
    url, nodes = cluster
    for each in nodes:
        each.flushall()
    key = oidc_key({1: private_key()})
    made = settings_from(make_environ(tmp_path, redis_server.url, OIDC_KEY=key))
    write_documents(Gateway(made))
    settings = replace(made, sign_ins_per_address=3)
    seen = []
    for address in (redis_server.url, url):
        client = connect(address)
        seen.append(walk_through(flow, settings, client))
        client.close()

    assert seen[0] == seen[1]
