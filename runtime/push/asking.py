"""Asking: the service that replies to a push is asked once, and WeChat gets its reply.

    stored, and marked as asked, by one script
        the service has replied in time   WeChat gets the reply
        later, or not                     `success`; what comes late is reported
    nothing was sent                      it is asked again by deliver, later
    it may have been sent                 a dead letter, which an operator may replay

An equal push waits for the answer to the first one, and gets the same.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from runtime.errors import ServiceUnavailable
from runtime.push.ask_threads import AskThreads, Place
from runtime.push.deliveries import Deliveries, Late
from runtime.push.inbox import Inbox, Stored, target_of
from runtime.push.passive_replies import BadReply, Reply
from runtime.push.push_message import Message
from runtime.push.receiving import Received
from runtime.push.relay import Relay, Undelivered
from runtime.push.routes import Matched
from runtime.push.wechat_format import passive_reply
from runtime.registry.models import App
from runtime.registry.routes import Route

LONGEST_ASK = 60.0
"""Seconds that a service has if somebody can wait for it: a late reply's own limit."""

LEASE_MORE = 15.0
"""Seconds after which an asker that has not reported is gone."""

log = logging.getLogger("gateway.push")

Answered = tuple[Reply | None, str]
"""The service's reply, and what came of asking it."""

LateReply = Callable[["Question", Reply], None]
"""What is done with a reply that came too late for WeChat's request."""


@dataclass(frozen=True, slots=True)
class Question:
    """A push for the service that replies.

    `app` is the account; `owner` has the route, for an account of an open platform the
    component.
    """

    app: App
    owner: str
    route: Route
    message: Message
    job_id: str
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Taken:
    """A push that is stored, the reply if there is one in time, and what became of it.

    `outcome` is "" without a service that replies.
    """

    stored: Stored
    reply: Reply | None = None
    outcome: str = ""


class Asking:
    """The asker of services, for pushes that WeChat waits for and for those of deliver.

    `on_late` gets each reply that came when WeChat had its `success`.
    """

    def __init__(
        self,
        inbox: Inbox,
        deliveries: Deliveries,
        relay: Relay,
        threads: AskThreads,
        *,
        on_late: LateReply | None = None,
    ) -> None:
        self._inbox = inbox
        self._deliveries = deliveries
        self._relay = relay
        self._threads = threads
        self._on_late = on_late

    def take(
        self, app: App, received: Received, matched: Matched, *, owner: str = ""
    ) -> Taken:
        """Store a push, and ask the service that replies, if there is one.

        Raises what `Inbox.store` does.
        """
        owner, route = owner or app.appid, matched.replier
        until = time.monotonic() + (route.reply_within if route else 0.0)
        place = self._threads.place(target_of(owner, route)) if route else None
        try:
            asks_for = self._longest(route) + LEASE_MORE if route and place else 0.0
            stored = self._inbox.store(
                app.appid, received, matched, owner=owner, ask_seconds=asks_for
            )
            if route is None or not stored.job_id:
                return Taken(stored)
            if not stored.is_new:
                return self._as_before(stored, received.message, until, place)
            if not stored.asks or place is None:
                return Taken(stored, outcome="busy" if place is None else "queued")
            question = Question(
                *(app, owner, route, received.message, stored.job_id, stored.token)
            )
            if not self._threads.are_there:
                asked = _Asked(self, question, place)
                asked.run(route.reply_within)
                return Taken(stored, *asked.wait(until))
            asked, place = _Asked(self, question, place), None
            self._threads.start(asked.run)
            return Taken(stored, *asked.wait(until))
        finally:
            if place:
                place.leave()

    def ask(self, question: Question, seconds: float) -> Answered:
        """Return the service's reply and what came of it; Undelivered if it has none.

        Nothing is reported yet.
        """
        answer = self._relay.send(
            question.route,
            question.message,
            appid=question.app.appid,
            owner=question.owner,
            seconds=seconds,
        )
        try:
            reply = passive_reply(
                answer,
                question.route,
                question.message,
                receive_id=question.owner,
                mini_program=question.app.kind == "miniprogram",
            )
        except BadReply as bad:
            log.warning("%s: reply dropped, %s", question.job_id, bad.reason)
            return None, "bad_reply"
        return reply, "replied" if reply else "no_reply"

    def ask_and_report(
        self, question: Question, seconds: float, is_late: Callable[[Answered], bool]
    ) -> None:
        """Ask, and report what came of it, to `is_late` and to Redis.

        It tells whether WeChat has its answer already.
        """
        fault: Undelivered | None = None
        found: Answered = None, "failed"
        try:
            found = self.ask(question, seconds)
        except Undelivered as raised:
            fault = raised
            log.warning("%s: not delivered, %s", question.job_id, fault.reason)
        if is_late(found) and found[0]:
            self.reply_late(question, found[0])
        try:
            self._report(question, found[0], fault)
        except Late:
            log.warning("%s: reported too late", question.job_id)
        except ServiceUnavailable:  # WeChat gets the reply all the same
            log.warning("%s: not reported, Redis is away", question.job_id)

    def reply_late(self, question: Question, reply: Reply) -> None:
        """Hand on a reply for which WeChat does not wait any more."""
        if self._on_late:
            self._on_late(question, reply)

    def _report(
        self, question: Question, reply: Reply | None, fault: Undelivered | None
    ) -> None:
        token, job_id = question.token, question.job_id
        if fault is None:
            text = reply.body.decode() if reply else ""
            self._deliveries.finish_as(token, job_id, answer=text)
            return
        self._deliveries.fail_as(
            token, job_id, fault.reason, ends=fault.was_sent, stalls=fault.stalls
        )

    def _longest(self, route: Route) -> float:
        return LONGEST_ASK if self._threads.are_there else route.reply_within

    def _as_before(
        self, stored: Stored, message: Message, until: float, place: Place | None
    ) -> Taken:
        """Wait for the answer to the first of equal pushes."""
        state, answer, pause = stored.state, stored.answer, 0.02
        while state == "asked" and place and (left := until - time.monotonic()) > 0:
            time.sleep(min(pause, left))
            pause = min(2 * pause, 0.2)
            state, answer = self._deliveries.answer(stored.job_id)
        reply = Reply(answer.encode(), message.is_json) if answer else None
        return Taken(stored, reply, "repeated" if reply else "")


class _Asked:
    """Ask for which WeChat's request waits only so long, here or in a thread."""

    def __init__(self, asking: Asking, question: Question, place: Place) -> None:
        self._asking = asking
        self._question = question
        self._place = place
        self._found: Answered | None = None
        self._given_up = False
        self._lock = threading.Lock()
        self._over = threading.Lock()
        self._over.acquire()

    def run(self, seconds: float = LONGEST_ASK) -> None:
        """Ask and report."""
        try:
            self._asking.ask_and_report(self._question, seconds, self._is_late)
        except Exception:
            log.exception("%s: asking failed", self._question.job_id)
        finally:
            self._place.leave()
            self._over.release()

    def wait(self, until: float) -> Answered:
        """Return what came of it until then."""
        self._over.acquire(timeout=max(0.0, until - time.monotonic()))
        with self._lock:
            self._given_up = self._found is None
            return self._found or (None, "late")

    def _is_late(self, found: Answered) -> bool:
        with self._lock:
            self._found = found
            return self._given_up
