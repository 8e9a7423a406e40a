"""What an operator can do about a refusal of WeChat's."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"invalid ip ([0-9.]{7,15})|requestIP: ([0-9a-fA-F.:]{3,45})")


def hint_of(errcode: int, errmsg: str) -> str | None:
    """Return an ASCII sentence for the operator, or None where there is none.

    40164, 61004 and 45035 are about the address from which we call.
    """
    if errcode not in (40164, 61004, 45035):
        return None
    seen = _ADDRESS.search(errmsg)
    address = (seen[1] or seen[2]) if seen else "an address it does not know"
    return (
        f"WeChat sees this gateway as {address}: add it to the account's IP whitelist "
        "(mp.weixin.qq.com, or open.weixin.qq.com for a component), which takes some "
        "minutes to act"
    )
