"""Question: a push for the service that replies, and how long somebody wants the reply.

A request of WeChat waits for it until it gives up; from then on a reply is late.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from runtime.push.ask_threads import Place
from runtime.push.holds import holds_for
from runtime.push.late_reply import sends_late
from runtime.push.passive_replies import Reply, Sender, sender_for
from runtime.push.push_message import Message
from runtime.push.routes import receive_id_of
from runtime.registry.models import App
from runtime.registry.routes import Route

Answered = tuple[Reply | None, str]
"""The service's reply, and what came of asking it."""

Wake = Callable[[], bool]
"""Starts deliver now, and tells whether it is started."""

log = logging.getLogger("gateway.push")


@dataclass(frozen=True, slots=True)
class Question:
    """A push for the service that replies.

    `app` is the account; `owner` has the route, for an account of an open platform the
    component. `until` is a time of time.monotonic(): a reply after it is for nobody.
    """

    app: App
    owner: str
    route: Route
    message: Message
    job_id: str
    token: str = field(default="", repr=False)
    until: float = 0.0

    @property
    def sender(self) -> Sender:
        """Return who replies: an account, a mini program or an app of WeCom."""
        return sender_for(self.app)

    @property
    def receive_id(self) -> str:
        """Return the id for which push and reply are encrypted."""
        return receive_id_of(self.route, self.app, self.owner, self.message)

    @property
    def sends_late(self) -> bool:
        """Tell whether a late reply is sent as a message of its own."""
        return sends_late(self.route, self.app)

    @property
    def hold(self) -> float:
        """Return for how many seconds WeChat's requests may be held, 0 for not."""
        return holds_for(self.route, self.app)

    @property
    def left(self) -> float:
        """Return for how many seconds a reply is wanted."""
        return self.until - time.monotonic()


@dataclass(frozen=True, slots=True)
class WaitingRequest:
    """A request of WeChat: when it began and gives up, by time.monotonic()."""

    began: float
    until: float
    wake: Wake


class Asked:
    """Ask for which WeChat's request waits only so long, here or in a thread.

    `ask` asks and reports; it tells its argument what the service has replied, and
    learns whether that is late. With `outlives` it goes on when WeChat has its answer,
    so WeChat gets the reply while it is still being reported.
    """

    def __init__(
        self,
        ask: Callable[[Callable[[Answered], bool]], None],
        question: Question,
        place: Place,
        *,
        outlives: bool,
    ) -> None:
        self._ask = ask
        self._question = question
        self._place = place
        self._outlives = outlives
        self._found: Answered | None = None
        self._given_up = False
        self._lock = threading.Lock()
        self._over = threading.Event()

    def run(self) -> None:
        """Ask and report."""
        try:
            self._ask(self._is_late)
        except Exception:
            log.exception("%s: asking failed", self._question.job_id)
        finally:
            self._place.leave()
            self._over.set()

    def wait(self, until: float, *, gives_up: bool = True) -> Answered | None:
        """Return what came of it until then; None if nothing did."""
        self._over.wait(max(0.0, until - time.monotonic()))
        with self._lock:
            self._given_up = gives_up and self._found is None
            return self._found

    def _is_late(self, found: Answered) -> bool:
        with self._lock:
            self._found = found
            is_late = self._given_up
        if self._outlives:
            self._over.set()
        return is_late
