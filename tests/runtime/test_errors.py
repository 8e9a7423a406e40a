"""Errors are values: what a thread has raised, another one may hold and not change."""

from __future__ import annotations

import pytest

from runtime.errors import (
    ApiRefused,
    FlowExpired,
    GatewayError,
    MethodNotAllowed,
    WeChatRefused,
    WeChatTimeout,
)

ERRORS = [
    GatewayError(),
    FlowExpired(),
    MethodNotAllowed("GET"),
    ApiRefused(40013, "unknown_appid"),
    WeChatRefused(40029, "invalid code"),
    WeChatTimeout(errmsg="system error"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("name", ["status", "errmsg", "headers", "home", "own"])
def test_nothing_is_set_on_an_error(error, name):
    """Neither what it has, nor what a place on its way would like to add."""
    before = dict(vars(error))
    with pytest.raises(AttributeError):
        setattr(error, name, "x")
    with pytest.raises(AttributeError):
        delattr(error, name)

    assert before == vars(error)


def test_python_may_still_chain_it():
    """A traceback, a cause and notes are Python's own."""
    error = GatewayError()
    with pytest.raises(GatewayError) as caught:
        raise error from ValueError()
    error.__cause__ = None

    assert caught.value is error
    assert error.__traceback__ is not None


def test_an_error_has_its_own_values_and_its_class_the_rest():
    """The next error of the same class knows nothing of them."""
    error = WeChatTimeout(errmsg="system error")

    assert (error.errmsg, error.status) == ("system error", 504)
    assert WeChatTimeout().errmsg == ""
    assert str(error).startswith("wechat_timeout: WeChat did not answer in time")
