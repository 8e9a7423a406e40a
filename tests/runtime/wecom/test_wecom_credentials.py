"""Credentials of WeCom, where the Secret behind them is refused."""

from __future__ import annotations

import pytest

from runtime.errors import StopFetching, WeComRefused, WeComSecretRefused
from runtime.registry.models import App
from runtime.wecom.credentials import TicketSource

APP = App("ww0123456789abcdef-1000002", "wecom", secret="s" * 43)


def test_a_refused_secret_stops_no_ticket():
    """It stops the token alone: an operator who starts that again starts both."""

    def refuse(app, target):
        raise WeComSecretRefused(40001, "invalid credential")

    with pytest.raises(WeComRefused) as raised:
        TicketSource(APP, "jsapi", refuse).fetch(force=False)

    assert 40001 == raised.value.errcode
    assert not isinstance(raised.value, StopFetching)
