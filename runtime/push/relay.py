"""Relay: one push to one route, in the route's own format, and what comes back."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping

from runtime.push.component_events import Values, with_values
from runtime.push.event_format import event_request
from runtime.push.push_message import Message
from runtime.push.routes import addressed
from runtime.push.wechat_format import RouteRequest, request_to
from runtime.registry.routes import EVENT, Route
from runtime.upstream.outbound import Outbound, TargetFault

COPY_SECONDS = 5.0
"""How long a service has for a copy; WeChat would wait as long."""

_UNSENT = ("not_allowed", "unreachable")


class Undelivered(Exception):
    """A job that was not done; `reason` is for operators.

    `was_sent` tells that the target may have seen it, `stalls` that it costs time to
    try: the target has not answered at all. With `ends` no other try helps, and one
    that `spares` the target says nothing against it.
    """

    def __init__(
        self,
        reason: str,
        *,
        was_sent: bool = False,
        stalls: bool = False,
        ends: bool = False,
        spares: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.was_sent = was_sent
        self.stalls = stalls
        self.ends = ends
        self.spares = spares


class Relay:
    """Sender of pushes to routes; the platform has sent them to `public_base_url`.

    `values_for` returns the values that a client gets in the events of a component.
    """

    def __init__(
        self,
        outbound: Outbound,
        *,
        clock: Callable[[], float],
        public_base_url: str,
        values_for: Callable[[str, str], Values | None] = lambda client, owner: None,
    ) -> None:
        self._outbound = outbound
        self._clock = clock
        self._base = public_base_url
        self._values_for = values_for

    def send(
        self,
        route: Route,
        message: Message,
        *,
        appid: str,
        owner: str,
        receive_id: str,
        of_wecom: bool = False,
        seconds: float = COPY_SECONDS,
    ) -> bytes:
        """Return what the service has answered; Undelivered without a status of 2xx.

        `owner` is the document that has the route, `receive_id` as `receive_id_of`.
        """
        request = self._request(
            route,
            message,
            appid=appid,
            owner=owner,
            receive_id=receive_id,
            of_wecom=of_wecom,
        )
        return post(
            self._outbound,
            request.url,
            headers=request.headers,
            body=request.body,
            seconds=seconds,
        )

    def _request(
        self,
        route: Route,
        message: Message,
        *,
        appid: str,
        owner: str,
        receive_id: str,
        of_wecom: bool,
    ) -> RouteRequest:
        now, route = self._clock(), addressed(route, appid)
        values = self._values_for(route.client, owner) if message.info_type else None
        if values:
            message = with_values(message, values)
        if route.format == EVENT:
            path = appid if appid == owner else f"{owner}/{appid}"
            source = f"{self._base}/wechat_event/{path}"
            return event_request(
                route,
                message,
                appid=appid,
                source=source,
                now=now,
                of_wecom=of_wecom,
            )
        return request_to(
            route,
            message,
            receive_id=receive_id,
            now=now,
            nonce=str(secrets.randbelow(10**10)),
            of_wecom=of_wecom,
        )


def post(
    outbound: Outbound,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes,
    seconds: float = COPY_SECONDS,
) -> bytes:
    """Return what a target has answered; Undelivered without a status of 2xx."""
    try:
        answer = outbound.call(url, headers=headers, body=body, seconds=seconds)
    except TargetFault as fault:
        was_sent = fault.reason not in _UNSENT
        raise Undelivered(fault.reason, was_sent=was_sent, stalls=True) from None
    if not 200 <= answer.status < 300:
        raise Undelivered(f"status_{answer.status}", was_sent=True)
    return answer.body
