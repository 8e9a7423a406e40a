"""Errors of the oauth_callback function, with the links that their page shows."""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from runtime.entry.dialects import ErrorInDialect


@contextmanager
def refusal(kind):
    """Expect an error of that kind; `error` and `links` are set when it has come."""
    told = SimpleNamespace(error=None, links=None)
    with pytest.raises(ErrorInDialect) as caught:
        yield told
    told.error = caught.value.error
    told.links = caught.value.dialect.keywords["links"]
    assert isinstance(told.error, kind)
