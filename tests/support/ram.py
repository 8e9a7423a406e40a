"""Aliyun's rule for a policy: what no statement allows is refused."""

from __future__ import annotations

import re

MOST = 6144
"""Characters that a policy may have, blanks not counted."""


def allows(policy, action, resource):
    """Tell whether a policy allows an action on a resource."""
    assert {"Version", "Statement"} == set(policy)
    return any(
        _any_fits(each["Action"], action) and _any_fits(each["Resource"], resource)
        for each in policy["Statement"]
        if each["Effect"] == "Allow"
    )


def actions(policy):
    """Return every action that a policy names."""
    return {name for each in policy["Statement"] for name in _listed(each["Action"])}


def _any_fits(patterns, text):
    return any(
        re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text)
        for pattern in _listed(patterns)
    )


def _listed(words):
    return [words] if isinstance(words, str) else words
