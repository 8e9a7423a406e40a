"""Certificates of Redis that are not trusted, and why, in an operator's words."""

from __future__ import annotations

import sys

from runtime.errors import UntrustedRedis

_REASONS = {
    7: "comes from an authority that REDIS_CA does not name",
    9: "is not valid yet: compare the clocks",
    10: "has expired: renew it",
    18: "signs itself, and REDIS_CA does not name it",
    19: "comes from an authority that REDIS_CA does not name",
    20: "comes from an authority that REDIS_CA does not name",
    21: "comes from an authority that REDIS_CA does not name",
    62: "is for another name than the host in the URL: use a name that it lists",
    64: "is for another address than the host in the URL: use a name that it lists",
}
"""By OpenSSL's number."""


def untrusted(error: BaseException | None) -> UntrustedRedis | None:
    """Return what is wrong with the certificate, None if that is not the cause.

    redis-py turns the error of a handshake into one of its own.
    """
    ssl = sys.modules.get("ssl")  # without it nothing was encrypted
    while ssl and error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            reason = _REASONS.get(
                error.verify_code, f"cannot be checked: {error.verify_message}"
            )
            return UntrustedRedis(f"the certificate of Redis {reason}.")
        error = error.__cause__ or error.__context__
    return None
