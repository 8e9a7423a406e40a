"""The product behind a proxy as strict as that of a managed Redis cluster."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.developer_host import ROOT, DeveloperHost
from tests.support.product_walk import METRICS_TOKEN, ProductWalk
from tests.support.strict_proxy import SWITCH, StrictProxy

CUSTODY = [
    f"tests/runtime/custody/test_{name}.py"
    for name in ("credentials", "rate_cost", "put", "reject", "refusal", "fence")
]
FAMILIES = {
    "custody": CUSTODY,
    "sign-in": ["tests/runtime/sign_in", "tests/runtime/tokens/test_grant_store.py"],
    "pushes": [
        f"tests/runtime/push/test_{name}.py"
        for name in ("deliveries", "holds", "inbox", "last_seen", "stored_jobs")
    ],
    "limits": [
        f"tests/runtime/usage/test_{name}.py"
        for name in ("limits", "counters", "metrics")
    ],
    "documents": [
        "tests/runtime/documents/test_document_reader.py",
        "tests/runtime/registry/test_known_users.py",
    ],
}


@pytest.fixture
def proxy(redis_server, tmp_path):
    running = StrictProxy(redis_server.port, tmp_path / "refused.log")
    yield running
    running.stop()


def test_the_whole_product_works(proxy, tmp_path):
    """With REDIS_WAIT=poll nothing is refused, from the sign-in to the metrics."""
    settings = {
        "REDIS_URL": proxy.url,
        "REDIS_WAIT": "poll",
        "METRICS_TOKEN": METRICS_TOKEN,
    }
    with DeveloperHost(tmp_path, environment=settings) as host:
        ProductWalk(host).all()

    assert [] == proxy.refused()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_of_tests_passes(family):
    """Each test's Redis is behind the proxy, which has refused nothing at their end."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0"]
        + FAMILIES[family],
        cwd=ROOT,
        env={**os.environ, SWITCH: "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert 0 == done.returncode, done.stdout[-4000:]
