"""What is written down of a proxied call: one line, and one count."""

from __future__ import annotations

import re
import time

from runtime.access import Access
from runtime.audit import ProxiedCall, audit
from runtime.calls import Called
from runtime.errors import GatewayError
from runtime.gateway import Gateway
from runtime.messages import Request

_RID = re.compile(rb"rid: ([0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8})")


class Report:
    """Begun when a call comes in; told once, when it is known what came of it."""

    def __init__(self, request: Request, access: Access, gateway: Gateway) -> None:
        self._request = request
        self._access = access
        self._gateway = gateway
        self._began = time.perf_counter()

    def answered(self, called: Called) -> None:
        """Tell of WeChat's answer, whatever it says."""
        answer, errcode = called.answer, called.answer.errcode
        rid = _RID.search(answer.body[:4096]) if errcode else None
        self._tell(
            status=answer.status,
            errcode=errcode,
            rid=rid[1].decode() if rid else None,
            outcome="answered",
            bytes_down=len(answer.body),
            upstream=called.seconds,
            tries=called.tries,
        )

    def failed(self, error: GatewayError) -> None:
        """Tell of a call without an answer."""
        self._tell(status=error.status, errcode=error.errcode, outcome=error.code)

    def _tell(
        self,
        *,
        status: int,
        errcode: int,
        outcome: str,
        rid: str | None = None,
        bytes_down: int = 0,
        upstream: float = 0.0,
        tries: int = 0,
    ) -> None:
        request, access = self._request, self._access
        own = time.perf_counter() - self._began - upstream
        audit(
            ProxiedCall(
                request_id=request.request_id,
                client=access.client_id,
                app=access.appid,
                method=request.method,
                path=request.path,
                status=status,
                errcode=errcode,
                rid=rid,
                outcome=outcome,
                bytes_up=len(request.body),
                bytes_down=bytes_down,
                upstream_ms=round(upstream * 1000, 1),
                own_ms=round(own * 1000, 1),
                tries=tries,
            )
        )
        self._gateway.counters.add(
            access.client_id, access.appid, request.path, errcode=errcode
        )
