"""The exchange with WeChat itself: HTTP over kept-alive connections."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from runtime.errors import WeChatTimeout, WeChatUnavailable, WeChatUnreachable
from runtime.wechat import Answer, Transport

CONNECT_SECONDS = 2.0

TRUSTED_SECONDS = 15.0
"""How long a connection may have been idle: FC freezes an instance between requests,
and what it had open may die meanwhile without a word."""


def pooled_transport(*, clock: Callable[[], float] = time.monotonic) -> Transport:
    """Return a transport that keeps connections, follows nothing, repeats nothing."""
    # It logs addresses, and an address holds a secret or a token.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    return _Pooled(clock)


class _Pooled:
    def __init__(self, clock: Callable[[], float]) -> None:
        from urllib3 import PoolManager

        self._pool = PoolManager(maxsize=32, retries=False)
        self._clock = clock
        self._used_at = clock()
        self._lock = threading.Lock()

    def __call__(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        seconds: float,
    ) -> Answer:
        from urllib3 import Timeout
        from urllib3.exceptions import (
            ConnectTimeoutError,
            HTTPError,
            NewConnectionError,
            TimeoutError,
        )

        self._drop_idle()
        deadline = self._clock() + seconds
        try:
            response = self._pool.request(
                method,
                url,
                headers=dict(headers),
                body=body,
                redirect=False,
                preload_content=False,
                decode_content=False,
                timeout=Timeout(total=seconds, connect=CONNECT_SECONDS),
            )
            content = self._content(response, deadline)
        # The errors' own texts hold the address, and that a secret: from None.
        except (NewConnectionError, ConnectTimeoutError):
            raise WeChatUnreachable from None
        except TimeoutError:
            raise WeChatTimeout from None
        except HTTPError:
            raise WeChatUnavailable from None
        return Answer(response.status, tuple(response.headers.items()), content)

    def _content(self, response: Any, deadline: float) -> bytes:
        # The time-out is for each piece; the deadline is for all of them.
        pieces = []
        while piece := response.read1(65536):
            pieces.append(piece)
            if self._clock() > deadline:
                response.close()
                raise WeChatTimeout
        return b"".join(pieces)

    def _drop_idle(self) -> None:
        with self._lock:
            if self._clock() - self._used_at > TRUSTED_SECONDS:
                self._pool.clear()
            self._used_at = self._clock()
