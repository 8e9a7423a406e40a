"""Drill: the bucket is lost, and the page's commands bring its documents back.

The bucket is a strict OSS behind a host that is bound to it; Redis is real.
"""

from __future__ import annotations

import json
from collections import Counter

import pytest

from tests.end_to_end.visitor import Visitor
from tests.support.drills import (
    PROGRAM,
    Deployment,
    commands_of,
    own_bucket,
    own_sandbox,
    signed_in,
    who_is,
)

PAGE, TITLE = "docs/operating/losses.md", "The bucket is lost"


@pytest.fixture
def server():
    with own_bucket() as running:
        yield running


@pytest.fixture
def deployment(tmp_path, redis_server, server):
    """A deployment with a backup of yesterday, and changes of today."""
    with own_sandbox() as sandbox:
        made = Deployment(tmp_path, sandbox, redis_server.url, **server.settings)
        app = made.fill()
        made.manage("client add Old --id old")
        made.manage("client add Gone --id gone")
        made.manage("person add o-zhang --group staff")
        made.manage("store export yesterday.json")
        made.manage("client disable old")
        made.manage("client remove gone")
        made.manage(f"client add New --id new --app {app['appid']}")
        yield made


def clients(deployment):
    found = json.loads(deployment.manage("client list --json"))["clients"]
    return {each["client_id"]: each["disabled"] for each in found}


def lose(server):
    """Delete the bucket; who asks for it is told so."""
    server.bucket.objects.clear()
    server.bucket.is_gone = True


def test_the_last_changes_come_back_from_redis(deployment, server):
    """What was disabled or removed today stays so, and users sign in all the while."""
    with deployment.host() as host:
        visitor = Visitor(host)
        before = json.loads(signed_in(host, visitor).data)
        lose(server)
        assert before["sub"] == json.loads(signed_in(host).data)["sub"]
        export, *commands = commands_of(PAGE, TITLE)
        warned = deployment.manage(export.removeprefix(PROGRAM))
        assert "waits in Redis for the audit log" in " ".join(warned.split())
        server.bucket.is_gone = False
        for line in commands:
            answer = deployment.manage(line.removeprefix(PROGRAM))

        assert "faults     -" in answer
        acts = json.loads(deployment.manage("audit list --json"))["acts"]
        done = Counter(each["what"] for each in acts)
        assert {"store export": 1, "store import": 2} == done
        assert {"demo": False, "old": True, "new": False} == clients(deployment)
        assert before["sub"] == json.loads(signed_in(host).data)["sub"]
        still = who_is(visitor, host)
        assert before["sub"] == json.loads(still.data)["sub"]
    assert "o-zhang" in deployment.manage("person show o-zhang")


def test_an_export_goes_into_an_empty_bucket(deployment, server):
    """Redis has later versions: the import says so, and --over writes nevertheless."""
    server.bucket.objects.clear()
    refused = deployment.manage("store import yesterday.json", code=1)
    assert "" == refused
    assert not any("/clients/" in name for name in server.bucket.objects)
    answer = deployment.manage("store import yesterday.json --over --json")

    assert "clients/old" in json.loads(answer)["written"]
    assert ["clients/new"] == json.loads(answer)["only_in_redis"]
    assert {"demo": False, "old": False, "gone": False} == clients(deployment)
    assert "faults     -" in deployment.manage("store check")


def test_copies_of_the_same_state_are_no_change(deployment, server):
    """An export of a moment ago goes into the empty bucket as it is."""
    deployment.manage("store export now.json")
    server.bucket.objects.clear()
    answer = json.loads(deployment.manage("store import now.json --json"))

    assert [] == answer["unchanged"]
    assert "only_in_redis" not in answer
    assert {"demo": False, "old": True, "new": False} == clients(deployment)


def test_versions_go_on_above_those_that_redis_knows(deployment, server):
    """A process that has seen the last version takes the restored one for newer."""
    shown = json.loads(deployment.manage("client show old --json"))
    deployment.manage("store export now.json")
    server.bucket.objects.clear()
    deployment.manage("store import now.json")
    again = json.loads(deployment.manage("client show old --json"))

    assert shown["version"] + 1 == again["version"]
    assert (shown["epoch"], True) == (again["epoch"], again["disabled"])
