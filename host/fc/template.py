"""What template.yml says: the HTTP functions and the routes that lead to them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from host.cannot_start import CannotStart

_SERVICE = "Aliyun::Serverless::Service"
_FUNCTION = "Aliyun::Serverless::Function"
_DOMAIN = "Aliyun::Serverless::CustomDomain"


class TemplateError(CannotStart):
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
    """A timer trigger, every so many seconds."""

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
    """Return what the file says; TemplateError if a route leads nowhere."""
    try:
        resources = yaml.safe_load(path.read_text("utf-8"))["Resources"]
        functions = tuple(_functions(resources))
        routes = _routes(resources, functions)
        timers = tuple(_timers(resources))
        return Template(path.resolve().parent, functions, routes, timers)
    except (OSError, ValueError, yaml.YAMLError) as error:
        said = " ".join(str(error).split())  # YAML's is of several lines
        raise TemplateError(f"{path} cannot be read: {said}") from None
    except (AttributeError, KeyError, TypeError) as error:
        raise TemplateError(f"{path} is no template: {error!r}") from None


def read_served_template(path: Path) -> Template:
    """Return what the file says; TemplateError if a host had nothing to do."""
    template = read_template(path)
    if not (template.functions or template.timers):
        raise TemplateError(f"{path} has no HTTP function and no timer")
    return template


def _of_type(resources: Mapping[str, Any], kind: str) -> Iterator[tuple[str, Any]]:
    for name, resource in resources.items():
        if isinstance(resource, dict) and resource.get("Type") == kind:
            yield name, resource


def _functions(resources: Mapping[str, Any]) -> Iterator[Function]:
    for service, name, resource, _, event in _events(resources, "HTTP"):
        yield _function(service, name, resource, event)


def _timers(resources: Mapping[str, Any]) -> Iterator[Timer]:
    for service, name, resource, trigger, event in _events(resources, "Timer"):
        if event.get("Enable", True):
            yield Timer(
                name=trigger,
                function=_function(service, name, resource, {}),
                seconds=_seconds(event["CronExpression"]),
                payload=event.get("Payload", ""),
            )


def _seconds(expression: str) -> int:
    match = re.fullmatch(r"@every ([1-9][0-9]{0,4})([smh])", expression)
    if match is None:
        raise TemplateError(
            f"CronExpression '{expression}': this host knows '@every 5m' and the like"
        )
    return int(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2]]


def _events(
    resources: Mapping[str, Any], kind: str
) -> Iterator[tuple[str, str, dict[str, Any], str, dict[str, Any]]]:
    for service, content in _of_type(resources, _SERVICE):
        for name, resource in _of_type(content, _FUNCTION):
            for trigger, event in resource.get("Events", {}).items():
                if event["Type"] == kind:
                    yield service, name, resource, trigger, event["Properties"]


def _function(
    service: str, name: str, resource: dict[str, Any], trigger: dict[str, Any]
) -> Function:
    properties = resource["Properties"]
    return Function(
        service=service,
        name=name,
        handler=properties["Handler"],
        methods=frozenset(trigger["Methods"] if trigger else ()),
        auth=trigger["AuthType"] if trigger else "",
        memory=properties.get("MemorySize", 128),  # FC's own defaults
        timeout=properties.get("Timeout", 3),
    )


def _routes(
    resources: Mapping[str, Any], functions: tuple[Function, ...]
) -> Mapping[str, Function]:
    known = {(function.service, function.name): function for function in functions}
    routes = {}
    for _, domain in _of_type(resources, _DOMAIN):
        for path, to in domain["Properties"]["RouteConfig"]["Routes"].items():
            target = (to["ServiceName"], to["FunctionName"])
            if target not in known:
                raise TemplateError(f"route {path} leads to no HTTP function")
            routes[path] = known[target]
    return routes
