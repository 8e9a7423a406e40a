"""Limits a minute: starts of a sign-in, codes without a start, wrong client secrets.

Redis counts them for all processes, for each address (or each client at an address)
and in all. A minute begins with the first count. A refused attempt is not counted, so
the limit in all bounds the number of keys, whatever a flood sends.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from runtime.crypto.encoding import sha256_hex
from runtime.errors import RateLimited
from runtime.state.redis_store import ATTEMPT_SECONDS, RedisStore, attempt_id
from runtime.web.client_address import client_address
from runtime.web.messages import Request

WRONG_SECRETS = 60
"""A minute, of one client from one address."""

WRONG_SECRETS_IN_ALL = 6000

MOST_REMEMBERED = 10_000
"""Most full counts in the memory of a process; then the oldest is forgotten."""

LONGEST_CLIENT_ID = 64
"""In characters; what else somebody makes up is not hashed."""

CONSOLE_CODES = 10
"""A minute, from one address, whether they are right or wrong."""

CONSOLE_CODES_IN_ALL = 600

CONFIRMATIONS = 5
"""A minute, of one user, for sign-ins on computers."""

T = TypeVar("T")

# KEYS: the count in all, that of one address, and the attempt. ARGV: how many of each
# in a window, the window in ms, how long the attempt is known. Counts one more of both
# and returns 0; or counts nothing and returns the ms that are left of the window that
# is full. An attempt whose answer was lost is repeated and not counted again.
_SPEND = """
if redis.call('EXISTS', KEYS[3]) == 1 then return 0 end
if tonumber(redis.call('GET', KEYS[1]) or '0') >= tonumber(ARGV[1]) then
  return math.max(1, redis.call('PTTL', KEYS[1]))
end
if tonumber(redis.call('GET', KEYS[2]) or '0') >= tonumber(ARGV[2]) then
  return math.max(1, redis.call('PTTL', KEYS[2]))
end
if redis.call('INCR', KEYS[1]) == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
if redis.call('INCR', KEYS[2]) == 1 then redis.call('PEXPIRE', KEYS[2], ARGV[3]) end
redis.call('SET', KEYS[3], '1', 'PX', ARGV[4])
return 0
"""


class TooManyWrongSecrets(RateLimited):
    """A client's secret was wrong too often from this address, or all were."""

    errcode = 45011


class Limits:
    """Limits that refuse what comes too often; without Redis they refuse as well.

    A wrong secret costs one round trip, a right secret none: it is always accepted, as
    others at its address may be guessing. A process remembers a full count, and then
    a wrong secret costs no round trip either.
    """

    def __init__(
        self,
        store: RedisStore,
        *,
        per_address: float,
        per_minute: float,
        trusted_hops: int,
        clock: Callable[[], float],
        wrong_secrets: int = WRONG_SECRETS,
        wrong_secrets_in_all: int = WRONG_SECRETS_IN_ALL,
        most_remembered: int = MOST_REMEMBERED,
        window_seconds: float = 60.0,
        count: Callable[[str], None] = lambda name: None,
    ) -> None:
        self._store = store
        self._per_address = per_address
        self._per_minute = per_minute
        self._trusted_hops = trusted_hops
        self._clock = clock
        self._wrong_secrets = wrong_secrets
        self._wrong_secrets_in_all = wrong_secrets_in_all
        self._most_remembered = most_remembered
        self._window = round(window_seconds * 1000)
        self._count_refused = count
        self._full: dict[str, float] = {}
        self._lock = threading.Lock()

    def sign_in(self, request: Request) -> None:
        """Count the start of a sign-in; RateLimited if there were too many."""
        self._count("sign_in", request)

    def code(self, request: Request) -> None:
        """Count a code for a user who is signed in already; RateLimited.

        Counted apart, so that a flood of sign-ins does not affect signed-in users.
        """
        self._count("code", request)

    def confirmation(self, user: str) -> None:
        """Count a user's confirmation of a sign-in on a computer; RateLimited.

        Somebody who talks a user into confirming has three guesses each time.
        """
        each, in_all = CONFIRMATIONS, self._per_minute
        left = self._spend("confirmation", sha256_hex(user), each=each, in_all=in_all)
        if left:
            raise RateLimited(left)

    def console_code(self, request: Request) -> None:
        """Count a code for the console before anybody looks at it; RateLimited."""
        digest = self._digest(request)
        each, in_all = CONSOLE_CODES, CONSOLE_CODES_IN_ALL
        left = self._spend("console_code", digest, each=each, in_all=in_all)
        if left:
            raise RateLimited(left)

    def check_secret(
        self, client_id: str, request: Request, find: Callable[[], T | None]
    ) -> T | None:
        """Return what `find` finds by a secret; count None, a wrong secret.

        TooManyWrongSecrets for a wrong one if there were too many.
        """
        found = find()
        if found is None:
            digest = self._digest(request, client_id)
            self._refuse_remembered(digest)
            self._count_wrong_secret(digest)
        return found

    def _count(self, name: str, request: Request) -> None:
        each, in_all = self._per_address, self._per_minute
        left = self._spend(name, self._digest(request), each=each, in_all=in_all)
        if left:
            raise RateLimited(left)

    def _count_wrong_secret(self, digest: str) -> None:
        each, in_all = self._wrong_secrets, self._wrong_secrets_in_all
        left = self._spend("wrong_secret", digest, each=each, in_all=in_all)
        if not left:
            return
        with self._lock:
            while len(self._full) >= self._most_remembered:
                self._full.pop(next(iter(self._full)))
            self._full[digest] = self._clock() + left
        raise TooManyWrongSecrets(left)

    def _refuse_remembered(self, digest: str) -> None:
        with self._lock:
            left = self._full.get(digest, 0.0) - self._clock()
        if left > 0:
            self._count_refused("wrong_secret")
            raise TooManyWrongSecrets(left)

    def _spend(self, name: str, digest: str, *, each: float, in_all: float) -> float:
        """Return 0, or the seconds until this may come again."""
        key = f"gateway:limit:{{{name}}}"
        # The count in all comes first: a flood must not leave a key for each address.
        keys = [key, f"{key}:from:{digest}", f"{key}:attempt:{attempt_id()}"]
        arguments = [in_all, each, self._window, ATTEMPT_SECONDS * 1000]
        left: int = self._store.run(_SPEND, keys, arguments, repeatable=True)
        if left:
            self._count_refused(name)
        return left / 1000

    def _digest(self, request: Request, client_id: str = "") -> str:
        address = client_address(
            request.peer_ip,
            forwarded_for=request.header("x-forwarded-for"),
            trusted_hops=self._trusted_hops,
        )
        return sha256_hex(f"{address}|{client_id[:LONGEST_CLIENT_ID]}")
