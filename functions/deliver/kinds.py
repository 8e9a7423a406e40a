"""Kinds of jobs: what is done with each, by the package that owns it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from runtime.errors import GatewayError
from runtime.gateway import Gateway
from runtime.push.deliveries import Job
from runtime.push.inbox import ASK, COPY
from runtime.push.late_reply import KIND as LATE_REPLY
from runtime.push.relay import Undelivered, post
from runtime.push.routes import is_disabled, receive_id_of

if TYPE_CHECKING:
    from runtime.push.push_message import Message
    from runtime.registry.models import App
    from runtime.registry.routes import Route

Send = Callable[[], str]
"""Does the job, and returns what is stored as its answer; Undelivered if it fails."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of jobs; `prepare` looks up what it needs, and returns what does it.

    One that may not happen twice is done `once`, for so many seconds at most: if it is
    cut short, it becomes a dead letter. Several of these are done at a time.
    """

    prepare: Callable[[Gateway, Job], Send]
    once: float = 0.0


class Gone(Exception):
    """Nothing is to be done any more, such as for a push that has ended."""


def kind_of(job: Job) -> Kind:
    """Return the kind of a job; Undelivered for one of a later version."""
    if job.kind not in KINDS:
        raise Undelivered("unknown_kind")
    return KINDS[job.kind]


def _copy(gateway: Gateway, job: Job) -> Send:
    owner, app, route, message = _push(gateway, job)
    receive_id = receive_id_of(route, app, owner, message)

    def send() -> str:
        gateway.relay.send(
            route,
            message,
            appid=job.appid,
            owner=owner,
            receive_id=receive_id,
            of_wecom=app.is_wecom,
        )
        return ""

    return send


def _ask(gateway: Gateway, job: Job) -> Send:
    from runtime.push.question import Question

    owner, app, route, message = _push(gateway, job)
    age = max(0.0, gateway.push_store.time() - job.began)
    question = Question(app, owner, route, message, job.id)
    return partial(gateway.asking.ask_later, question, began=time.monotonic() - age)


def _late_reply(gateway: Gateway, job: Job) -> Send:
    app = gateway.registry.app(job.appid)
    if app is None:
        raise Undelivered("no_route", ends=True, spares=True)

    def send() -> str:
        gateway.late_replies.deliver(app, job)
        return ""

    return send


def _push(gateway: Gateway, job: Job) -> tuple[str, App, Route, Message]:
    """Return the owner of the route, the account, the route and the message."""
    owner = job.target.rpartition("/")[0]
    holder, app = gateway.registry.app(owner), gateway.registry.app(job.appid)
    routes = holder.routes if holder else ()
    route = next((each for each in routes if each.id == job.route), None)
    if route is None or app is None:
        raise Undelivered("no_route", ends=True)
    if is_disabled(route, gateway.registry.client):
        raise Undelivered("client_disabled", spares=True)
    message = gateway.inbox.read(job.appid, job.entry)
    if message is None:
        raise Gone
    return owner, app, route, message


def _release_check(gateway: Gateway, job: Job) -> Send:
    from runtime.wechat.release_check import CheckMessage, helps_no_more

    message = CheckMessage.from_text(gateway.deliveries.payload(job))

    def send() -> str:
        try:
            gateway.release_check.send(message)
        except GatewayError as error:
            reason = f"{error.code}_{error.errcode}".replace("-", "minus_")
            raise Undelivered(reason, ends=helps_no_more(error)) from None
        return ""

    return send


def _logout(gateway: Gateway, job: Job) -> Send:
    request = gateway.logout_notices.request(gateway.deliveries.payload(job))
    if request is None:
        raise Gone

    def send() -> str:
        post(gateway.outbound, request.url, headers=request.headers, body=request.body)
        return ""

    return send


def _alert(gateway: Gateway, job: Job) -> Send:
    alert = gateway.registry.alert(job.target.partition("/")[2])
    if alert is None:
        raise Gone
    payload = gateway.deliveries.payload(job)

    def send() -> str:
        gateway.alert_sender.deliver(alert, payload, id_=job.id.rpartition("/")[2])
        return ""

    return send


KINDS: Mapping[str, Kind] = {
    "alert": Kind(_alert),
    ASK: Kind(_ask, once=75.0),
    COPY: Kind(_copy),
    "release_check": Kind(_release_check),
    LATE_REPLY: Kind(_late_reply, once=30.0),
    "logout": Kind(_logout),
}
