"""Codes that open the operators' console: for one operator, five minutes and once.

The command line prints one, and the operator types it. Redis holds its HMAC by a key of
ours, so nobody who reads Redis can type it.

    gateway:console_code:{HMAC}        the id of the operator's document
    gateway:console_code:{HMAC}:taken  the attempt that has taken it
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Callable
from typing import Any

from runtime.crypto.signing import Signer
from runtime.sign_in.references import LETTERS
from runtime.state.redis_store import RedisStore, attempt_id

CODE_SECONDS = 300

CHARACTERS = 12
"""Of 5 bits each, so a guess among 60 bits."""

_MISREAD = str.maketrans("ILO", "110")
_TYPED = re.compile(rf"[{LETTERS}]{{{CHARACTERS}}}")

# KEYS: the code, who took it. ARGV: the attempt, the only operator who may take it, or
# empty. Returns the operator, or nothing. It may run twice, as an answer can be lost.
_TAKE = """
local operator = redis.call('GET', KEYS[1])
if not operator then return false end
if ARGV[2] ~= '' and ARGV[2] ~= operator then return false end
local left = math.max(1, redis.call('PTTL', KEYS[1]))
redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', left)
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return false end
return operator
"""


def _draw() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(CHARACTERS))


class ConsoleCodes:
    """Codes by what an operator types: issued, and taken once."""

    def __init__(
        self,
        store: RedisStore,
        signer: Signer,
        *,
        draw: Callable[[], str] = _draw,
        seconds: float = CODE_SECONDS,
    ) -> None:
        self._store = store
        self._signer = signer
        self._draw = draw
        self._seconds = seconds

    def issue(self, operator: str) -> str:
        """Return a new code such as `K7QF-2M9X-4TBD` for the operator with this id."""
        letters = self._draw()
        key = self._key(letters, self._signer.newest)
        self._store.put(key, operator.encode(), seconds=self._seconds)
        return "-".join(letters[at : at + 4] for at in range(0, CHARACTERS, 4))

    def take(self, typed: str, *, operator: str = "") -> str | None:
        """Return the operator's id, once; None for every other code.

        With `operator` only a code of that operator counts, and another one stays.
        """
        # Chinese input methods type letters and digits of full width.
        plain = unicodedata.normalize("NFKC", typed).upper()
        letters = re.sub(r"[\s-]", "", plain).translate(_MISREAD)
        if not _TYPED.fullmatch(letters):
            return None
        for version in self._signer.versions:
            key = self._key(letters, version)
            arguments = [attempt_id(), operator]
            found: Any = self._store.run(
                _TAKE, [key, f"{key}:taken"], arguments, repeatable=True
            )
            if found:
                return str(found.decode())
        return None

    def _key(self, letters: str, version: int) -> str:
        digest = self._signer.digest(letters, version=version)
        return f"gateway:console_code:{{{digest}}}"
