"""Report of a proxied call: one line in the audit log, and one count."""

from __future__ import annotations

import logging
import re
import time

from runtime.errors import GatewayError
from runtime.gateway import Gateway
from runtime.tokens.gateway_tokens import Caller
from runtime.upstream.answer import Answer
from runtime.usage.audit import Event, ProxiedCall, audit
from runtime.usage.metrics import (
    CALLS,
    OWN_SECONDS,
    UPSTREAM_CALLS,
    UPSTREAM_SECONDS,
    counted,
    path_class,
    timed,
)
from runtime.web.messages import Request

log = logging.getLogger("gateway")

_RID = re.compile(rb"rid: ([0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8})")


class Report:
    """A report of one call: its time from arrival on, and its outcome, once."""

    def __init__(self, request: Request, caller: Caller, gateway: Gateway) -> None:
        self._request = request
        self._caller = caller
        self._gateway = gateway
        self._began = time.perf_counter()
        self._upstream = 0.0
        self._attempts = 0
        self.bytes_up = len(request.body)

    def attempted(self, seconds: float) -> None:
        """Count one attempt at WeChat."""
        self._upstream += seconds
        self._attempts += 1

    def answered(self, answer: Answer) -> None:
        """Report WeChat's answer, even if it is an error."""
        errcode = answer.errcode
        rid = _RID.search(answer.body[:4096]) if errcode else None
        self._write(
            status=answer.status,
            errcode=errcode,
            rid=rid[1].decode() if rid else None,
            outcome="answered",
            bytes_down=len(answer.body),
        )

    def passed(self, answer: Answer, size: int, *, outcome: str) -> None:
        """Report an answer of which so many bytes were passed on."""
        self._write(status=answer.status, errcode=0, outcome=outcome, bytes_down=size)
        if outcome == "token_in_answer":
            self._log_token()

    def failed(self, error: GatewayError) -> None:
        """Report a call that got no answer."""
        self._write(status=error.status, errcode=error.errcode, outcome=error.code)
        if error.code == "token_in_answer":
            self._log_token()

    def _log_token(self) -> None:
        request = self._request
        log.error(
            "%s %s: WeChat showed the real token", request.request_id, request.path
        )

    def _write(
        self,
        *,
        status: int,
        errcode: int,
        outcome: str,
        rid: str | None = None,
        bytes_down: int = 0,
    ) -> None:
        request, caller = self._request, self._caller
        own = time.perf_counter() - self._began - self._upstream
        audit(
            ProxiedCall(
                request_id=request.request_id,
                client=caller.client_id,
                app=caller.appid,
                method=request.method,
                path=request.path,
                status=status,
                errcode=errcode,
                rid=rid,
                outcome=outcome,
                bytes_up=self.bytes_up,
                bytes_down=bytes_down,
                upstream_ms=round(self._upstream * 1000, 1),
                own_ms=round(own * 1000, 1),
                tries=self._attempts,
            )
        )
        # Only a successful answer shows that WeChat has such a path.
        known = outcome == "answered" and status == 200 and errcode != 40066
        code = errcode if known or errcode else -1
        kind = path_class(request.path)
        measures = {
            **counted(CALLS, caller.client_id, caller.appid, str(code)),
            **timed(OWN_SECONDS, caller.appid, kind, seconds=own),
        }
        if self._attempts:
            tried = counted(UPSTREAM_CALLS, caller.appid, str(code), by=self._attempts)
            took = timed(UPSTREAM_SECONDS, caller.appid, kind, seconds=self._upstream)
            measures |= {**tried, **took}
        self._gateway.counters.add(
            caller.client_id,
            caller.appid,
            request.path if known else "unknown",
            errcode=code,
            measures=measures,
        )


def note(request: Request, caller: Caller, event: str) -> None:
    """Write an event of our own endpoints, such as `token_read`, to the audit log."""
    audit(Event(request.request_id, caller.client_id, caller.appid, event))
