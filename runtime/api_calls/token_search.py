"""Search for real tokens in answers: some paths repeat the request's URL.

The beginning of an answer is searched before its first byte is passed on. The rest is
searched in passing: so much is held back that no part of a token leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote

from runtime.api_calls.real_token import RealToken
from runtime.errors import ApiRefused
from runtime.upstream.answer import Answer
from runtime.web.streamed import Rest


def without_tokens(answer: Answer, *tokens: RealToken) -> Answer:
    """Return the answer; ApiRefused if it shows one of the tokens, now or as it comes.

    A write has happened by then, so the errcode is one at which no client tries again.
    """
    texts = {
        text.encode()
        for token in tokens
        for text in (token.value, quote(token.value, safe=""))
    }
    head = "\n".join([value for _, value in answer.headers]).encode("utf-8", "replace")
    if any(text in answer.body or text in head for text in texts):
        answer.close()
        raise ApiRefused(48001, "token_in_answer")
    if answer.rest is None:
        return answer
    held = max(map(len, texts)) - 1
    body, end = answer.body[:-held], answer.body[-held:]
    return replace(answer, body=body, rest=_Searched(answer.rest, end, texts, held))


class _Searched:
    """Pieces of an answer, without the tokens; the end of each waits for the next."""

    def __init__(self, rest: Rest, end: bytes, texts: set[bytes], held: int) -> None:
        self._rest = rest
        self._end = end
        self._texts = texts
        self._held = held

    def __iter__(self) -> Iterator[bytes]:
        """Return itself."""
        return self

    def __next__(self) -> bytes:
        """Return the next piece; ApiRefused, and no more pieces, at a token."""
        for piece in self._rest:
            content = self._end + piece
            if any(text in content for text in self._texts):
                self._end = b""
                self.close()
                raise ApiRefused(48001, "token_in_answer")
            self._end = content[-self._held :]
            if passed := content[: -self._held]:
                return passed
        last, self._end = self._end, b""
        if last:
            return last
        raise StopIteration

    def close(self) -> None:
        """Read no more."""
        self._rest.close()
