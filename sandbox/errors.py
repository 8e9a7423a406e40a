"""Error of the platform: an errcode and its errmsg."""

from __future__ import annotations

from sandbox.errmsgs import ERRMSGS


class WeChatError(Exception):
    """An errcode with its errmsg, without the rid that the wire adds.

    Build it from the code alone, or with a text where the platform fills one in.
    """

    def __init__(self, errcode: int, errmsg: str | None = None) -> None:
        self.errcode = errcode
        self.errmsg = ERRMSGS[errcode] if errmsg is None else errmsg
        super().__init__(errcode, self.errmsg)
