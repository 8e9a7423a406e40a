"""The Tornado side: takes requests from the socket and hands them to the functions."""

from __future__ import annotations

import logging
import uuid
from typing import Any

from tornado.web import (
    Application,
    HTTPError,
    RequestHandler,
    stream_request_body,
)

from host.access_log import log_access
from host.answer import Answer
from host.call import Call, passed_on
from host.front import Front
from host.instance import Instance
from host.limits import BODY, check_body
from host.refusals import Refusal, failure, unknown_method
from host.routes import Target
from host.workers import Workers

log = logging.getLogger("host")


# Streaming, so that Tornado parses no form: the body is the function's business.
@stream_request_body
class FunctionHandler(RequestHandler):
    """Whatever comes in is a call of some function, or refused as FC refuses it."""

    SUPPORTED_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")

    def initialize(self, front: Front, workers: Workers) -> None:
        """Take the shared parts; nothing is known of the request yet."""
        self.front = front
        self.workers = workers
        self.workers.in_flight.add(self)
        self.request_id = str(uuid.uuid4())
        self.admitted: tuple[Instance, Target] | Refusal | None = None
        self.chunks: list[bytes] = []
        self.size = 0

    def set_default_headers(self) -> None:
        """Leave out what FC does not add."""
        self.clear_header("Server")
        self.clear_header("Content-Type")

    def compute_etag(self) -> None:
        """FC adds none."""

    def prepare(self) -> None:
        """Decide who answers; a refusal waits until the body has been read."""
        self.pairs = list(self.request.headers.get_all())
        method, uri = str(self.request.method), str(self.request.uri)
        try:
            self.admitted = self.front.admit(method, uri, headers=self.pairs)
        except Refusal as refusal:
            self.admitted = refusal

    def data_received(self, chunk: bytes) -> None:
        """Keep what comes; of a body too large no more than its size."""
        self.size += len(chunk)
        if self.size <= BODY:
            self.chunks.append(chunk)

    async def respond(self) -> None:
        """Answer, whatever the method."""
        try:
            self._give(await self._answer())
        except Refusal as refusal:
            self._give(refusal.answer())

    delete = get = head = options = patch = post = put = respond

    async def _answer(self) -> Answer:
        if isinstance(self.admitted, Refusal) or self.admitted is None:
            raise self.admitted or Refusal(400, "InvalidArgument", "no request")
        check_body(self.size)
        instance, target = self.admitted
        call = Call(
            method=str(self.request.method),
            uri=str(self.request.uri),
            path=target.path,
            request_id=self.request_id,
            client_ip=str(self.request.remote_ip),
            headers=passed_on(self.pairs),
            body=b"".join(self.chunks),
        )
        if target.by_default_form:
            # FC's default domain has every browser save what it gets.
            self.set_header("Content-Disposition", "attachment")
        return await self.workers.run(instance, call)

    def write_error(self, status_code: int, **_: Any) -> None:
        """Answer for Tornado: a method it does not know, or a fault of this host."""
        self.set_header("Connection", "close")  # the body was not read
        if status_code == 405:
            return self._give(unknown_method().answer())
        self._give(failure("HostError"))

    def log_exception(self, *exc_info: Any) -> None:
        """Log under the request's id; Tornado's own line would hold the whole query."""
        if not isinstance(exc_info[1], HTTPError):
            log.error("%s failed in the host", self.request_id, exc_info=exc_info)

    def _give(self, answer: Answer) -> None:
        self.set_status(answer.status)
        for name, value in answer.headers:
            self.add_header(name, value)
        self.set_header("X-Fc-Request-Id", self.request_id)
        self.finish(None if answer.status in (204, 304) else answer.body)

    def on_finish(self) -> None:
        """Note that the request is over."""
        self.workers.in_flight.discard(self)

    def on_connection_close(self) -> None:
        """Note that nobody waits for the answer any more."""
        super().on_connection_close()
        self.workers.in_flight.discard(self)


def make_application(front: Front, workers: Workers, **settings: Any) -> Application:
    """Return the application; `settings` are Tornado's own."""
    handler = (r".*", FunctionHandler, {"front": front, "workers": workers})
    return Application([handler], log_function=_log, **settings)


def _log(handler: RequestHandler) -> None:
    admitted = getattr(handler, "admitted", None)
    log_access(
        method=str(handler.request.method),
        uri=str(handler.request.uri),
        status=handler.get_status(),
        milliseconds=handler.request.request_time() * 1000,
        request_id=getattr(handler, "request_id", "-"),
        function=admitted[1].function.name if isinstance(admitted, tuple) else "-",
    )
