"""Round over the apps whose calls WeCom has refused for their address.

Their tokens are fetched all the same, so nothing else tells when the address is among
the trusted ones. A call that reads does, and ends the alarm.
"""

from __future__ import annotations

from runtime.errors import GatewayError, ServiceUnavailable
from runtime.gateway import Gateway

EVERY_MINUTES = 5
"""Minutes between two trials: WeCom counts what it refuses."""

MOST = 10
"""Apps of one round, whose order is another one each time."""


def try_refused(gateway: Gateway) -> int:
    """Return of how many apps WeCom takes the calls again."""
    try:
        minute = int(gateway.redis_store.time() // 60)
        if minute % EVERY_MINUTES:
            return 0
        refused = sorted(gateway.refused_addresses.all())
    except ServiceUnavailable:
        return 0
    begin = (minute * MOST) % max(1, len(refused))
    turn = (refused[begin:] + refused[:begin])[:MOST]
    return sum(_is_taken(gateway, appid) for appid in turn)


def _is_taken(gateway: Gateway, appid: str) -> bool:
    try:
        app = gateway.registry.own_app(appid)
        if app is None or not app.is_wecom:
            gateway.refused_addresses.forget(appid)
            return False
        return gateway.wecom_calls.try_business_call(app).error is None
    except GatewayError:
        return False
