"""Every Lua script obeys the rules of a managed cluster's proxy."""

from __future__ import annotations

import pytest

from tests.support.lua_rules import (
    BAD_CALL,
    BAD_KEYS,
    BAD_NAME,
    Commands,
    Refused,
    judge,
)
from tests.support.lua_scripts import all_scripts, scripts_inside_functions

SCRIPTS = all_scripts()


@pytest.fixture(scope="module")
def commands(shared_redis):
    with shared_redis.client() as client:
        return Commands(client)


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_proxy_takes_it(name, commands):
    """`KEYS[n]` at the place of each key and nowhere else, one literal command."""
    judge(SCRIPTS[name], commands)


def test_every_script_is_found():
    assert scripts_inside_functions() == []
    assert len(SCRIPTS) > 60


@pytest.mark.parametrize(
    ("script", "answer"),
    [
        ("local key = KEYS[1] return redis.call('GET', key)", BAD_KEYS),
        ("return redis.call('GET', KEYS[1] .. ':a')", BAD_KEYS),
        ("for i = 1, #KEYS do redis.call('DEL', KEYS[i]) end", BAD_KEYS),
        ("for _, key in ipairs(KEYS) do redis.call('DEL', key) end", BAD_KEYS),
        ("return redis.call('GET', 'gateway:a')", BAD_KEYS),
        ("return redis.call('GET', ARGV[1])", BAD_KEYS),
        ("redis.call('DEL', KEYS[1], ARGV[1])", BAD_KEYS),
        ("return redis.call('XINFO', 'STREAM', ARGV[1])", BAD_KEYS),
        ("if KEYS[2] then return redis.call('GET', KEYS[1]) end", BAD_KEYS),
        ("return redis.call(ARGV[1], KEYS[1])", BAD_NAME),
        ("local call = redis.call return call('GET', KEYS[1])", BAD_NAME),
        (
            "redis.call('SET', KEYS[1], redis.call('GET', KEYS[2]))",
            BAD_CALL.format("a nested call"),
        ),
        ("redis.call('DEL', unpack(KEYS))", BAD_CALL.format("unpack")),
        ("redis.call('PUBLISH', KEYS[1], '')", BAD_CALL.format("publish")),
    ],
)
def test_the_rules_refuse(script, answer, commands):
    """What the vendor documents as refused; so the test above can fail."""
    with pytest.raises(Refused) as refused:
        judge(script, commands)

    assert answer == str(refused.value)
