"""Metrics for Prometheus: GET /metrics with the bearer token of METRICS_TOKEN."""

from __future__ import annotations

import hmac
import math
from collections.abc import Iterator, Mapping

from runtime.errors import GatewayError, ServiceUnavailable
from runtime.gateway import Gateway
from runtime.usage.counters import METRICS_KEY
from runtime.usage.exposition import CONTENT_TYPE, Gauge, exposition
from runtime.version import version
from runtime.web.authorization_header import bearer_of
from runtime.web.messages import Request, Response

MOST_CREDENTIALS = 1000
"""Of more, those are shown that end first."""


class WrongToken(GatewayError):
    """No bearer token, or not that of METRICS_TOKEN."""

    status = 401
    code = "invalid_token"
    message = "Metrics need the bearer token of METRICS_TOKEN."


_Values = list[tuple[tuple[str, ...], float]]


def metrics(request: Request, gateway: Gateway) -> Response:
    """Return the metrics; WrongToken without the token.

    Without Redis the counts are missing, and `gateway_up` tells why.
    """
    given, wanted = bearer_of(request) or "", gateway.settings.metrics_token
    if not wanted or not hmac.compare_digest(given.encode(), wanted.encode()):
        raise WrongToken
    gauges = [
        *_always(gateway),
        *_connections(gateway),
        *_credentials(gateway),
        *_tickets(gateway),
        *_quotas(gateway),
        *_dead_letters(gateway),
    ]
    text = exposition(_counts(gateway), gauges)
    headers = (("Content-Type", CONTENT_TYPE), ("Cache-Control", "no-store"))
    return Response(200, headers, text)


def _counts(gateway: Gateway) -> Mapping[bytes, bytes]:
    try:
        return gateway.redis_store.fields(METRICS_KEY)
    except ServiceUnavailable:
        return {}


def _always(gateway: Gateway) -> Iterator[Gauge]:
    yield Gauge(
        "gateway_build",
        "The version that answers, always 1.",
        ("version",),
        [((version(),), 1)],
    )
    states: _Values = [
        ((part,), float(state == "ok")) for part, state in gateway.health.find().items()
    ]
    yield Gauge("gateway_up", "1 for what can be reached.", ("part",), states)
    yield Gauge(
        "gateway_unreadable_documents",
        "Documents that cannot be read.",
        (),
        [((), gateway.health.unreadable())],
    )
    in_flight: _Values = [
        (("calls",), gateway.calls_in_flight.number),
        (("sign_ins",), gateway.sign_ins_in_flight.number),
    ]
    yield Gauge(
        "gateway_in_flight",
        "Requests that wait for WeChat, in the process that answers.",
        ("kind",),
        in_flight,
    )


def _connections(gateway: Gateway) -> Iterator[Gauge]:
    stores = {"redis": gateway.redis_store}
    if gateway.settings.push_redis_url:
        stores["push_redis"] = gateway.push_store
    values: _Values = []
    for name, store in stores.items():
        used, idle = store.pool_use()
        values += [((name, "in_use"), used), ((name, "idle"), idle)]
    yield Gauge(
        "gateway_redis_connections",
        "Connections to Redis, in the process that answers.",
        ("part", "state"),
        values,
    )


def _tickets(gateway: Gateway) -> Iterator[Gauge]:
    values: _Values = []
    try:
        for each in gateway.registry.components(within=30.0):
            if each.takes_component_events:
                ticket = gateway.verify_tickets.newest(each.appid)
                values.append(((each.appid,), ticket.age if ticket else math.inf))
    except ServiceUnavailable:
        return
    yield Gauge(
        "gateway_verify_ticket_age_seconds",
        "Age of a component's newest verify ticket, infinite where there is none.",
        ("app",),
        values,
    )


def _quotas(gateway: Gateway) -> Iterator[Gauge]:
    try:
        found = gateway.remaining_quotas.left()
    except ServiceUnavailable:
        return
    yield Gauge(
        "gateway_quota_left",
        "Calls left today, as WeChat last told, less those counted since.",
        ("app", "path"),
        [((each.appid, each.path), each.left) for each in found],
    )
    yield Gauge(
        "gateway_quota_limit",
        "Calls a day that WeChat allows, as it last told.",
        ("app", "path"),
        [((each.appid, each.path), each.limit) for each in found],
    )


def _credentials(gateway: Gateway) -> Iterator[Gauge]:
    try:
        ages = gateway.upkeep.ages()[:MOST_CREDENTIALS]
    except ServiceUnavailable:
        return
    labels = ("app", "credential")
    age: _Values = []
    remaining: _Values = []
    refused: _Values = []
    for each in ages:
        kind, _, appid = each.name.partition(":")
        where = (appid, kind)
        if each.age is not None:
            age.append((where, each.age))
        remaining.append((where, each.remaining))
        refused.append((where, float(each.is_refused)))
    yield Gauge(
        "gateway_credential_age_seconds",
        "Time since a credential was fetched.",
        labels,
        age,
    )
    yield Gauge(
        "gateway_credential_remaining_seconds",
        "Time until a credential ends, 0 where there is none.",
        labels,
        remaining,
    )
    yield Gauge(
        "gateway_credential_refused",
        "1 if the last fetch of a credential has failed.",
        labels,
        refused,
    )


def _dead_letters(gateway: Gateway) -> Iterator[Gauge]:
    try:
        numbers = gateway.dead_letters.by_app()
    except ServiceUnavailable:
        return
    yield Gauge(
        "gateway_dead_letters",
        "Deliveries that an operator has to replay or drop.",
        ("app",),
        [((appid,), number) for appid, number in numbers.items()],
    )
