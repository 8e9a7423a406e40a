"""Request handler of a function: it calls the function as FC's HTTP trigger does."""

from __future__ import annotations

import logging
import time
import uuid
from http.client import responses as reasons
from types import TracebackType
from typing import Any, ClassVar

from tornado.web import RequestHandler, stream_request_body

from host.fc.answer import Answer
from host.fc.function_call import Call, forwarded_headers
from host.fc.instance import Instance
from host.fc.limits import MAX_BODY, check_body, check_head
from host.fc.refusals import Refusal, failure, unknown_method
from host.fc.signature import AccessKey, check_signature
from host.server.workers import CallerGone, Workers
from runtime.web.client_address import client_address
from template.served import Function

_CALLER_GONE = 499
"""The status that the access log shows where a call was not begun, as nginx has it."""

log = logging.getLogger("host")


@stream_request_body
class FunctionHandler(RequestHandler):
    """A request to one function; make_application makes a subclass for each.

    It reads the settings `workers`, `trusted_hops`, `access_key_id` and
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
        self.refusal: Refusal | None = None
        self.chunks: list[bytes] = []
        self.size = 0
        self.body_is_complete = False
        self.caller_is_gone = False

    def set_default_headers(self) -> None:
        """Remove what FC does not send."""
        self.clear_header("Server")
        self.clear_header("Content-Type")

    def compute_etag(self) -> None:
        """Leave entity tags to the functions."""

    async def prepare(self) -> None:
        """Refuse what FC refuses by the head; the answer waits for the body.

        An answer before the end of the body would close the connection.
        """
        try:
            self.admit()
            if not self.instance.is_loaded:
                await self.workers.load(self.instance)
        except Refusal as refusal:
            self.refusal = refusal

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

    def data_received(self, chunk: bytes) -> None:
        """Keep the chunk, unless the request is refused or the body too large."""
        self.size += len(chunk)
        if self.refusal is None and self.size <= MAX_BODY:
            self.chunks.append(chunk)

    async def call(self) -> None:
        """Call the function with the complete request, and send its answer."""
        self.body_is_complete = True
        if self.refusal is not None:
            raise self.refusal
        check_body(self.size)
        call = Call(
            method=str(self.request.method),
            uri=str(self.request.uri),
            path=self.request.path[len(self.prefix) :] or "/",
            request_id=self.request_id,
            peer_ip=str(self.request.remote_ip),
            headers=forwarded_headers(self.request.headers.get_all()),
            body=b"".join(self.chunks),
        )
        try:
            wanted = self.is_wanted
            self.send(await self.workers.run(self.instance, call, wanted=wanted))
        except CallerGone:
            self.set_status(_CALLER_GONE, "Client Closed Request")  # for the log alone
            self.finish()

    get = head = post = put = delete = patch = options = call

    def send(self, answer: Answer) -> None:
        """Send the answer, and end the request when its last byte is out."""
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
        # A caller may read a large answer slowly: the request is in flight until then.
        self.finish().add_done_callback(lambda _: self.workers.in_flight.discard(self))

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
        self.workers.in_flight.discard(self)

    def client(self) -> str:
        """Return the caller's address for the access log."""
        return client_address(
            str(self.request.remote_ip),
            forwarded_for=self.request.headers.get("X-Forwarded-For"),
            trusted_hops=self.settings["trusted_hops"],
        )


class NoFunctionHandler(FunctionHandler):
    """A request to a path that no route leads to a function."""

    name = "-"

    def admit(self) -> None:
        """Refuse the request."""
        raise Refusal(404, "DomainRouteNotFound", "no function answers this path")
