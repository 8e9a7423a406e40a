"""What template.yml says: the HTTP functions and the routes that lead to them."""

from __future__ import annotations

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
    """A function with an HTTP trigger; `timeout` in seconds, `memory` in MB."""

    service: str
    name: str
    handler: str
    methods: frozenset[str]
    auth: str
    memory: int
    timeout: int


@dataclass(frozen=True, slots=True)
class Template:
    """The functions and the custom domain's routes; `root` is FC's /code."""

    root: Path
    functions: tuple[Function, ...]
    routes: Mapping[str, Function]


def read_template(path: Path) -> Template:
    """Return what the file says; TemplateError if a route leads nowhere."""
    try:
        resources = yaml.safe_load(path.read_text("utf-8"))["Resources"]
        functions = tuple(_functions(resources))
        return Template(path.resolve().parent, functions, _routes(resources, functions))
    except (OSError, yaml.YAMLError) as error:
        raise TemplateError(f"{path} cannot be read: {error}") from None
    except (AttributeError, KeyError, TypeError) as error:
        raise TemplateError(f"{path} is no template: {error!r}") from None


def _of_type(resources: Mapping[str, Any], kind: str) -> Iterator[tuple[str, Any]]:
    for name, resource in resources.items():
        if isinstance(resource, dict) and resource.get("Type") == kind:
            yield name, resource


def _functions(resources: Mapping[str, Any]) -> Iterator[Function]:
    for service, content in _of_type(resources, _SERVICE):
        for name, resource in _of_type(content, _FUNCTION):
            for event in resource.get("Events", {}).values():
                if event["Type"] == "HTTP":
                    yield _function(service, name, resource, event["Properties"])


def _function(
    service: str, name: str, resource: dict[str, Any], trigger: dict[str, Any]
) -> Function:
    properties = resource["Properties"]
    return Function(
        service=service,
        name=name,
        handler=properties["Handler"],
        methods=frozenset(trigger["Methods"]),
        auth=trigger["AuthType"],
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
