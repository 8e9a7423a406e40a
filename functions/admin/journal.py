"""The admin log: who did what to which document, with ids and no other value."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from runtime.errors import GatewayError
from runtime.gateway import Gateway
from runtime.operations.recorded import Operator
from runtime.web.client_address import client_address
from runtime.web.messages import Request

log = logging.getLogger("gateway.admin")

_SIGNED_BY = re.compile(r"FC ([A-Za-z0-9._-]{1,64}):")
_NAMED_BY = (("appid",), ("client_id",), ("kind", "id"))
# What looks like a secret was passed by mistake, and is not logged.
_NAME = re.compile(r"(?!.*[0-9a-f]{32})[A-Za-z0-9_-]{1,64}")
_HASH = re.compile(r"[0-9a-f]{64}")
_LONGEST = 1000


@contextmanager
def logged_change(
    request: Request, verb: str, arguments: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Log request id, access key id, verb, ids and outcome of what the block does.

    The block may add to the ids that it is given. The access key id is the one of the
    signature, which the trigger has checked; `-` if the platform does not pass it on.
    """
    groups = [group for group in _NAMED_BY if arguments.keys() >= set(group)]
    named = {each: arguments[each] for group in groups for each in group}
    outcome = GatewayError.code
    try:
        yield named
        outcome = "done"
    except GatewayError as error:
        outcome = error.code
        raise
    finally:
        key_id = _key_id(request)
        log.info(
            "%s %s %s %s: %s", request.request_id, key_id, verb, _of(named), outcome
        )


def operator_of(request: Request, gateway: Gateway) -> Operator:
    """Return who has signed the request, and from where it came."""
    address = client_address(
        request.peer_ip,
        forwarded_for=request.header("x-forwarded-for"),
        trusted_hops=gateway.settings.trusted_proxy_hops,
    )
    return Operator(_key_id(request), "admin", address, request.request_id)


def _key_id(request: Request) -> str:
    signer = _SIGNED_BY.match(request.header("authorization") or "")
    return signer[1] if signer else "-"


def _of(named: Mapping[str, Any]) -> str:
    if _HASH.fullmatch(str(named.get("id", ""))) and "kind" not in named:
        return f"people/{named['id']}"
    for group in _NAMED_BY:
        names = [named.get(each) for each in group]
        if all(isinstance(name, str) and _NAME.fullmatch(name) for name in names):
            return "/".join(map(str, names))
    written = [*named.get("written", ()), *named.get("resealed", ())]
    return ",".join(written)[:_LONGEST] or "-"
