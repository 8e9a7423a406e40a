"""Commands on Redis as a whole: claim."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runtime.gateway import Gateway
from runtime.registry.schema import checked_fields


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
