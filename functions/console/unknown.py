"""The answer to every path of the console that is none."""

from __future__ import annotations

from typing import NoReturn

from functions.console.visitor import visitor
from runtime.errors import NotFound
from runtime.gateway import Gateway
from runtime.web.messages import Request


def unknown(request: Request, gateway: Gateway) -> NoReturn:
    """Raise NotFound, after the same look as every page takes."""
    visitor(request, gateway)
    raise NotFound
