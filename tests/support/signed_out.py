"""A sign-out of a user at a time of the test's own clock, which Redis does not have."""

from __future__ import annotations

from runtime.sign_in.sign_outs import key_of


def sign_out_at(gateway, sub, now):
    """Store what `person sign-out` would store if Redis' clock said this."""
    gateway.redis_store.put(key_of(sub), str(int(now)).encode(), seconds=60)
