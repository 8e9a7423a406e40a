"""Errors of WeCom, by what can be done about each; none of WeChat's is among them.

Equal numbers mean other things there: 40001 is a wrong Secret, 42007 an expired
pre_auth_code, 50001 a redirect domain that is not trusted.
"""

from __future__ import annotations

from runtime.errors import seen_by_wecom

REJECTED_TOKEN = (40001, 40014, 42001)
"""A business call's access_token is invalid, where another one may be valid.

An expired one was seen to be answered 40014. 40001 means the Secret, and comes on a
business call whose token is none at all.
"""

REFUSED_SECRET = (40001, 40013, 40091)
"""gettoken takes neither this Secret nor this corpid, however often it is asked."""

NOT_ALLOWED = 60020
"""The address that calls is not among the app's trusted ones."""

ACCESS_TOKEN_MISSING = 41001

SPENT_CODE = (40029, 42022)
"""A sign-in's code is unknown, expired or used."""


def seen_address(errmsg: str) -> str:
    """Return the address from which WeCom has seen the call, "" if it tells none.

    >>> seen_address("not allow to access from your ip, from ip: 203.0.113.7, more")
    '203.0.113.7'
    """
    return seen_by_wecom(errmsg)
