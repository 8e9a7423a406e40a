"""Routes of a function that has one view."""

from __future__ import annotations

from runtime.entry.routing import route
from runtime.web.messages import LARGEST_BODY


def one_view(view, *, body=LARGEST_BODY):
    """Return routes that answer every path by this view."""
    return (route(".*", body=body, GET=view, POST=view),)
