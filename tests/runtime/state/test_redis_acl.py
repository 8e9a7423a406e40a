"""The commands that Redis must allow: which they are, and what lacks one."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import runtime.state.redis_trial as trial_module
from runtime.errors import RefusedByRedis
from runtime.gateway import Gateway
from runtime.operations.verbs import operation, perform
from runtime.settings import settings_from
from runtime.state.needed_commands import (
    BLOCKING,
    DIRECT,
    IN_SCRIPTS,
    acl_rule,
)
from runtime.state.redis_clients import connect
from runtime.state.redis_store import RedisStore
from tests.runtime.custody.deployments import cluster_deployment
from tests.support.gateway_environ import make_environ
from tests.support.lua_rules import Commands, judge
from tests.support.lua_scripts import all_scripts
from tests.support.strict_proxy import StrictProxy

USER, PASSWORD = "gateway", "the-password"
NEEDED = sorted({*DIRECT, *IN_SCRIPTS, BLOCKING, "select"})
STATE = Path(trial_module.__file__).parent


def names_of(words):
    name = words.lower()
    return "xinfo|stream" if name == "xinfo" else name


def test_the_list_is_that_of_the_scripts(redis_server):
    """Of every script of the gateway; what no script needs is not allowed."""
    with redis_server.client() as client:
        commands = Commands(client)
    used = {
        names_of(name)
        for where, script in all_scripts().items()
        if "redis_trial" not in where
        for name in judge(script, commands)
    }

    assert used == set(IN_SCRIPTS)


def test_the_trial_tries_each(redis_server):
    with redis_server.client() as client:
        scripts = all_scripts()
        name = f"{trial_module.__name__}._SCRIPT"
        used = judge(scripts[name], Commands(client))

    assert {names_of(each) for each in used} == set(IN_SCRIPTS)


def test_the_list_is_that_of_the_calls():
    """Of a client or a pipeline, wherever one is used."""
    methods = {
        node.func.attr
        for path in STATE.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if getattr(node.func.value, "id", "") in ("client", "pipeline")
    }
    methods -= {"pipeline", "execute", "execute_command"}
    names = {"delete": "del", "scan_iter": "scan"}
    methods = {names.get(each, each) for each in methods}

    assert methods == {*DIRECT, BLOCKING}


@pytest.fixture
def allow(redis_server):
    """Let the user have a rule, or one without a command; return its URL."""
    client = redis_server.client()

    def set_rule(rule, *more):
        client.execute_command("ACL", "SETUSER", USER, "reset")
        words = [*rule.split(), *more]
        client.execute_command("ACL", "SETUSER", USER, "on", f">{PASSWORD}", *words)
        return f"redis://{USER}:{PASSWORD}@127.0.0.1:{redis_server.port}/1"

    yield set_rule
    client.execute_command("ACL", "DELUSER", USER)
    client.close()


def trial(url):
    RedisStore(lambda: connect(url)).try_commands("1")


def test_the_printed_rule_is_enough(allow, redis_server):
    trial(allow(acl_rule(f"{redis_server.url[:-1]}1")))


@pytest.mark.parametrize("command", NEEDED)
def test_each_command_is_needed_and_named(allow, command, redis_server):
    """One less: health is red, and says which."""
    url = allow(acl_rule(f"{redis_server.url[:-1]}1"), f"-{command}")

    with pytest.raises(RefusedByRedis) as refused:
        trial(url)
    assert (command,) == refused.value.commands
    assert PASSWORD not in refused.value.explanation


def test_the_rule_is_enough_for_a_cluster(tmp_path):
    """redis-py asks a cluster for its slots and commands."""
    with cluster_deployment(tmp_path) as (_, clients, url):
        for each in clients:
            user = ("ACL", "SETUSER", USER, "on", f">{PASSWORD}")
            each.execute_command(*user, *acl_rule(url).split())

        trial(url.replace("://", f"://{USER}:{PASSWORD}@"))


def test_keys_that_are_not_allowed(allow, redis_server):
    """The rule's keys are named, not every command."""
    url = allow(acl_rule(f"{redis_server.url[:-1]}1"), "resetkeys", "~other:*")

    with pytest.raises(RefusedByRedis) as refused:
        trial(url)
    assert ("~gateway:*",) == refused.value.commands


@pytest.fixture
def proxy(redis_server, tmp_path):
    running = StrictProxy(redis_server.port, tmp_path / "refused.log")
    yield running
    running.stop()


def run(gateway, verb):
    return perform(operation("redis", verb).run, gateway, {})


@pytest.mark.parametrize(("wait", "refused"), [("poll", []), ("block", [BLOCKING])])
def test_a_strict_proxy(tmp_path, proxy, wait, refused):
    """Every script passes; what blocks is refused and named."""
    environ = make_environ(tmp_path, proxy.url, REDIS_WAIT=wait)
    found = run(Gateway(settings_from(environ)), "check")

    assert refused == [each["refused"] for each in found["faults"]]


def test_a_script_that_the_proxy_refuses(tmp_path, proxy, monkeypatch):
    """It is named, with what the proxy said."""
    monkeypatch.setattr(
        trial_module,
        "_NEW",
        "local key = KEYS[1] return redis.call('GET', key)",
        raising=False,
    )
    environ = make_environ(tmp_path, proxy.url, REDIS_WAIT="poll")
    (fault,) = run(Gateway(settings_from(environ)), "check")["faults"]

    assert "runtime.state.redis_trial._NEW" == fault["refused"]
    assert "bad lua script" in fault["answer"]


def test_the_rule_is_printed_without_redis(tmp_path):
    """For each Redis; blmove only where the gateway blocks."""
    environ = make_environ(
        tmp_path,
        "redis://127.0.0.1:1/0",
        PUSH_REDIS_URL="redis+cluster://127.0.0.1:1",
        REDIS_WAIT="poll",
    )
    rules = run(Gateway(settings_from(environ)), "acl")

    assert rules["REDIS_URL"].startswith(
        "resetkeys ~gateway:* resetchannels -@all +del "
    )
    assert "+blmove" not in rules["REDIS_URL"]
    assert "+select" not in rules["REDIS_URL"]
    assert "+cluster|slots" in rules["PUSH_REDIS_URL"]
