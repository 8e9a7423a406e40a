"""Resources of a template: services, functions, triggers and domains, as YAML has them.

A caller may change the properties that it gets, and so the document they are part of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

_SERVICE = "Aliyun::Serverless::Service"
_FUNCTION = "Aliyun::Serverless::Function"
_DOMAIN = "Aliyun::Serverless::CustomDomain"


@dataclass(frozen=True, slots=True)
class FunctionResource:
    """A function in its service; `events` are its triggers by name."""

    service: str
    name: str
    properties: dict[str, Any]
    events: Mapping[str, Any]

    def triggers(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield name and properties of each trigger of a kind, `HTTP` or `Timer`."""
        for name, event in self.events.items():
            if event["Type"] == kind:
                yield name, event["Properties"]


def parse_template(text: str) -> dict[str, Any]:
    """Return the document that the text of a template holds."""
    document: dict[str, Any] = yaml.safe_load(text)
    return document


def services(resources: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the properties of each service."""
    for _, service in _of_type(resources, _SERVICE):
        yield service["Properties"]


def functions(resources: Mapping[str, Any]) -> Iterator[FunctionResource]:
    """Yield each function of each service."""
    for service, content in _of_type(resources, _SERVICE):
        for name, resource in _of_type(content, _FUNCTION):
            events = resource.get("Events", {})
            yield FunctionResource(service, name, resource["Properties"], events)


def domains(resources: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the properties of each custom domain."""
    for _, domain in _of_type(resources, _DOMAIN):
        yield domain["Properties"]


def _of_type(resources: Mapping[str, Any], kind: str) -> Iterator[tuple[str, Any]]:
    for name, resource in resources.items():
        if isinstance(resource, dict) and resource.get("Type") == kind:
            yield name, resource
