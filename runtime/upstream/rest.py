"""Body of an answer, read piece by piece; at its end the connection is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from runtime.errors import WeChatTimeout, WeChatUnavailable
from runtime.upstream.connections import Lent


class AnswerRest:
    """The part of an answer that has not been read.

    `may_keep` tells, at the end, whether the connection may serve another call;
    `before_piece` is called before each piece.
    """

    def __init__(
        self,
        pieces: Iterator[bytes],
        lent: Lent,
        *,
        may_keep: Callable[[], bool],
        before_piece: Callable[[], object],
    ) -> None:
        self._pieces = pieces
        self._lent = lent
        self._may_keep = may_keep
        self._before_piece = before_piece
        self.is_over = False
        self._lock = threading.Lock()
        self._reader: int | None = None
        self._is_interrupted = False

    def __iter__(self) -> Iterator[bytes]:
        """Return itself."""
        return self

    def __next__(self) -> bytes:
        """Return the next piece; WeChatUnavailable or WeChatTimeout if none comes."""
        with self._lock:
            if self.is_over:
                raise StopIteration
            self._reader = threading.get_ident()
        try:
            with errors_of_ours():
                self._before_piece()
                piece = self._next()
        finally:
            with self._lock:
                self._reader = None
            if self._is_interrupted:
                self._lent.close()
        if self._is_interrupted:
            raise WeChatUnavailable
        return piece

    def beginning(self, size: int) -> bytes:
        """Read a little more than `size` bytes, or all where the body is smaller."""
        content = bytearray()
        while len(content) <= size and not self.is_over:
            try:
                content += self._next()
            except StopIteration:
                break
        return bytes(content)

    def close(self) -> None:
        """Read no more; a connection on which bytes are left cannot be kept.

        Another thread that waits for a piece gets WeChatUnavailable, and closes the
        connection: closed here, its number could be that of another connection while
        TLS still reads from it and answers there.
        """
        self._end(is_kept=False)

    def _next(self) -> bytes:
        try:
            return next(self._pieces)
        except StopIteration:
            self._end(is_kept=self._may_keep())
            raise
        except BaseException:
            self.close()
            raise

    def _end(self, *, is_kept: bool) -> None:
        with self._lock:
            if self.is_over:
                return
            self.is_over = True
            if self._reader not in (None, threading.get_ident()):
                self._is_interrupted = True
                self._lent.interrupt()
                return
        (self._lent.give_back if is_kept else self._lent.close)()


@contextmanager
def errors_of_ours(*, nothing_sent: bool = False) -> Iterator[None]:
    """Turn errors of sockets, whose texts hold the URL and that a secret, into ours."""
    try:
        yield
    except TimeoutError:
        raise WeChatTimeout(nothing_sent=nothing_sent) from None
    except OSError:
        raise WeChatUnavailable(nothing_sent=nothing_sent) from None
