"""Passing on of a large answer of WeChat's, piece by piece."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack

from functions.wechat_api.report import Report
from runtime.errors import GatewayError
from runtime.upstream.answer import Answer
from runtime.web.streamed import Rest


class Passing:
    """The rest of an answer; at its end the call is reported and its place is free.

    `place` is left then. An error cuts the answer, so that no caller takes it for
    whole.
    """

    def __init__(
        self, answer: Answer, rest: Rest, report: Report, *, place: ExitStack
    ) -> None:
        self._answer = answer
        self._rest = rest
        self._report = report
        self._place = place
        self._size = len(answer.body)
        self._is_over = False
        self._ending = threading.Lock()

    def __iter__(self) -> Iterator[bytes]:
        """Return itself."""
        return self

    def __next__(self) -> bytes:
        """Return the next piece."""
        try:
            piece = next(self._rest)
        except StopIteration:
            self._end("answered")
            raise
        except GatewayError as error:
            self._end(error.code)
            raise
        self._size += len(piece)
        return piece

    def close(self) -> None:
        """Read no more: the caller has gone, or the answer is complete."""
        self._end("caller_gone")

    def _end(self, outcome: str) -> None:
        with self._ending:
            is_over, self._is_over = self._is_over, True
        if is_over:
            return
        try:
            self._rest.close()
            self._report.passed(self._answer, self._size, outcome=outcome)
        finally:
            self._place.close()
