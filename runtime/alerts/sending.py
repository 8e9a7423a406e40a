"""Sending of alerts: a message to one webhook, now or as a job of deliver."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from runtime.alerts.notices import Notice, from_payload
from runtime.alerts.webhooks import fault_of, request_to
from runtime.push.relay import Undelivered
from runtime.registry.alerts import Alert
from runtime.upstream.answer import Answer
from runtime.upstream.outbound import Outbound, TargetFault

KIND = "alert"
"""The kind of its jobs, and the first word of their targets."""

SECONDS = 5.0
"""How long a webhook has to answer."""


class Sent(NamedTuple):
    """The answer of a webhook, and the word for why it is a failure, "" for none."""

    answer: Answer
    fault: str


class AlertSender:
    """Sender of notices to the webhooks of alerts, of the gateway at this URL."""

    def __init__(
        self, outbound: Outbound, *, gateway: str, clock: Callable[[], float]
    ) -> None:
        self._outbound = outbound
        self._gateway = gateway
        self._clock = clock

    def tell(self, alert: Alert, notices: Sequence[Notice], *, id_: str) -> Sent:
        """Send the notices and return what came of it; TargetFault without an answer.

        `id_` is the same for each attempt.
        """
        request = request_to(
            alert, notices, id_=id_, gateway=self._gateway, now=self._clock()
        )
        answer = self._outbound.call(
            request.url, headers=request.headers, body=request.body, seconds=SECONDS
        )
        return Sent(answer, fault_of(alert, answer))

    def deliver(self, alert: Alert, payload: str, *, id_: str) -> None:
        """Send the notices of a job; Undelivered if the webhook has not taken them."""
        try:
            sent = self.tell(alert, from_payload(payload), id_=id_)
        except TargetFault as fault:
            raise Undelivered(fault.reason, stalls=True) from None
        if sent.fault:
            raise Undelivered(sent.fault, was_sent=True)
