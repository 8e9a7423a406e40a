"""Request handler of a function: it calls the function as FC's HTTP trigger does."""

from __future__ import annotations

import asyncio
import io
import logging
import re
import time
import uuid
from collections.abc import Iterator
from functools import partial
from http.client import responses as reasons
from types import TracebackType
from typing import IO, Any, ClassVar

from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler, stream_request_body

from host.fc.answer import Answer
from host.fc.function_call import Call, forwarded_headers
from host.fc.instance import Instance
from host.fc.limits import MAX_BODY, check_body, check_head
from host.fc.refusals import Refusal, failure, overloaded, unknown_method
from host.fc.signature import AccessKey, check_signature
from host.server.request_body import Arrival, LeastRate, OverBudget, RequestBody
from host.server.workers import CallerGone, Workers
from runtime.web.client_address import client_address
from template.served import Function

_CALLER_GONE = 499
"""The status that the access log shows where a call was not begun, as nginx has it."""

_SMALL = 64 * 1024
"""Bytes of a refused body that are read before the answer, which keeps the connection;
after a larger one it is closed."""

_LINGER_SECONDS = 5.0
"""How long a refused body is read, and dropped, after the answer was sent."""

_SEND_SECONDS = 60.0
"""How long a caller may take for one part of an answer that is sent in parts."""

_DIGITS = re.compile("[0-9]{1,18}")

log = logging.getLogger("host")


