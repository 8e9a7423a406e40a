"""Calls to addresses that documents name: routes of pushes, sign-out URLs, alerts.

Every resolved address is checked, and the connection goes to a checked one, with the
certificate and Host of the name: a name that resolves to another address a moment
later changes nothing. No redirect is followed and no proxy of the environment is used.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import urlsplit

from runtime.errors import AnswerTooLarge, WeChatTimeout, WeChatUnavailable
from runtime.upstream.address_rules import (
    Ip,
    Network,
    is_private_to,
    may_call,
    meant_address,
)
from runtime.upstream.answer import Answer
from runtime.upstream.connections import (
    Address,
    Connections,
    Resolve,
    addresses_of,
)
from runtime.upstream.transport import pooled_transport

LARGEST_ANSWER = 64 * 1024

HostAndPort = tuple[str, int]


class TargetFault(Exception):
    """The target was not called, or did not answer; `reason` is for operators.

    `not_allowed`: an address that the rules forbid, which is `address`; `unreachable`:
    no connection, so nothing was sent; `timeout`; `too_large`; `no_http`: what came is
    no HTTP answer; `unresolved`: the host has no address.
    """

    def __init__(self, reason: str, address: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.address = address


class Outbound:
    """HTTP to addresses of documents.

    `private` are the networks that are allowed besides global addresses, and the only
    ones for http. `never` are hosts with ports that are not called wherever they are,
    Redis and the bucket; an empty host means any in a private network.
    """

    def __init__(
        self,
        *,
        private: Iterable[Network] = (),
        never: Iterable[HostAndPort] = (),
        clock: Callable[[], float] = time.monotonic,
        resolve: Resolve | None = None,
    ) -> None:
        self._private = tuple(private)
        self._never = frozenset(never)
        self._resolve = resolve or addresses_of
        self._transports = {
            scheme: pooled_transport(
                clock=clock,
                connections=Connections(clock, resolve=self._checked(scheme)),
                largest=LARGEST_ANSWER,
            )
            for scheme in ("http", "https")
        }

    def call(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        seconds: float,
        method: str = "POST",
    ) -> Answer:
        """Return the answer of the target, whatever its status; else TargetFault."""
        parts = urlsplit(url)
        if parts.scheme not in self._transports or parts.username is not None:
            raise TargetFault("not_allowed")
        target = f"{parts.scheme}://{parts.netloc}{parts.path or '/'}"
        target += f"?{parts.query}" if parts.query else ""
        try:
            return self._transports[parts.scheme](
                method, target, headers=headers, body=body, seconds=seconds
            )
        except _NotAllowed as error:
            raise TargetFault("not_allowed", error.address) from None
        except AnswerTooLarge:
            raise TargetFault("too_large") from None
        except WeChatTimeout:
            raise TargetFault("timeout") from None
        except WeChatUnavailable as error:
            reason = "unreachable" if error.nothing_sent else "no_http"
            raise TargetFault(reason) from None

    def check(self, url: str, *, private: bool = False) -> None:
        """Raise TargetFault if the URL could not be called as its host resolves now.

        With `private`, every address must be in an allowed network, as for http.
        """
        parts = urlsplit(url)
        scheme = "http" if private else parts.scheme
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            self._checked(scheme)(parts.hostname or "", port)
        except _NotAllowed as error:
            raise TargetFault("not_allowed", error.address) from None
        except OSError:
            raise TargetFault("unresolved") from None

    def _checked(self, scheme: str) -> Resolve:
        def resolve(host: str, port: int) -> list[Address]:
            never = {its_host for its_host, its_port in self._never if its_port == port}
            if host.lower().rstrip(".") in never:
                raise _NotAllowed(host)
            found = self._resolve(host, port)
            forbidden = self._addresses(never, port)
            for each in found:
                address = each[4][0]
                is_private = is_private_to(address, self._private)
                allowed = (
                    may_call(address, self._private)
                    and (scheme == "https" or is_private)
                    and not (is_private and "" in never)
                    and _as_called(address) not in forbidden
                )
                if not allowed:
                    raise _NotAllowed(address)
            return found

        return resolve

    def _addresses(self, hosts: Iterable[str], port: int) -> set[Ip]:
        found: set[Ip] = set()
        for host in filter(None, hosts):
            # A bucket need not have both of its names.
            with suppress(OSError):
                found |= {_as_called(each[4][0]) for each in self._resolve(host, port)}
        return found


def _as_called(text: str) -> Ip:
    """Return the address; the first one for all by which a machine calls itself."""
    address = meant_address(text)
    return ip_address("127.0.0.1") if address.is_loopback else address


class _NotAllowed(Exception):
    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address
