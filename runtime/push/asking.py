"""Asking: the service that replies to a push is asked once, and WeChat gets its reply.

    stored, and marked as asked, by one script
        the service has replied in time   WeChat gets the reply
        later                             `success`, and the user gets the reply as a
                                          customer-service message; or a request that is
                                          held carries it
    nothing was sent                      it is asked again by deliver, later
    it may have been sent                 a dead letter, which an operator may replay

An equal push waits for the answer to the first one, and gets the same. Where a process
is stopped after its answer, deliver asks from the start if the reply may come late, and
WeChat's request waits for what deliver stores.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial

from runtime.errors import ServiceUnavailable
from runtime.push.ask_threads import AskThreads
from runtime.push.deliveries import Deliveries, Late
from runtime.push.holds import HUNG_UP_SECONDS, REPEAT_SECONDS, Holds
from runtime.push.inbox import Inbox, Stored, target_of
from runtime.push.late_reply import REQUEST, LateReplies, seconds_for
from runtime.push.passive_replies import LONGEST_TEXT, BadReply, Reply
from runtime.push.question import Answered, Asked, Question, WaitingRequest, Wake
from runtime.push.receiving import Received
from runtime.push.relay import Relay, Undelivered
from runtime.push.routes import Matched
from runtime.push.wechat_format import passive_reply
from runtime.registry.models import App

LONGEST_ASK = 60.0
"""Seconds that a service has if somebody can wait for it, for a reply to nobody."""

LEASE_MORE = 15.0
"""Seconds after which an asker that has not reported is gone."""

MARGIN_SECONDS = 0.3
"""How much longer than WeChat's request a reply waits that the request may carry."""

WAKE_AGAIN = 1.0
"""Seconds after which deliver is started once more, if it does not ask yet."""

log = logging.getLogger("gateway.push")


