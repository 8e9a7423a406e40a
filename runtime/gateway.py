"""The composition root: everything a function works with, made when first used."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

from runtime.parts.foundation import lazy
from runtime.parts.sign_ins import SignIns
from runtime.settings import settings_from

if TYPE_CHECKING:
    from runtime.health import Health


class Gateway(SignIns):
    """The objects that the functions use, made from the settings.

    To make a gateway neither connects to anything nor imports what it may need.
    """

    @lazy
    def health(self) -> Health:
        """Return the check of what is reachable."""
        from runtime.health import Health

        return Health(
            self.redis_store,
            self.documents,
            unreadable=lambda: len(self.registry.unreadable(within=30.0)),
            tickets=self._ticket_state,
            push_store=self.push_store if self.settings.push_redis_url else None,
            wechat_proxy=self.wechat_proxy.check if self.wechat_proxy else None,
            login_client=lambda: self.registry.state_of(self.settings.login_client),
        )

    def _ticket_state(self) -> dict[str, Any]:
        components = self.registry.components(within=30.0)
        if not components:  # most have none, and pay for no import
            return {}
        from runtime.wechat.verify_tickets import state_of

        return state_of(self.verify_tickets, components)


_current: Gateway | None = None

_lock = threading.Lock()


def current_gateway() -> Gateway:
    """Return this process' gateway, made from the environment at the first call."""
    global _current
    with _lock:
        if _current is None:
            _current = Gateway(settings_from(os.environ))
        return _current
