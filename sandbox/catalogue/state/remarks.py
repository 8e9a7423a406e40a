"""Remarks of one account about its followers."""

from __future__ import annotations

from sandbox.errors import WeChatError

LONGEST = 30

# The platform does not say which code a remark of 31 characters gets.
TOO_LONG = 40097


class Remarks:
    """A remark of up to 30 characters by openid."""

    def __init__(self) -> None:
        self._remarks: dict[str, str] = {}

    def of(self, openid: str) -> str:
        """Return the remark, "" if none was made."""
        return self._remarks.get(openid, "")

    def put(self, openid: str, *, remark: str) -> None:
        """Replace the remark; an empty one removes it."""
        if len(remark) > LONGEST:
            raise WeChatError(TOO_LONG)
        self._remarks[openid] = remark
