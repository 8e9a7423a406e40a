"""Where in the template each parameter goes; what has no value stays as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from deploy.package.parameters import SETTINGS

_SERVICE = "Aliyun::Serverless::Service"
_FUNCTION = "Aliyun::Serverless::Function"
_DOMAIN = "Aliyun::Serverless::CustomDomain"
VARIABLES = {
    **{name: name for name in SETTINGS},
    "BUCKET_KEY_ID": "AWS_ACCESS_KEY_ID",
    "BUCKET_KEY_SECRET": "AWS_SECRET_ACCESS_KEY",
}
"""What each function gets, and by which name; the last two by boto3's."""


def place(resources: Mapping[str, Any], values: Mapping[str, str]) -> None:
    """Put the values into service, functions and domain of a template."""
    for properties in _of_type(resources, _SERVICE):
        properties |= _of_the_service(values)
    for properties in domains(resources):
        properties |= _of_the_domain(values)
    given = {to: values[name] for name, to in VARIABLES.items() if name in values}
    for _, properties in functions(resources):
        public = properties.get("EnvironmentVariables", {})
        properties["EnvironmentVariables"] = {**public, **given}


def functions(resources: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield name and properties of each function."""
    for service in resources.values():
        for name, resource in service.items():
            if isinstance(resource, dict) and resource.get("Type") == _FUNCTION:
                yield name, resource["Properties"]


def http_functions(resources: Mapping[str, Any]) -> Iterator[str]:
    """Yield the name of each function with an HTTP trigger."""
    for service in resources.values():
        for name, resource in service.items():
            events = resource.get("Events", {}) if isinstance(resource, dict) else {}
            if any(event["Type"] == "HTTP" for event in events.values()):
                yield name


def domains(resources: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the properties of each custom domain."""
    yield from _of_type(resources, _DOMAIN)


def _of_type(resources: Mapping[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    for resource in resources.values():
        if resource["Type"] == kind:
            yield resource["Properties"]


def _of_the_service(values: Mapping[str, str]) -> dict[str, Any]:
    placed: dict[str, Any] = {"InternetAccess": values["INTERNET_ACCESS"] == "true"}
    if "ROLE_ARN" in values:
        placed["Role"] = values["ROLE_ARN"]
    if "VPC_ID" in values:
        placed["VpcConfig"] = {
            "VpcId": values["VPC_ID"],
            "VSwitchIds": [values["VSWITCH_ID"]],
            "SecurityGroupId": values["SECURITY_GROUP_ID"],
        }
    if "LOG_PROJECT" in values:
        placed["LogConfig"] = {
            "Project": values["LOG_PROJECT"],
            "Logstore": values["LOG_STORE"],
            "EnableRequestMetrics": True,
            "EnableInstanceMetrics": True,
        }
    return placed


def _of_the_domain(values: Mapping[str, str]) -> dict[str, Any]:
    placed: dict[str, Any] = {}
    name = values.get("DOMAIN_NAME") or _host(values.get("PUBLIC_BASE_URL", ""))
    if name:
        placed["DomainName"] = name
    if "CERTIFICATE" in values:
        placed["Protocol"] = "HTTP,HTTPS"
        placed["CertConfig"] = {
            "CertName": values["CERTIFICATE_NAME"],
            "Certificate": values["CERTIFICATE"],
            "PrivateKey": values["CERTIFICATE_KEY"],
        }
    return placed


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""  # the check before a deployment says so
