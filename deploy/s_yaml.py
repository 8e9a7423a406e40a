"""Makes deploy/s.yaml from template.yml; `python -m deploy.s_yaml` writes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from deploy.package.parameters import NEEDED
from deploy.package.placing import VARIABLES, place
from template.resources import (
    FunctionResource,
    domains,
    functions,
    parse_template,
    services,
)

ROOT = Path(__file__).resolve().parents[1]
HEAD = """\
# The functions of template.yml for Serverless Devs and Function Compute 3.0.
# `python -m deploy.s_yaml` makes it: change template.yml instead.
#
# make build && s deploy --template deploy/s.yaml
#
# What a deployer decides comes from its environment, by the names of template.yml's
# Parameters; `s` names what is missing and stops. Where there is no role, no VPC, no
# log or no certificate, take role, vpcConfig, logConfig or certConfig out of a copy.
# Functions go out by the VPC's NAT gateway alone, whose address WeChat knows: where
# there is none, write `internetAccess: true` into the copy, for each function.
"""
REGION = "${env('REGION', 'cn-hangzhou')}"
CODE = "../.fun/build/code"
"""What `make build` assembled, seen from deploy/."""

PACKAGES = "/code/.fun/python/lib/python3.10/site-packages"
"""On FC 2.0 `fun` says where they are, by PYTHONUSERBASE."""

INTERNET_ACCESS = False
"""Whether a function goes out by FC's own way, whose addresses change.

`s` puts the text `false` in place of a variable, so the parameter cannot say it.
"""

CPU = {256: 0.25, 512: 0.35}
"""vCPUs by MB: memory in GB has to be once to four times that."""


def main() -> None:
    """Write the file."""
    (ROOT / "deploy/s.yaml").write_text(render(ROOT / "template.yml"), "utf-8")


def render(template: Path) -> str:
    """Return the text of s.yaml; what the functions share stands in it once."""
    source = parse_template(template.read_text("utf-8"))
    parameters, resources = source["Parameters"], source["Resources"]
    place(resources, {name: _environment(name, parameters) for name in parameters})
    (service,), (domain,) = services(resources), domains(resources)
    first, *others = functions(resources)
    shared = _shared(service, first.properties["EnvironmentVariables"])
    made_functions = {
        each.name: {"component": "fc3", "props": _function(each) | shared}
        for each in (first, *others)
    }
    made_domain = {"component": "fc3-domain", "props": _domain(domain)}
    made = {
        "edition": "3.0.0",
        "name": "wechat-gateway",
        "access": "default",
        "resources": {**made_functions, "domain": made_domain},
    }
    return HEAD + yaml.safe_dump(made, sort_keys=False, width=88)


def _shared(service: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, Any]:
    return {
        "role": service["Role"],
        "vpcConfig": _uncapitalised(service["VpcConfig"]),
        "logConfig": _uncapitalised(service["LogConfig"]),
        "environmentVariables": {"PYTHONPATH": PACKAGES, **variables},
    }


def _function(function: FunctionResource) -> dict[str, Any]:
    properties = function.properties
    return {
        "region": REGION,
        "functionName": f"{function.service}_{function.name}",
        "description": properties["Description"],
        "handler": properties["Handler"],
        "runtime": properties["Runtime"],
        "code": CODE,
        "internetAccess": INTERNET_ACCESS,
        "cpu": CPU[properties["MemorySize"]],
        "memorySize": properties["MemorySize"],
        "diskSize": 512,
        "timeout": properties["Timeout"],
        "triggers": list(_triggers(function.events)),
    }


def _triggers(events: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, event in events.items():
        config = _uncapitalised(event["Properties"])
        if "authType" in config:
            config["authType"] = config["authType"].lower()
        yield {
            "triggerName": name,
            "triggerType": event["Type"].lower(),
            "triggerConfig": config,
        }


def _domain(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "region": REGION,
        "domainName": properties["DomainName"],
        "protocol": properties["Protocol"],
        "certConfig": _uncapitalised(properties["CertConfig"]),
        "routeConfig": {
            "routes": [
                {"path": path, "functionName": f"wechat_gateway_{to['FunctionName']}"}
                for path, to in properties["RouteConfig"]["Routes"].items()
            ]
        },
    }


def _environment(name: str, parameters: Mapping[str, Any]) -> str:
    """Return what `s` replaces by a variable; without a default it has to be there."""
    if name in VARIABLES and name not in NEEDED:
        return f"${{env('{name}', '{parameters[name]['Default']}')}}"
    return f"${{env('{name}')}}"


def _uncapitalised(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name[0].lower() + name[1:]: each for name, each in value.items()}


if __name__ == "__main__":
    main()
