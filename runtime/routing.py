"""Which view answers: the path first, then the method."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from runtime.errors import MethodNotAllowed, NotFound
from runtime.gateway import Gateway
from runtime.messages import Request, Response

View = Callable[..., Response]


@dataclass(frozen=True, slots=True)
class Route:
    """A path pattern, matched whole; its groups become the view's arguments."""

    pattern: re.Pattern[str]
    views: Mapping[str, View]


def route(pattern: str, **views: View) -> Route:
    """Return a route whose views are named by method: `route("/me", GET=me)`."""
    return Route(re.compile(pattern), views)


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
