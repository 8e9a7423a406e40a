"""References: what a refused user tells an operator, in place of an openid.

A reference is 12 letters and digits such as `K7QF-2M9X-4TBD`, derived from the sub by a
key of ours: a user who is refused again tells the same one. It says nothing about the
user to anybody who cannot ask this gateway's Redis.

    gateway:reference:{REFERENCE}  the sub and what WeChat calls the user, for a week
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from runtime.crypto.encoding import from_base64url
from runtime.crypto.signing import Signer
from runtime.state.redis_store import Entry, Increment, RedisStore
from runtime.state.stored_fields import known_fields

REFERENCE_SECONDS = 7 * 86400

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Those of Crockford's base 32, without I, L, O and U: users read them aloud."""

_CHARACTERS = 12
_MISREAD = str.maketrans("ILO", "110")
_WRITTEN = re.compile(rf"[{LETTERS}]{{{_CHARACTERS}}}")


@dataclass(frozen=True, slots=True)
class RefusedUser:
    """A user who was refused: the sub, the client, and the name of WeChat's profile."""

    sub: str = field(repr=False)
    client_id: str
    name: str = field(default="", repr=False)


class References:
    """References of refused users: made by a sign-in, found by an operator."""

    def __init__(self, store: RedisStore, signer: Signer) -> None:
        self._store = store
        self._signer = signer

    def make(self, user: RefusedUser, increments: Sequence[Increment] = ()) -> str:
        """Return the user's reference, which is known for a week from now on.

        The increments are counted with it.
        """
        digest = from_base64url(
            self._signer.digest(user.sub, version=self._signer.newest)
        )
        number = int.from_bytes(digest, "big")
        letters = [LETTERS[number >> 5 * place & 31] for place in range(_CHARACTERS)]
        text = json.dumps(asdict(user), ensure_ascii=False).encode()
        entry = Entry(_key("".join(letters)), text, REFERENCE_SECONDS)
        self._store.put_all([entry], increments=increments)
        fours = ("".join(letters[at : at + 4]) for at in range(0, _CHARACTERS, 4))
        return "-".join(fours)

    def find(self, reference: str) -> RefusedUser | None:
        """Return the user of a reference as somebody wrote it down, or None."""
        letters = re.sub(r"[\s-]", "", reference).upper().translate(_MISREAD)
        if not _WRITTEN.fullmatch(letters):
            return None
        stored = self._store.get(_key(letters))
        if stored is None:
            return None
        return RefusedUser(**known_fields(RefusedUser, json.loads(stored)))


def _key(letters: str) -> str:
    return f"gateway:reference:{{{letters}}}"
