"""Errors that a view answers in a dialect of its own: callbacks, and OAuth's paths."""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from runtime.entry.dialects import ErrorInDialect


@contextmanager
def refusal(kind):
    """Expect an error of that kind; sets `error`, and the `links` of its page."""
    told = SimpleNamespace(error=None, links=None)
    with pytest.raises(ErrorInDialect) as caught:
        yield told
    told.error = caught.value.error
    told.links = getattr(caught.value.dialect, "keywords", {}).get("links")
    assert isinstance(told.error, kind)
