"""Request handler of a function: it calls the function as FC's HTTP trigger does."""

from __future__ import annotations

import io
import logging
import re
import time
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import IO, Any, ClassVar

from tornado.web import HTTPError, stream_request_body

from host.fc.answer import Answer
from host.fc.function_call import Call, forwarded_headers
from host.fc.instance import Instance
from host.fc.limits import MAX_BODY, check_body, check_head
from host.fc.refusals import Refusal, failure, overloaded, unknown_method
from host.fc.signature import AccessKey, check_signature
from host.server.answering import AnsweringHandler
from host.server.draining import draining_answer, is_probe
from host.server.request_body import Arrival, LeastRate, OverBudget, RequestBody
from host.server.workers import CallerGone, Workers
from runtime.web.client_address import client_address
from runtime.web.stored_body import ARRIVED, AWAITED
from template.served import Function

_CALLER_GONE = 499
"""The status that the access log shows where a call was not begun, as nginx has it."""

_SMALL = 64 * 1024
"""Bytes of a refused body that are read before the answer, which keeps the connection;
after a larger one it is closed."""

_DIGITS = re.compile("[0-9]{1,18}")

log = logging.getLogger("host")


@stream_request_body
class FunctionHandler(AnsweringHandler):
    """A request to one function; make_application makes a subclass for each.

    It reads the settings `workers`, `body_budget`, `draining`, `trusted_hops`,
    `access_key_id` and `access_key_secret`. `prefix` is the part of the path that the
    function does not get.
    """

    function: ClassVar[Function]
    instance: ClassVar[Instance]
    name: ClassVar[str]
    """As the access log shows it."""

    def initialize(self, prefix: str = "") -> None:
        """Begin the request."""
        self.begin(prefix)
        self.workers: Workers = self.settings["workers"]
        self.workers.in_flight.add(self)
        self.refused: Answer | None = None
        self.limit = MAX_BODY
        self.body = RequestBody(self.settings["body_budget"])
        self.body_is_kept = True
        self.size = 0
        self.phase = ""
        self.arrival: Arrival | None = None

    async def prepare(self) -> None:
        """Look at the head; what it already refuses is not kept when it comes."""
        announced = self._announced()
        try:
            self.admit()
            if not self.instance.is_loaded:
                await self.workers.load(self.instance)
            method, path = str(self.request.method), self._path()
            self.limit = self.instance.body_limit(method, path)
            if announced is not None:
                await self._check_size(announced)
            is_small = announced is not None and announced <= _SMALL
            if self.refused is None and not is_small:
                await self._ask_for_body(announced, method, path)
        except Refusal as refusal:
            self.refused = refusal.answer()
        if announced != 0:
            least = self.settings.get("least_rate", LeastRate())
            self.arrival = Arrival(least, too_slow=self._too_slow)
        if self.refused and (announced is None or announced > _SMALL):
            self.refuse_early(self.refused)

    async def _ask_for_body(
        self, announced: int | None, method: str, path: str
    ) -> None:
        """Let the function check the caller before a large body is kept."""
        if not self.instance.has_late_body(method, path):
            return
        if method in ("GET", "HEAD"):  # no view reads it
            self.body_is_kept = False
            return
        length = self.limit if announced is None else announced
        call = self._call(stream=io.BytesIO(), length=length)
        call = replace(call, body_phase=AWAITED)
        answer = await self.workers.run(self.instance, call, wanted=lambda: True)
        if answer.status == 100:
            self.phase = ARRIVED
        else:
            self.refused = answer

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
            if self.body_is_kept:
                self.body.append(chunk)
            self.size += len(chunk)
            await self._check_size(self.size)
        except OverBudget:
            self.refused = overloaded("the bodies of requests take too much room")
        except Refusal as refusal:
            self.refused = refusal.answer()
        if self.refused is not None:
            self.body.discard()
            self.refuse_early(self.refused)

    async def call(self) -> None:
        """Call the function with the complete request, and send its answer."""
        self.body_is_complete = True
        if self.arrival is not None:
            self.arrival.stop()
        if self.is_answered_early:
            self.end()
        elif self.refused is not None:
            self.send(self.refused)
        elif self._is_probe_of_a_drain():
            self.send(draining_answer(self.name))
        else:
            await self._run()

    get = head = post = put = delete = patch = options = call

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
        """Log an error of the host under the request's id.

        None is a refusal, nor an unknown method, which Tornado itself refuses.
        """
        if value is not None and not isinstance(value, (Refusal, HTTPError)):
            log.error("%s failed in the host", self.request_id, exc_info=value)

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

    def release(self) -> None:
        """Let go of the body and of the place in the shutdown's list."""
        self.workers.in_flight.discard(self)
        self.body.discard()
        if self.arrival is not None:
            self.arrival.stop()

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
            body_phase=self.phase,
        )

    def _is_probe_of_a_drain(self) -> bool:
        draining = self.settings.get("draining")
        return (
            draining is not None
            and draining.has_begun
            and is_probe(self._path(), self.name)
        )

    async def _run(self) -> None:
        call = self._call(stream=self.body.stream(), length=self.body.size)
        wanted = self.is_wanted
        try:
            answer = await self.workers.run(self.instance, call, wanted=wanted)
            if answer.parts is None:
                self.send(answer)
            else:
                in_thread = partial(self.workers.run_part, self.instance, call)
                await self.send_parts(answer, answer.parts, in_thread=in_thread)
        except CallerGone:
            self.set_status(_CALLER_GONE, "Client Closed Request")  # for the log alone
            self.end()

    def _too_slow(self) -> None:
        if self.is_answered_early:
            return
        message = "the body came too slowly"
        self.refused = Refusal(408, "RequestTimeout", message).answer()
        self.body.discard()
        self.refuse_early(self.refused)


class NoFunctionHandler(FunctionHandler):
    """A request to a path that no route leads to a function."""

    name = "-"

    def admit(self) -> None:
        """Refuse the request."""
        raise Refusal(404, "DomainRouteNotFound", "no function answers this path")
