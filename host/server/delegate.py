"""Delegate of one request, on Tornado's HTTP server without tornado.web.

tornado.web would cost more CPU for each call than all of this module, and it handles
forms, ETags and methods in its own way.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from email.utils import formatdate
from http.client import responses as reasons
from typing import Any

from tornado.httputil import (
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerRequest,
    ResponseStartLine,
)

from host.fc.answer import Answer
from host.fc.call import Call, forwarded_headers
from host.fc.front import Front
from host.fc.instance import Instance
from host.fc.limits import MAX_BODY, check_body
from host.fc.refusals import Refusal, failure
from host.fc.routes import Target
from host.server.access_log import log_access
from host.server.workers import Workers
from runtime.web.client_address import client_address

log = logging.getLogger("host")


class RequestDelegate(HTTPMessageDelegate):
    """A request: it calls a function, or is refused as FC refuses it."""

    request: HTTPServerRequest
    pairs: list[tuple[str, str]]
    admitted: tuple[Instance, Target] | Refusal

    def __init__(
        self,
        connection: Any,
        *,
        front: Front,
        workers: Workers,
        trusted_hops: int,
    ) -> None:
        self.connection = connection
        self.front = front
        self.workers = workers
        self.trusted_hops = trusted_hops
        self.request_id = str(uuid.uuid4())
        self.chunks: list[bytes] = []
        self.size = 0

    def headers_received(self, start_line: Any, headers: HTTPHeaders) -> None:
        """Select the function; a refusal is sent when the body has been read."""
        self.request = HTTPServerRequest(
            connection=self.connection,
            start_line=start_line,
            headers=headers,
        )
        self.workers.in_flight.add(self)
        self.connection.set_close_callback(self.on_connection_close)
        self.pairs = list(headers.get_all())
        method, uri = str(self.request.method), str(self.request.uri)
        try:
            self.admitted = self.front.admit(method, uri, headers=self.pairs)
        except Refusal as refusal:
            self.admitted = refusal

    def data_received(self, chunk: bytes) -> None:
        """Keep the chunk; of a body that is too large, count only the size."""
        self.size += len(chunk)
        if self.size <= MAX_BODY:
            self.chunks.append(chunk)

    def finish(self) -> None:
        """Answer the complete request."""
        self.answering = asyncio.create_task(self._respond())

    def on_connection_close(self) -> None:
        """Note that no caller waits for the answer any more."""
        self.workers.in_flight.discard(self)

    async def _respond(self) -> None:
        try:
            self._send(await self._answer())
        except Refusal as refusal:
            self._send(refusal.answer())
        except Exception:
            log.exception("%s failed in the host", self.request_id)
            self._send(failure("HostError"))

    async def _answer(self) -> Answer:
        if isinstance(self.admitted, Refusal):
            raise self.admitted
        check_body(self.size)
        instance, target = self.admitted
        call = Call(
            method=str(self.request.method),
            uri=str(self.request.uri),
            path=target.path,
            request_id=self.request_id,
            client_ip=str(self.request.remote_ip),
            headers=forwarded_headers(self.pairs),
            body=b"".join(self.chunks),
        )
        return await self.workers.run(instance, call)

    def _send(self, answer: Answer) -> None:
        reason = reasons.get(answer.status, "Unknown")
        headers, body = self._headers(answer), answer.body
        if answer.status in (204, 304):
            body = b""
        else:
            headers.add("Content-Length", str(len(body)))
        if self.request.method == "HEAD":
            body = b""
        line = ResponseStartLine("", answer.status, reason)
        written = self.connection.write_headers(line, headers, body)
        self.connection.finish()
        # A caller may read a large answer slowly: the request is in flight until then.
        written.add_done_callback(lambda _: self.workers.in_flight.discard(self))
        self._log(answer.status)

    def _headers(self, answer: Answer) -> HTTPHeaders:
        headers = HTTPHeaders()
        headers.add("Date", formatdate(time.time(), usegmt=True))
        if isinstance(self.admitted, tuple) and self.admitted[1].by_default_form:
            # On FC's default domain every answer is a download.
            headers.add("Content-Disposition", "attachment")
        for name, value in answer.headers:
            headers.add(name, value)
        headers.add("X-Fc-Request-Id", self.request_id)
        return headers

    def _log(self, status: int) -> None:
        admitted = self.admitted
        log_access(
            method=str(self.request.method),
            uri=str(self.request.uri),
            status=status,
            milliseconds=self.request.request_time() * 1000,
            request_id=self.request_id,
            function=admitted[1].function.name if isinstance(admitted, tuple) else "-",
            client=self._client(),
        )

    def _client(self) -> str:
        return client_address(
            str(self.request.remote_ip),
            forwarded_for=self.request.headers.get("X-Forwarded-For"),
            trusted_hops=self.trusted_hops,
        )
