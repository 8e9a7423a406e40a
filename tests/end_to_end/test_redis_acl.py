"""The product as a Redis user who may do what `manage.py redis acl` prints, no more."""

from __future__ import annotations

import json

from tests.support.developer_host import DeveloperHost
from tests.support.gateway_environ import make_environ
from tests.support.manage_process import run_manage
from tests.support.product_walk import METRICS_TOKEN, ProductWalk


def printed_rule(folder, url):
    """Return the rule that an operator reads, before Redis has the user."""
    done = run_manage(folder, "redis", "acl", "--json", **make_environ(folder, url))
    assert 0 == done.returncode, done.stderr
    return json.loads(done.stdout)["REDIS_URL"]


def test_the_printed_rule_is_enough(redis_server, tmp_path):
    """From the sign-in to the metrics, nothing needs another command or key."""
    url = f"redis://walker:the-password@127.0.0.1:{redis_server.port}/0"
    rule = printed_rule(tmp_path, url)
    with redis_server.client() as client:
        user = ("ACL", "SETUSER", "walker", "on", ">the-password")
        client.execute_command(*user, *rule.split())
        client.execute_command("ACL", "LOG", "RESET")
        settings = {"REDIS_URL": url, "METRICS_TOKEN": METRICS_TOKEN}
        with DeveloperHost(tmp_path, environment=settings) as host:
            ProductWalk(host).all()
        denied = client.execute_command("ACL", "LOG")
        client.execute_command("ACL", "DELUSER", "walker")

    assert [] == denied