def _stay_asleep() -> bool:
    return False


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

    Late replies become jobs of `late`; `holds` says which requests wait longer.
    """

    def __init__(
        self,
        inbox: Inbox,
        deliveries: Deliveries,
        relay: Relay,
        threads: AskThreads,
        *,
        late: LateReplies,
        holds: Holds,
        longest_text: float = LONGEST_TEXT,
    ) -> None:
        self._inbox = inbox
        self._deliveries = deliveries
        self._relay = relay
        self._threads = threads
        self._late = late
        self._holds = holds
        self._longest_text = longest_text

    def take(
        self,
        app: App,
        received: Received,
        matched: Matched,
        *,
        owner: str = "",
        wake: Wake = _stay_asleep,
        wake_for_copies: Wake = _stay_asleep,
    ) -> Taken:
        """Store a push, and ask the service that replies, if there is one.

        Raises what `Inbox.store` does. `wake` starts deliver, `wake_for_copies` unless
        it was started a moment ago.
        """
        owner, route = owner or app.appid, matched.replier
        if route is None:
            stored = self._inbox.store(app.appid, received, matched, owner=owner)
            if stored.is_new and matched.copies:
                wake_for_copies()
            return Taken(stored)
        began, message = time.monotonic(), received.message
        request = WaitingRequest(began, began + route.reply_within, wake)
        until = began + seconds_for(message)
        question = Question(app, owner, route, message, "", until=until)
        place = self._threads.place(target_of(owner, route))
        try:
            asks_for = self._longest(question) + LEASE_MORE if place else 0.0
            stored = self._inbox.store(
                app.appid, received, matched, owner=owner, ask_seconds=asks_for
            )
            if not stored.job_id:
                return Taken(stored)
            question = replace(question, job_id=stored.job_id, token=stored.token)
            if not stored.is_new:
                return self._as_before(stored, question, request, waits=bool(place))
            if place is None or not stored.asks:
                wake_for_copies()
                return Taken(stored, outcome="queued" if place else "busy")
            if self._hands_over(question, wake):
                found = self._wait(question, request, ("due", "asked"), "due")
                return Taken(stored, *found)
            if matched.copies:
                wake_for_copies()
            asked = Asked(
                partial(self._ask_and_report, question, wake),
                question,
                place,
                outlives=self._threads.are_there,
            )
            place = None
            return Taken(stored, *self._reply_to(request, asked, question))
        finally:
            if place:
                place.leave()

    def ask_later(self, question: Question, *, began: float) -> str:
        """Ask for deliver, and return the reply that is to be stored as the answer.

        The push came at `began`, a time of time.monotonic(). Undelivered if the service
        has no answer. A request of WeChat may still wait for the reply: the message
        waits longer.
        """
        question = replace(question, until=began + seconds_for(question.message))
        reply, _ = self._ask(question, self._longest(question, in_thread=True))
        if reply is None:
            return ""
        is_passive = reply.is_passive(question.sender)
        request_until = began + question.route.reply_within + MARGIN_SECONDS
        delay = max(0.0, request_until - time.monotonic()) if is_passive else 0.0
        self._reply_late(question, reply, delay=delay)
        return reply.body.decode()

    def _longest(self, question: Question, *, in_thread: bool = False) -> float:
        """Return how many seconds the service has."""
        if not (self._threads.are_there or in_thread):
            return max(question.route.reply_within, question.hold)
        if question.sends_late and question.left > 1:
            return question.left
        return LONGEST_ASK

    def _hands_over(self, question: Question, wake: Wake) -> bool:
        """Let deliver ask, which outlives this request; False if it does not start."""
        if self._threads.are_there or not question.sends_late:
            return False
        job_id, token = question.job_id, question.token
        if not self._deliveries.hand_over(job_id, token):
            return True  # it was late itself
        seconds = question.route.reply_within + LEASE_MORE
        return wake() or not self._deliveries.take_back(job_id, token, seconds=seconds)

    def _reply_to(
        self, request: WaitingRequest, asked: Asked, question: Question
    ) -> Answered:
        """Return the reply that the request carries, and what came of asking."""
        hold = question.hold
        if self._threads.are_there or hold:
            self._threads.start(asked.run)
        else:
            asked.run()
        if hold:
            self._holds.note(question.app.appid)
        found = asked.wait(request.until, gives_up=not hold)
        if found is None and hold:
            found = self._held(request, asked, question)
        if found is None:
            return None, "late"
        reply, outcome = found
        if reply and not reply.is_passive(question.sender):
            self._reply_late(question, reply, wake=request.wake)
            return None, "sent"
        return reply, outcome

    def _held(
        self, request: WaitingRequest, asked: Asked, question: Question
    ) -> Answered | None:
        """Wait for the reply, while WeChat repeats its request."""
        appid, job_id = question.app.appid, question.job_id
        until = request.began + question.hold
        outcome = self._holds.take(
            appid, job_id, seconds=max(0.0, until - time.monotonic())
        )
        if outcome != "held":
            return asked.wait(0.0) or (None, f"hold_{outcome}")
        if self._threads.are_there:  # who asks outlives this request
            until = min(until, request.began + HUNG_UP_SECONDS)
        found = asked.wait(until)
        if time.monotonic() - request.began >= REPEAT_SECONDS:
            self._holds.check_repeats(appid, job_id)
        return found or (None, "held")

    def _as_before(
        self,
        stored: Stored,
        question: Question,
        request: WaitingRequest,
        *,
        waits: bool,
    ) -> Taken:
        """Wait for the answer to the first of equal pushes."""
        until = request.until if waits else request.began
        if question.hold and (left := self._holds.repeat(question.job_id)):
            left = min(left, HUNG_UP_SECONDS)
            until = max(until, time.monotonic() + left)
        reply, _ = self._wait(
            question,
            replace(request, until=until),
            ("asked",),
            stored.state,
            stored.answer,
        )
        return Taken(stored, reply, "repeated" if reply else "")

    def _wait(
        self,
        question: Question,
        request: WaitingRequest,
        states: Collection[str],
        state: str,
        answer: str = "",
    ) -> Answered:
        """Wait while another one asks; return the reply if this request carries it."""
        pause, is_awake = 0.02, False
        while state in states and (left := request.until - time.monotonic()) > 0:
            time.sleep(min(pause, left))
            pause = min(2 * pause, 0.2)
            state, answer = self._deliveries.answer(question.job_id)
            is_slow = time.monotonic() > request.began + WAKE_AGAIN
            if state == "due" and is_slow and not is_awake:
                is_awake = request.wake() or True
        if not answer:
            return None, _OUTCOMES.get(state, "late")
        reply = Reply(answer.encode(), question.message.is_json)
        if not reply.is_passive(question.sender):
            return None, "sent"
        if question.sends_late and not self._late.carried_by(question.job_id, REQUEST):
            return None, "sent"
        return reply, "replied"

    def _ask(self, question: Question, seconds: float) -> Answered:
        """Return the service's reply and what came of it; Undelivered if it has none.

        Nothing is reported yet.
        """
        answer = self._relay.send(
            question.route,
            question.message,
            appid=question.app.appid,
            owner=question.owner,
            receive_id=question.receive_id,
            of_wecom=question.sender == "wecom",
            seconds=seconds,
        )
        try:
            reply = passive_reply(
                answer,
                question.route,
                question.message,
                receive_id=question.receive_id,
                sender=question.sender,
                may_send=question.sends_late,
                longest_text=self._longest_text,
            )
        except BadReply as bad:
            log.warning("%s: reply dropped, %s", question.job_id, bad.reason)
            return None, "bad_reply"
        return reply, "replied" if reply else "no_reply"

    def _ask_and_report(
        self, question: Question, wake: Wake, is_late: Callable[[Answered], bool]
    ) -> None:
        """Ask, and report what came of it, to `is_late` and to Redis.

        It tells whether WeChat has its answer already. A push that was not delivered is
        told to Redis first: WeChat's `success` means that it is known.
        """
        try:
            found = self._ask(question, self._longest(question))
        except Undelivered as fault:
            log.warning("%s: not delivered, %s", question.job_id, fault.reason)
            self._report(question, None, fault)
            is_late((None, "failed"))
            return
        if is_late(found) and found[0]:
            self._reply_late(question, found[0], wake=wake)
        self._report(question, found[0])

    def _report(
        self, question: Question, reply: Reply | None, fault: Undelivered | None = None
    ) -> None:
        try:
            self._tell(question, reply, fault)
        except Late:
            log.warning("%s: reported too late", question.job_id)
        except ServiceUnavailable:  # WeChat gets the reply all the same
            log.warning("%s: not reported, Redis is away", question.job_id)

    def _reply_late(
        self,
        question: Question,
        reply: Reply,
        *,
        delay: float = 0.0,
        wake: Wake = _stay_asleep,
    ) -> None:
        """Store the message to the user, for a reply that came too late for WeChat."""
        if not question.sends_late:
            return
        job_id, seconds = question.job_id, question.left
        try:
            if seconds <= 0:
                log.warning("%s: reply dropped, %s", job_id, "too_late")
            elif self._late.store(
                question.app, job_id, reply, seconds=seconds, delay=delay
            ):
                wake()
            elif not delay:
                log.warning("%s: reply dropped, %s", job_id, "late_type")
        except ServiceUnavailable:
            log.error("%s: reply dropped, %s", job_id, "redis")

    def _tell(
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


_OUTCOMES = {"done": "no_reply", "dead": "failed"}
"""What came of a service that has not replied, by the state of its job."""