@stream_request_body
class FunctionHandler(RequestHandler):
    """A request to one function; make_application makes a subclass for each.

    It reads the settings `workers`, `body_budget`, `trusted_hops`, `access_key_id` and
    `access_key_secret`. `prefix` is the part of the path that the function does not
    get.
    """

    function: ClassVar[Function]
    instance: ClassVar[Instance]
    name: ClassVar[str]
    """As the access log shows it."""

    def initialize(self, prefix: str = "") -> None:
        """Begin the request."""
        self.prefix = prefix
        self.request_id = str(uuid.uuid4())
        self.workers: Workers = self.settings["workers"]
        self.workers.in_flight.add(self)
        self.refused: Answer | None = None
        self.limit = MAX_BODY
        self.body = RequestBody(self.settings["body_budget"])
        self.arrival: Arrival | None = None
        self.body_is_complete = False
        self.is_answered_early = False
        self.is_finished = False
        self.caller_is_gone = False

    def set_default_headers(self) -> None:
        """Remove what FC does not send."""
        self.clear_header("Server")
        self.clear_header("Content-Type")

    def compute_etag(self) -> None:
        """Leave entity tags to the functions."""

    async def prepare(self) -> None:
        """Look at the head; what it already refuses is not kept when it comes."""
        announced = self._announced()
        if announced != 0:
            least = self.settings.get("least_rate", LeastRate())
            self.arrival = Arrival(least, too_slow=self._too_slow)
        try:
            self.admit()
            if not self.instance.is_loaded:
                await self.workers.load(self.instance)
            method, path = str(self.request.method), self._path()
            self.limit = self.instance.body_limit(method, path)
            if announced is not None:
                await self._check_size(announced)
        except Refusal as refusal:
            self.refused = refusal.answer()
        if self.refused and (announced is None or announced > _SMALL):
            self._refuse_early(self.refused)

    def admit(self) -> None:
        """Raise Refusal if the request must not reach the function."""
        method, uri = str(self.request.method), str(self.request.uri)
        pairs = list(self.request.headers.get_all())
        check_head(uri, pairs)
        if method not in self.function.methods:
            raise unknown_method()
        if self.function.auth != "ANONYMOUS":
            options = self.settings
            check_signature(
                method,
                uri,
                headers={name.lower(): value for name, value in pairs},
                key=AccessKey(options["access_key_id"], options["access_key_secret"]),
                now=time.time(),
            )

    async def data_received(self, chunk: bytes) -> None:
        """Keep the chunk, if the request is not refused."""
        if self.arrival is not None:
            self.arrival.size += len(chunk)
        if self.refused is not None:
            return
        try:
            self.body.append(chunk)
            await self._check_size(self.body.size)
        except OverBudget:
            self.refused = overloaded("the bodies of requests take too much room")
        except Refusal as refusal:
            self.refused = refusal.answer()
        if self.refused is not None:
            self.body.discard()
            self._refuse_early(self.refused)

    async def call(self) -> None:
        """Call the function with the complete request, and send its answer."""
        self.body_is_complete = True
        if self.arrival is not None:
            self.arrival.stop()
        if self.is_answered_early:
            self._end()
        elif self.refused is not None:
            self.send(self.refused)
        else:
            await self._run()

    get = head = post = put = delete = patch = options = call

    def send(self, answer: Answer) -> None:
        """Send the answer, and end the request when its last byte is out."""
        self._write(answer)
        self._end()

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer as FC does: to a refusal, an unknown method, or an error of ours."""
        error = kwargs["exc_info"][1]
        if isinstance(error, Refusal):
            self.send(error.answer())
        elif status_code == 405:
            self.send(unknown_method().answer())
        else:
            self.send(failure("HostError"))

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Log an error of the host under the request's id; a refusal is none."""
        if value is not None and not isinstance(value, Refusal):
            log.error("%s failed in the host", self.request_id, exc_info=value)

    def is_wanted(self) -> bool:
        """Tell whether the caller still waits for the answer; threads ask this."""
        return not self.caller_is_gone

    def on_connection_close(self) -> None:
        """Note that no caller waits for the answer any more."""
        super().on_connection_close()
        self.caller_is_gone = True
        self._release()

    def on_finish(self) -> None:
        """Give the body's room back; who still reads it has it."""
        self.body.discard()

    def client(self) -> str:
        """Return the caller's address for the access log."""
        return client_address(
            str(self.request.remote_ip),
            forwarded_for=self.request.headers.get("X-Forwarded-For"),
            trusted_hops=self.settings["trusted_hops"],
        )

    def _announced(self) -> int | None:
        """Return the length of the body by the head, None if it comes in chunks.

        A malformed length is answered by Tornado, with 400.
        """
        if "Transfer-Encoding" in self.request.headers:
            return None
        length = self.request.headers.get("Content-Length", "").partition(",")[0]
        return int(length) if _DIGITS.fullmatch(length) else 0

    def _path(self) -> str:
        return self.request.path[len(self.prefix) :] or "/"

    async def _check_size(self, size: int) -> None:
        """Let the function refuse a body beyond its limit; Refusal beyond FC's."""
        if size <= self.limit:
            return
        check_body(size)
        # The function sees that the body is too large, and reads none of it.
        call = self._call(stream=io.BytesIO(), length=size)
        self.refused = await self.workers.run(self.instance, call, wanted=lambda: True)

    def _call(self, *, stream: IO[bytes], length: int) -> Call:
        return Call(
            method=str(self.request.method),
            uri=str(self.request.uri),
            path=self._path(),
            request_id=self.request_id,
            peer_ip=str(self.request.remote_ip),
            headers=forwarded_headers(self.request.headers.get_all()),
            stream=stream,
            length=length,
        )

    async def _run(self) -> None:
        call = self._call(stream=self.body.stream(), length=self.body.size)
        wanted = self.is_wanted
        try:
            answer = await self.workers.run(self.instance, call, wanted=wanted)
            if answer.parts is None:
                self.send(answer)
            else:
                await self._send_parts(call, answer, answer.parts)
        except CallerGone:
            self.set_status(_CALLER_GONE, "Client Closed Request")  # for the log alone
            self._end()

    def _write(self, answer: Answer) -> None:
        self.set_status(answer.status, reasons.get(answer.status, "Unknown"))
        if self.prefix:  # on FC's default domain every answer is a download
            self.add_header("Content-Disposition", "attachment")
        for name, value in answer.headers:
            self.add_header(name, value)
        self.add_header("X-Fc-Request-Id", self.request_id)
        if not self.body_is_complete:
            self.add_header("Connection", "close")
        if answer.status not in (204, 304):
            self.write(answer.body)

    async def _send_parts(
        self, call: Call, answer: Answer, parts: Iterator[bytes]
    ) -> None:
        """Send the parts as the caller takes them; a fault cuts the connection.

        A thread is needed only while a part is made, not while the caller reads.
        """
        self._write(answer)
        if answer.length is not None:
            self.set_header("Content-Length", str(answer.length))
        try:
            part: bytes | None = b""
            while part is not None and self.request.method != "HEAD":
                if part:
                    self.write(part)
                    await asyncio.wait_for(self.flush(), _SEND_SECONDS)
                part = await self.workers.run_part(
                    self.instance, call, partial(next, parts, None)
                )
            self._end()
        except Exception as error:
            if not isinstance(error, StreamClosedError):
                log.error("%s was cut short", self.request_id, exc_info=error)
            self.is_finished = True
            self.application.log_request(self)
            self.detach().close()
            self._release()
        finally:
            close = getattr(parts, "close", _nothing)
            await self.workers.run_part(self.instance, call, close)

    def _refuse_early(self, answer: Answer) -> None:
        """Send the answer before the end of the body, and read no more of it for long.

        Without that time a caller that still sends would not see the answer.
        """
        self.is_answered_early = True
        self._write(answer)
        if "Expect" in self.request.headers:  # the caller waits before it sends
            return self._end()
        if answer.status not in (204, 304):
            self.set_header("Content-Length", str(len(answer.body)))
        self.flush()
        asyncio.get_running_loop().call_later(_LINGER_SECONDS, self._hang_up)

    def _too_slow(self) -> None:
        if self.is_answered_early:
            return
        message = "the body came too slowly"
        self.refused = Refusal(408, "RequestTimeout", message).answer()
        self.body.discard()
        self._refuse_early(self.refused)

    def _hang_up(self) -> None:
        """End the request before the end of its body, which closes the connection."""
        if not self.is_finished:
            self._end()

    def _end(self) -> None:
        self.is_finished = True
        # A caller may read a large answer slowly: the request is in flight until then.
        self.finish().add_done_callback(lambda _: self._release())

    def _release(self) -> None:
        self.workers.in_flight.discard(self)
        self.body.discard()
        if self.arrival is not None:
            self.arrival.stop()


class NoFunctionHandler(FunctionHandler):
    """A request to a path that no route leads to a function."""

    name = "-"

    def admit(self) -> None:
        """Refuse the request."""
        raise Refusal(404, "DomainRouteNotFound", "no function answers this path")


def _nothing() -> None:
    pass
