"""Functions, routes and timers of a template, as a host serves them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from template.resources import FunctionResource, domains, functions, parse_template


class TemplateError(Exception):
    """The template cannot be served; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function; `timeout` in seconds, `memory` in MB.

    `methods` and `auth` are its HTTP trigger's, empty where it has none.
    """

    service: str
    name: str
    handler: str
    methods: frozenset[str]
    auth: str
    memory: int
    timeout: int


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer trigger with its interval in seconds."""

    name: str
    function: Function
    seconds: int
    payload: str


@dataclass(frozen=True, slots=True)
class Template:
    """Functions, the custom domain's routes, and timers; `root` is FC's /code."""

    root: Path
    functions: tuple[Function, ...]
    routes: Mapping[str, Function]
    timers: tuple[Timer, ...]


def read_template(path: Path) -> Template:
    """Return the content of the file; TemplateError if a route leads nowhere."""
    try:
        resources = parse_template(path.read_text("utf-8"))["Resources"]
        served = tuple(_http_functions(resources))
        routes = _routes(resources, served)
        timers = tuple(_timers(resources))
        return Template(path.resolve().parent, served, routes, timers)
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())  # YAML's message has several lines
        raise TemplateError(f"{path} cannot be read: {reason}") from None
    except (AttributeError, KeyError, TypeError) as error:
        raise TemplateError(f"{path} is not a template: {error!r}") from None


def read_served_template(path: Path) -> Template:
    """Return the content of the file; TemplateError if there is nothing to serve."""
    template = read_template(path)
    if not (template.functions or template.timers):
        raise TemplateError(f"{path} has no HTTP function and no timer")
    return template


def _http_functions(resources: Mapping[str, Any]) -> Iterator[Function]:
    for resource in functions(resources):
        for _, trigger in resource.triggers("HTTP"):
            yield _function(resource, trigger)


def _timers(resources: Mapping[str, Any]) -> Iterator[Timer]:
    for resource in functions(resources):
        for name, trigger in resource.triggers("Timer"):
            if trigger.get("Enable", True):
                yield Timer(
                    name=name,
                    function=_function(resource, {}),
                    seconds=_seconds(trigger["CronExpression"]),
                    payload=trigger.get("Payload", ""),
                )


def _seconds(expression: str) -> int:
    match = re.fullmatch(r"@every ([1-9][0-9]{0,4})([smh])", expression)
    if match is None:
        raise TemplateError(
            f"CronExpression '{expression}' is not an interval such as '@every 5m'"
        )
    return int(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2]]


def _function(resource: FunctionResource, trigger: dict[str, Any]) -> Function:
    properties = resource.properties
    return Function(
        service=resource.service,
        name=resource.name,
        handler=properties["Handler"],
        methods=frozenset(trigger["Methods"] if trigger else ()),
        auth=trigger["AuthType"] if trigger else "",
        memory=properties.get("MemorySize", 128),  # FC's own defaults
        timeout=properties.get("Timeout", 3),
    )


def _routes(
    resources: Mapping[str, Any], served: tuple[Function, ...]
) -> Mapping[str, Function]:
    known = {(function.service, function.name): function for function in served}
    routes = {}
    for domain in domains(resources):
        for path, to in domain["RouteConfig"]["Routes"].items():
            target = (to["ServiceName"], to["FunctionName"])
            if target not in known:
                raise TemplateError(f"route {path} leads to no HTTP function")
            routes[path] = known[target]
    return routes
