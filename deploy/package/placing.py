"""Places of the parameters in the template; one without a value changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from deploy.certificates import taken_key
from deploy.package.parameters import SETTINGS
from template.resources import domains, functions, services

VARIABLES = {
    **{name: name for name in SETTINGS},
    "BUCKET_KEY_ID": "AWS_ACCESS_KEY_ID",
    "BUCKET_KEY_SECRET": "AWS_SECRET_ACCESS_KEY",
}
"""Variables of each function by parameter; boto3 defines the names of the last two."""


def place(resources: Mapping[str, Any], values: Mapping[str, str]) -> None:
    """Put the values into the services, functions and domains of a template."""
    for properties in services(resources):
        properties |= _service_properties(values)
    for properties in domains(resources):
        properties |= _domain_properties(values)
    given = {to: values[name] for name, to in VARIABLES.items() if name in values}
    for function in functions(resources):
        public = function.properties.get("EnvironmentVariables", {})
        function.properties["EnvironmentVariables"] = {**public, **given}


def _service_properties(values: Mapping[str, str]) -> dict[str, Any]:
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


def _domain_properties(values: Mapping[str, str]) -> dict[str, Any]:
    placed: dict[str, Any] = {}
    name = values.get("DOMAIN_NAME") or _host(values.get("PUBLIC_BASE_URL", ""))
    if name:
        placed["DomainName"] = name
    if "CERTIFICATE" in values:
        placed["Protocol"] = "HTTP,HTTPS"
        placed["CertConfig"] = {
            "CertName": values["CERTIFICATE_NAME"],
            "Certificate": values["CERTIFICATE"],
            "PrivateKey": taken_key(values["CERTIFICATE_KEY"]),
        }
    return placed


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""  # deploy.check reports it
