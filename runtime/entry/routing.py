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

View = Callable[..., Response]


@dataclass(frozen=True, slots=True)
class Route:
    """A pattern of whole paths, whose groups become arguments of its views."""

    pattern: re.Pattern[str]
    views: Mapping[str, View]


def route(pattern: str, **views: View) -> Route:
    """Return a route whose views are named by method: `route("/me", GET=me)`."""
    return Route(re.compile(pattern), views)


class late:
    """The views of a module that is imported when one is called.

    `late("functions.login.session").who_am_i` is a view. A cold start pays for the one
    that answers; importing the others would add 4 ms to 13 ms.
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


def dispatch(routes: tuple[Route, ...], request: Request, gateway: Gateway) -> Response:
    """Answer by the first route that matches; NotFound or MethodNotAllowed."""
    for candidate in routes:
        match = candidate.pattern.fullmatch(request.path)
        if match is None:
            continue
        view = candidate.views.get(request.method)
        if view is None:
            raise MethodNotAllowed(*candidate.views)
        return view(request, gateway, *match.groups())
    raise NotFound
