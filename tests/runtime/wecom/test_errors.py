"""WeCom's errors: hints for the operator, and no table in common with WeChat's."""

from __future__ import annotations

import pytest

from runtime.errors import hint_of
from runtime.wecom.errors import seen_address

IN_WECOM = (
    "not allow to access from your ip, hint: [1576065934_28_e0fae07666aa64636023c1fa], "
    "from ip: {}, more info at https://open.work.weixin.qq.com/devtool/query?e=60020"
)


@pytest.mark.parametrize("address", ["203.0.113.7", "2001:db8::7"])
def test_the_address_is_what_an_operator_enters(address):
    """WeCom ends each of its texts with it."""
    errmsg = IN_WECOM.format(address)

    assert seen_address(errmsg) == address
    assert address in (hint_of(60020, errmsg) or "")


def test_a_text_without_an_address_has_none():
    """Nothing is guessed."""
    assert seen_address("not allow to access from your ip") == ""


@pytest.mark.parametrize("errcode", [61003, 61005, 61023, 40164, 45035])
def test_a_code_of_wechats_means_nothing_in_wecom(errcode):
    """Whose errmsg tells which platform has answered."""
    assert hint_of(errcode, "invalid ip 1.2.3.4, not in whitelist rid: 1")
    assert hint_of(errcode, IN_WECOM.format("203.0.113.7")) is None


def test_a_refused_secret_says_what_mends_it():
    """And only in WeCom: WeChat's 40001 is about a token."""
    assert "--secret" in (hint_of(40001, IN_WECOM.format("203.0.113.7")) or "")
    assert hint_of(40001, "invalid credential rid: 1") is None
