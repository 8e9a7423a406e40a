"""Template for `fun deploy`: with the parameters' values and the archive's name.

`fun` supports Parameters only with --use-ros, and reads a template.override.yml only
for `fun local`; but it prefers .fun/build/artifacts/template.yml to template.yml.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import yaml

from deploy.package.failed import BuildFailed
from deploy.package.parameters import NEEDED, parameter_values
from deploy.package.placing import place
from template.resources import functions, parse_template

MOST_VARIABLES = 4096 - 707
"""Bytes of all names and values: FC's limit, less what `fun` adds."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A template without parameters, and the names of those that had a value."""

    text: str = field(repr=False)
    given: tuple[str, ...]
    missing: tuple[str, ...]  # required settings: it can be deployed, but not run
    size: int  # bytes of all variables of the function that has most of them


def render(
    source: str, environ: Mapping[str, str], *, code: str, runtime: str = "python3.10"
) -> Rendered:
    """Fill in values from the deployer's environment; BuildFailed if FC would refuse.

    A missing value is no fault: the template can be deployed without it.
    """
    template = parse_template(source)
    parameters, resources = template.pop("Parameters"), template["Resources"]
    values = parameter_values(parameters, environ)
    place(resources, values)
    sizes = [0]
    for function in functions(resources):
        properties = function.properties
        properties |= {"CodeUri": code, "Runtime": runtime}
        variables = properties["EnvironmentVariables"]
        sizes.append(_checked_size(function.name, variables))
    return Rendered(
        text=yaml.safe_dump(template, sort_keys=False, allow_unicode=True),
        given=tuple(sorted(n for n in parameters if environ.get(n, "").strip())),
        missing=tuple(name for name in NEEDED if name not in values),
        size=max(sizes),
    )


def _checked_size(function: str, variables: Mapping[str, str]) -> int:
    for name, value in variables.items():
        if not (value.isascii() and value.isprintable()):
            raise BuildFailed(f"{name}: FC accepts printable ASCII only, on one line.")
    size = sum(len(name) + len(value) for name, value in variables.items())
    if size > MOST_VARIABLES:
        raise BuildFailed(
            f"{function}: its variables have {size} bytes together, and FC accepts "
            f"{MOST_VARIABLES} besides fun's own."
        )
    return size
