"""WeChat's errmsg for each errcode, spelling mistakes included."""

from __future__ import annotations

from sandbox.errmsgs.account import ACCOUNT
from sandbox.errmsgs.request import REQUEST

ERRMSGS = {**REQUEST, **ACCOUNT}
