"""The settings that need no restart, as an operator changes them."""

from __future__ import annotations

import pytest

from runtime.registry.registry import DEFAULTS
from runtime.registry.schema import InvalidDocument


def test_they_have_defaults_and_are_changed_one_by_one(do, gateway):
    """`--clear` sets one to its default; a running process sees each change."""
    before = do("settings show")
    do("settings update", default_language="zh_TW")
    changed = do("settings update", other_hosts="serve")
    cleared = do("settings update", clear=["default_language"])

    assert {"default_language": "zh_CN", "other_hosts": "redirect", "version": 0} == (
        before
    )
    assert ("zh_TW", "serve", 2) == tuple(changed.values())
    assert cleared == do("settings show")
    assert ("zh_CN", "serve", 3) == tuple(cleared.values())
    found = gateway.registry.gateway_settings()
    assert ("zh_CN", "serve") == (found.default_language, found.other_hosts)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"default_language": "fr"}, "default_language"),
        ({"other_hosts": "no"}, "other_hosts"),
        ({"limits": 1}, "limits"),
    ],
)
def test_a_value_that_is_none(do, gateway, fields, field):
    """The error names the field, and nothing is written."""
    with pytest.raises(InvalidDocument) as caught:
        do("settings update", **fields)

    assert field == caught.value.field
    assert 0 == do("settings show")["version"]
    assert DEFAULTS == gateway.registry.gateway_settings()
