"""Round over the components of the open platform: what is unfinished, what is missing.

Authorisations that nobody has finished are taken on. If tickets no longer come, WeChat
is asked to push them again.
"""

from __future__ import annotations

import logging
import time
from collections import Counter

from runtime.errors import GatewayError, ServiceUnavailable
from runtime.gateway import Gateway
from runtime.registry.models import App
from runtime.wechat.verify_tickets import OLD_SECONDS, start_push

MOST_SECONDS = 10.0
"""After this time no other authorisation is begun: the next round is a minute later."""

log = logging.getLogger("gateway.component")


def go_on(gateway: Gateway) -> dict[str, int]:
    """Return how many authorisations were finished or left, and pushes asked for."""
    done: Counter[str] = Counter()
    until = time.monotonic() + MOST_SECONDS
    try:
        components = gateway.registry.components()
    except ServiceUnavailable:
        return {}  # the round over credentials goes on without the documents, too
    for component in components:
        try:
            resumed = gateway.authorizations.resume(component, until=until)
            done.update({f"authorizations_{name}": n for name, n in resumed.items()})
            done["ticket_pushes_asked"] += _ask_for_tickets(gateway, component)
        except GatewayError as error:
            log.warning("%s: round not finished, %s", component.appid, error.code)
    return {name: number for name, number in sorted(done.items()) if number}


def _ask_for_tickets(gateway: Gateway, component: App) -> bool:
    """Ask WeChat for tickets if they no longer come; tell whether it was asked."""
    if not component.takes_component_events:
        return False
    ticket = gateway.verify_tickets.newest(component.appid)
    if ticket is not None and ticket.age <= OLD_SECONDS:
        return False
    if not gateway.verify_tickets.may_ask(component.appid):
        return False
    had_stopped = start_push(gateway.wechat, component)
    log.warning(
        "%s: no ticket for more than half an hour; asked for pushes, which %s",
        component.appid,
        "had stopped" if had_stopped else "WeChat says it sends",
    )
    return True
