"""The work of `push listen` on a developer's machine: it forwards what comes."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from management.failure import Failure
from runtime.push.passive_replies import BadReply
from runtime.push.push_message import Message, read_message
from runtime.push.wechat_format import passive_reply, request_to
from runtime.registry.routes import Route
from runtime.upstream.address_rules import parse_networks
from runtime.upstream.outbound import Outbound, TargetFault

WAIT_SECONDS = 25.0

FORWARD_SECONDS = 60.0
"""How long the service on this machine may take."""

PAUSE_SECONDS = 2.0

MOST_FAILURES = 10
"""Calls in a row that may fail, such as while the gateway is deployed."""

_THIS_MACHINE = parse_networks("127.0.0.0/8,::1/128")

Perform = Callable[[Mapping[str, Any]], Mapping[str, Any]]
Tell = Callable[[Mapping[str, Any]], None]


class Forwarder:
    """A forwarder of pushes to a service on this machine, in WeChat's format.

    `token` and `aes_key` are those of the service; without a key in plain text.
    """

    def __init__(
        self,
        url: str,
        *,
        appid: str,
        token: str = "",
        aes_key: str = "",
        outbound: Outbound | None = None,
    ) -> None:
        self._outbound = outbound or Outbound(private=_THIS_MACHINE)
        check_target(url, self._outbound)
        made = token or secrets.token_hex(16)
        self._appid, self._has_token = appid, bool(token)
        self._route = Route(
            "listen", "", url, token=made, encoding_aes_key=aes_key, reply=True
        )

    @property
    def settings(self) -> dict[str, str]:
        """Return what the service must be set up with; a token only if it was made."""
        mode = "plain" if self._route.plain else "safe"
        made = {} if self._has_token else {"token": self._route.token}
        return {"url": self._route.url, "mode": mode, **made}

    def send(self, message: Message, wecom_id: str | None = None) -> tuple[str, str]:
        """Return what the service has answered: its reply, and a line about it.

        A push of WeCom has a `wecom_id`, for which it was encrypted.
        """
        of_wecom = wecom_id is not None
        receive_id = self._appid if wecom_id is None else wecom_id
        request = request_to(
            self._route,
            message,
            receive_id=receive_id,
            now=time.time(),
            nonce=str(secrets.randbelow(10**10)),
            of_wecom=of_wecom,
        )
        try:
            answer = self._outbound.call(
                request.url,
                headers=request.headers,
                body=request.body,
                seconds=FORWARD_SECONDS,
            )
        except TargetFault as fault:
            return "", fault.reason
        if not 200 <= answer.status < 300:
            return "", f"status {answer.status}"
        try:
            reply = passive_reply(
                answer.body,
                self._route,
                message,
                receive_id=receive_id,
                sender="wecom" if of_wecom else "account",
            )
        except BadReply as bad:
            return "", f"status {answer.status}, reply refused: {bad.reason}"
        if reply is None:
            return "", f"status {answer.status}"
        return reply.body.decode(), f"status {answer.status}, reply: {reply.type}"


def check_target(url: str, outbound: Outbound | None = None) -> None:
    """Raise Failure if pushes may not be forwarded to this URL."""
    outbound = outbound or Outbound(private=_THIS_MACHINE)
    if urlsplit(url).scheme not in ("http", "https"):
        raise Failure("--forward-to is an http:// or https:// URL.")
    try:
        outbound.check(url, private=True)
    except (TargetFault, ValueError):
        raise Failure("--forward-to is a URL of this machine.") from None


def listen(
    perform: Perform,
    arguments: Mapping[str, Any],
    forwarder: Forwarder,
    *,
    tell: Tell,
    replies: bool = False,
    seconds: float = float("inf"),
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """Forward what comes, until the time is over; return how much that was."""
    until, forwarded, failures = clock() + seconds, 0, 0
    since = perform(arguments)["since"]
    tell({"listening": arguments["appid"], **forwarder.settings})
    made: dict[str, str] = {}
    while made or clock() < until:
        wait = max(0.0, min(WAIT_SECONDS, until - clock()))
        asked = {**arguments, "since": since, "wait": 0.0 if made else wait}
        try:
            found = perform({**asked, **({"replies": made} if made else {})})
        except Failure:
            failures += 1
            if failures >= MOST_FAILURES:
                raise
            sleep(PAUSE_SECONDS)
            continue
        since, made, failures = found["since"], {}, 0
        for push, reason in found.get("replied", {}).items():
            tell({push: f"reply not sent: {reason}" if reason else "reply sent"})
        for each in found["pushes"]:
            message = read_message(each["message"].encode())
            reply, line = forwarder.send(message, each.get("receive_id"))
            forwarded += 1
            tell({each["push"]: f"{_type(message)}: {line}"})
            if reply and replies:
                made[each["push"]] = reply
    return {"forwarded": forwarded}


def _type(message: Message) -> str:
    return " ".join(filter(None, (message.msg_type, message.event)))
