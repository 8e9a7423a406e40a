"""Application: a Tornado application that mounts each function of the template."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from tornado.web import Application

from host.fc.instance import Instance
from host.server.access_log import log_request
from host.server.function_handler import FunctionHandler, NoFunctionHandler
from template.served import Function, Template

DEFAULT_FORM = "/2016-08-15/proxy/"

Rule = tuple[str, type[FunctionHandler], dict[str, Any]]


def make_application(
    template: Template,
    *,
    process: Mapping[str, str],
    settings: Mapping[str, Any] = MappingProxyType({}),
    start_function: Callable[[str], None] | None = None,
) -> Application:
    """Return the application: a handler for each function, a rule for each route.

    `process` is the environment that the functions see. The settings are the host's
    options and what FunctionHandler names besides. By `start_function` a function may
    start another one by its name.
    """
    fc_limits = settings.get("fc_limits", True)
    handlers = {
        function: _handler_of(
            function,
            Instance(
                function,
                template,
                process=process,
                fc_limits=fc_limits,
                start_function=start_function,
            ),
        )
        for function in template.functions
    }
    return Application(
        [*_default_form(handlers), *_custom_domain(template, handlers)],
        default_handler_class=NoFunctionHandler,
        log_function=log_request,
        **settings,
    )


def _handler_of(function: Function, instance: Instance) -> type[FunctionHandler]:
    kind = "".join(map(str.capitalize, function.name.split("_"))) + "Handler"
    attributes = {"name": function.name, "function": function, "instance": instance}
    return type(kind, (FunctionHandler,), attributes)


def _default_form(handlers: Mapping[Function, type[FunctionHandler]]) -> Iterator[Rule]:
    """Yield the rules of FC's own domain, where the function gets less of the path."""
    for function, handler in handlers.items():
        prefix = f"{DEFAULT_FORM}{function.service}/{function.name}"
        yield f"{re.escape(prefix)}(?:/.*)?", handler, {"prefix": prefix}
    yield f"{DEFAULT_FORM}.*", NoFunctionHandler, {}


def _custom_domain(
    template: Template, handlers: Mapping[Function, type[FunctionHandler]]
) -> Iterator[Rule]:
    """Yield the rules of the custom domain: exact paths, then the longest prefix."""

    def rank(path: str) -> tuple[bool, int]:
        return path.endswith("*"), -len(path)

    for path in sorted(template.routes, key=rank):
        pattern = re.escape(path.removesuffix("*"))
        any_more = ".*" if path.endswith("*") else ""
        yield pattern + any_more, handlers[template.routes[path]], {}
