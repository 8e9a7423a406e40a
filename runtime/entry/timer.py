"""The timer entrypoint: makes the `handler` that a timer trigger calls."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol, cast

from runtime.errors import GatewayError
from runtime.gateway import Gateway, current_gateway
from runtime.version import version

log = logging.getLogger("gateway")


class TimerHandler(Protocol):
    """The function that a timer trigger calls, over the gateway of its process."""

    with_gateway: Callable[[Gateway], TimerHandler]
    """Returns the same function over another gateway, for tests."""

    def __call__(self, event: bytes, context: Any) -> str: ...


def timer(
    work: Callable[[Gateway], Mapping[str, int]],
    *,
    name: str,
    gateway: Callable[[], Gateway] = current_gateway,
) -> TimerHandler:
    """Return a handler that does `work` once and answers its counts as JSON.

    An error is logged and answered as `{"error": code}`, not raised: FC would retry at
    once, and the next tick is soon enough. Both answers name the version, because a
    timer has no URL for /healthz.
    """

    def handler(event: bytes, context: Any) -> str:
        request_id = getattr(context, "request_id", "")
        try:
            return json.dumps({**work(gateway()), "version": version()})
        except GatewayError as error:
            log.warning("%s %s: %s", request_id, name, error.code)
            return json.dumps({"error": error.code, "version": version()})
        except Exception:
            log.exception("%s %s failed", request_id, name)
            return json.dumps({"error": GatewayError.code, "version": version()})

    made = cast("TimerHandler", handler)
    made.with_gateway = lambda other: timer(work, name=name, gateway=lambda: other)
    return made
