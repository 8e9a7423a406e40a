"""Routing: a request's path, then its method, to the view that answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from types import ModuleType

from runtime.errors import MethodNotAllowed, NotFound
from runtime.gateway import Gateway
from runtime.web.messages import Request, Response
from runtime.web.request_causes import shown_path

View = Callable[..., Response]

UNREAD_BODY = 4 * 1024
"""Most bytes where no view reads a body; some clients send one with each request."""

SMALL_BODY = 16 * 1024
"""Most bytes of a form, or of a JSON object with a few ids and secrets."""

MEDIUM_BODY = 64 * 1024
"""Most bytes of a JSON object with data."""


MOUNTED, ROOT = "mounted", "root"
"""Places of a page: below the function's mount, or at the root."""


@dataclass(frozen=True, slots=True)
class Route:
    """A pattern of whole paths, whose groups become arguments of its views.

    `body` is the size of the largest body in bytes. A `late` body is read when a view
    asks for it, if it is large; with GET it is not read at all. `page` is where users
    reach the page of its GET: MOUNTED or ROOT, "" for what is no page to begin with.
    """

    pattern: re.Pattern[str]
    views: Mapping[str, View]
    body: int
    late: bool = False
    page: str = ""


Routes = tuple[Route, ...]


def route(pattern: str, *, body: int, **views: View) -> Route:
    """Return a route whose views are named by method: `route(..., GET=who_am_i)`."""
    return Route(re.compile(pattern), views, body)


def page_route(pattern: str, *, body: int, at: str = MOUNTED, **views: View) -> Route:
    """Return a route at whose GET users begin; `at` is MOUNTED or ROOT."""
    return Route(re.compile(pattern), views, body, page=at)


def late_route(pattern: str, *, body: int, **views: View) -> Route:
    """Return a route with a late body."""
    return Route(re.compile(pattern), views, body, late=True)


class late:
    """The views of a module that is imported when one is called.

    `late("functions.login.session_views").who_am_i` is a view. A cold start pays for
    the one that answers; importing the others would add 4 ms to 13 ms.
    """

    def __init__(self, module: str) -> None:
        self._module = module

    @cached_property
    def _imported(self) -> ModuleType:
        # Kept: import_module costs 8 us even where there is nothing to import.
        return import_module(self._module)

    def __getattr__(self, name: str) -> View:
        """Return the view of that name; its first call fails if there is none."""

        def view(request: Request, gateway: Gateway, *groups: str) -> Response:
            found: View = getattr(self._imported, name)
            return found(request, gateway, *groups)

        return view


def find(
    routes: Routes, *, method: str, path: str
) -> tuple[View, tuple[str, ...], Route]:
    """Return the view and its arguments by the first route, and that route.

    NotFound if no route matches, MethodNotAllowed if that route has no such view.
    """
    for candidate in routes:
        match = candidate.pattern.fullmatch(path)
        if match is None:
            continue
        view = candidate.views.get(method)
        if view is None:
            raise MethodNotAllowed(*candidate.views)
        return view, match.groups(), candidate
    raise NotFound(cause=f"no path {shown_path(path)} here")


def refusal_of(routes: Routes, path: str) -> Callable[..., Exception] | None:
    """Return what answers an error that comes before a view of the path's route.

    None where that is the function's own dialect. runtime/entry/cors.py has the others.
    """
    for candidate in routes:
        if candidate.pattern.fullmatch(path):
            found = (
                getattr(each, "refused", None) for each in candidate.views.values()
            )
            return next(filter(None, found), None)
    return None
