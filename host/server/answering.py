"""Sending of answers: whole or in parts, early or late, to callers who may be slow."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from functools import partial
from http.client import responses as reasons
from typing import Any, TypeVar

from tornado.http1connection import HTTP1Connection
from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler

from host.fc.answer import Answer

T = TypeVar("T")

SEND_SECONDS = 60.0
"""How long a caller may take for one part of an answer, and for the rest of one."""

LEAST_SENT = 4096
"""Bytes a second, for which a large answer gets more time."""

_LINGER_SECONDS = 5.0
"""How long a refused body is read, and dropped, after the answer was sent."""

log = logging.getLogger("host")


class AnsweringHandler(RequestHandler):
    """A request handler that sends answers of functions, and then lets go of all.

    It reads the setting `send_seconds`. A caller who does not take the answer in time
    is cut off.
    """

    def begin(self, prefix: str) -> None:
        """Note what the function does not get of the path, and give the request an id.

        With a prefix the request has come on FC's default domain.
        """
        self.prefix = prefix
        self.request_id = str(uuid.uuid4())
        self.body_is_complete = False
        self.is_answered_early = False
        self.is_finished = False
        self.caller_is_gone = False
        self._close_parts: Callable[[], Awaitable[Any]] | None = None

    def set_default_headers(self) -> None:
        """Remove what FC does not send."""
        self.clear_header("Server")
        self.clear_header("Content-Type")

    def compute_etag(self) -> None:
        """Leave entity tags to the functions."""

    def release(self) -> None:
        """Let go of what the request holds: its answer is out, or its caller gone."""

    def is_wanted(self) -> bool:
        """Tell whether the caller still waits for the answer; threads ask this."""
        return not self.caller_is_gone

    def on_connection_close(self) -> None:
        """Note that no caller waits for the answer any more, and read no more of it."""
        super().on_connection_close()
        self.caller_is_gone = True
        if self._close_parts is not None:
            self._closing = asyncio.ensure_future(self._close_parts())
        self.release()

    def send(self, answer: Answer) -> None:
        """Send the answer, and end the request when its last byte is out."""
        self._write(answer)
        self.end()

    async def send_parts(
        self,
        answer: Answer,
        parts: Iterator[bytes],
        *,
        in_thread: Callable[[Callable[[], Any]], Awaitable[Any]],
    ) -> None:
        """Send the parts as the caller takes them; a fault cuts the connection.

        A thread is needed only while a part is made, not while the caller reads.
        """
        close = getattr(parts, "close", _nothing)
        self._close_parts = partial(in_thread, close)
        self._write(answer)
        if answer.length is not None:
            self.set_header("Content-Length", str(answer.length))
        try:
            part: bytes | None = b""
            while part is not None and self.request.method != "HEAD":
                if part:
                    self.write(part)
                    await asyncio.wait_for(self.flush(), self._send_seconds)
                part = await in_thread(partial(next, parts, None))
            self.end()
        except Exception as error:
            if not self.caller_is_gone and not isinstance(error, StreamClosedError):
                log.error("%s was cut short", self.request_id, exc_info=error)
            self.is_finished = True
            self.application.log_request(self)
            self.detach().close()
            self.release()
        finally:
            self._close_parts = None
            try:
                await in_thread(close)
            except asyncio.CancelledError:  # the process ends, and its threads have
                with suppress(Exception):
                    close()
                raise

    def refuse_early(self, answer: Answer) -> None:
        """Send the answer before the end of the body, and read no more of it for long.

        Without that time a caller that still sends would not see the answer.
        """
        self.is_answered_early = True
        self._write(answer)
        if "Expect" in self.request.headers:  # the caller waits before it sends
            return self.end()
        if answer.status not in (204, 304):
            self.set_header("Content-Length", str(len(answer.body)))
        self.flush()
        asyncio.get_running_loop().call_later(_LINGER_SECONDS, self._hang_up)

    def end(self) -> None:
        """End the request; what it holds is released when the last byte is out."""
        self.is_finished = True
        size = sum(map(len, self._write_buffer))
        # Before finish(), which lets go of the connection.
        connection = self.request.connection
        sent = self.finish()
        if sent.done():
            return self.release()
        # A caller may read a large answer slowly: it is in flight until then.
        seconds = self._send_seconds + size / LEAST_SENT
        loop = asyncio.get_running_loop()
        timer = loop.call_later(seconds, self._cut, connection)

        def release(_: object) -> None:
            timer.cancel()
            self.release()

        sent.add_done_callback(release)

    @property
    def _send_seconds(self) -> float:
        return float(self.settings.get("send_seconds", SEND_SECONDS))

    def _write(self, answer: Answer) -> None:
        self.set_status(answer.status, reasons.get(answer.status, "Unknown"))
        names = {name.lower() for name, _ in answer.headers}
        # On FC's default domain every answer is a download.
        if self.prefix and "content-disposition" not in names:
            self.add_header("Content-Disposition", "attachment")
        for name, value in answer.headers:
            self.add_header(name, value)
        self.add_header("X-Fc-Request-Id", self.request_id)
        if not self.body_is_complete:
            self.add_header("Connection", "close")
        if answer.status not in (204, 304):
            self.write(answer.body)

    def _hang_up(self) -> None:
        """End the request before the end of its body, which closes the connection."""
        if not self.is_finished:
            self.end()

    def _cut(self, connection: object) -> None:
        log.info("%s was not taken in time", self.request_id)
        if isinstance(connection, HTTP1Connection):
            connection.stream.close()


def _nothing() -> None:
    pass
