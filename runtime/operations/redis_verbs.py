"""Commands on Redis as a whole: acl, check, claim."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from typing import Any

import runtime
from runtime.errors import RefusedByRedis
from runtime.gateway import Gateway
from runtime.registry.schema import checked_fields
from runtime.version import version

_CALL = re.compile(r"redis\.p?call\(")

_MOST_KEYS = 16
"""More than any script has."""


def acl(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rule that ACL SETUSER must have; Redis is not asked."""
    checked_fields(arguments, {})
    return dict(gateway.acl_rules())


def check(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Try each command, and let Redis judge each script without running it."""
    checked_fields(arguments, {})
    scripts = dict(_scripts())
    faults = [
        {"setting": setting, "refused": refused, "answer": answer}
        for setting, store in gateway.redis_stores().items()
        for refused, answer in _refused(store, scripts)
    ]
    return {"faults": faults}


def _refused(store: Any, scripts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    try:
        store.try_commands(version())
    except RefusedByRedis as refusal:
        yield from ((command, refusal.answer) for command in refusal.commands)
    keys = [f"gateway:health:{{{version()}}}:{at}" for at in range(_MOST_KEYS)]
    for name, script in scripts.items():
        try:
            # It is read as a whole, by a proxy too, and ends before its first line.
            store.run(f"do return 0 end\n{script}", keys, [], repeatable=True)
        except RefusedByRedis as refusal:
            yield name, refusal.answer


def _scripts() -> Iterator[tuple[str, str]]:
    for module in pkgutil.walk_packages(runtime.__path__, "runtime."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, str) and _CALL.search(value):
                yield f"{module.name}.{name}", value


def claim(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Let Redis belong to this deployment, even if it belonged to another one.

    The Redis of pushes too, if they have their own. What the other deployment has
    stored there stays, and is used from now on.
    """
    checked_fields(arguments, {})
    answer = {
        "public_base_url": gateway.settings.public_base_url,
        "before": gateway.redis_store.take_over(),
    }
    if gateway.settings.push_redis_url:
        answer["push_redis_before"] = gateway.push_store.take_over()
    return answer
