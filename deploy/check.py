"""Check before a deployment: the built settings are complete and can work."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from deploy.certificates import certificate_faults, ending_soon
from deploy.forms import is_on_this_machine, is_role
from deploy.fun_profile import lacking
from deploy.replaced_certificates import from_function_compute, older_ones
from deploy.serverless_devs import FILE, TOOL
from management.failure import Failure
from management.offline import Offline
from runtime.crypto.certificates import is_base64_der
from runtime.errors import SettingsError
from runtime.gateway import Gateway
from runtime.settings import settings_from
from template.resources import domains, functions, parse_template, services

TEMPLATE = Path(".fun/build/artifacts/template.yml")
_TOOLS = {"2": ("fun", "@alicloud/fun@3.6.24"), "3": ("s", TOOL)}
_ASKED = {
    "redis": "REDIS_URL",
    "push_redis": "PUSH_REDIS_URL",
    "config": "CONFIG_URL",
    "wechat_proxy": "WECHAT_PROXY_URL",
}
_URLS = (
    *("PUBLIC_BASE_URL", "REDIS_URL", "PUSH_REDIS_URL", "S3_ENDPOINT_URL"),
    "WECHAT_PROXY_URL",
    *("WECHAT_API_URL", "WECHAT_OPEN_URL", "WECHAT_MP_URL"),
    *("WECOM_API_URL", "WECOM_LOGIN_URL"),
)


def main(words: list[str], environ: Mapping[str, str] = os.environ) -> int:
    """Print every fault; return 0 if there is none, else 1."""
    parser = argparse.ArgumentParser(prog="python -m deploy.check", description=__doc__)
    parser.add_argument(
        "--reach", action="store_true", help="also use Redis and the bucket from here"
    )
    deployed = "also refuse a certificate that is older than the domain's"
    parser.add_argument("--deployed", action="store_true", help=deployed)
    generation = "generation of Function Compute; default: 2"
    parser.add_argument("--fc", choices=("2", "3"), default="2", help=generation)
    options = parser.parse_args(words)
    if not TEMPLATE.is_file():
        print(f"make deploy: {TEMPLATE} is missing: run make build.")
        return 1
    resources = parse_template(TEMPLATE.read_text("utf-8"))["Resources"]
    now = datetime.now(timezone.utc)
    found = {*_tool_faults(environ, *_TOOLS[options.fc])}
    if options.fc == "3":
        found |= {*_faults_on_3(resources)}
    found |= {*_build_faults(resources, now, reach=options.reach)}
    if options.deployed and not found:
        found |= {*older_ones(resources, from_function_compute(environ, options.fc))}
    faults = sorted(found)
    for fault in faults:
        print(f"make deploy: {fault}")
    for warning in ending_soon(resources, now):
        print(f"make deploy: {warning}", file=sys.stderr)
    return 1 if faults else 0


def _tool_faults(environ: Mapping[str, str], tool: str, package: str) -> Iterator[str]:
    if not shutil.which(tool, path=environ.get("PATH", "")):
        yield f"{tool} is not on PATH: npm install --global {package}."
    for name in lacking(environ):
        yield f"{name} is missing: {tool} deploy needs it."


def _faults_on_3(resources: Mapping[str, Any]) -> Iterator[str]:
    if not (TEMPLATE.parent / FILE.name).is_file():
        yield "The build is for Function Compute 2.0: run make build FC=3."
    for service in services(resources):
        if {"VpcConfig", "LogConfig"} & service.keys() and "Role" not in service:
            yield "ROLE_ARN is missing: on FC 3.0 a VPC or a log needs it."


def _build_faults(
    resources: Mapping[str, Any], now: datetime, *, reach: bool
) -> Iterator[str]:
    environs = [
        each.properties["EnvironmentVariables"] for each in functions(resources)
    ]
    for environ in environs:
        try:
            settings_from(environ)
        except SettingsError as error:
            yield f"{error}."
            return
        yield from _location_faults(environ)
        yield from _domain_faults(resources, environ["PUBLIC_BASE_URL"], now)
    yield from _role_faults(resources)
    yield from _route_faults(resources)
    if reach:
        yield from _unreachable(environs[0])


def _location_faults(environ: Mapping[str, str]) -> Iterator[str]:
    # All of this works on a developer's machine, but not on Function Compute.
    for name in _URLS:
        if is_on_this_machine(environ.get(name, "")):
            yield f"{name} points to this machine, which no function can reach."
    if urlsplit(environ["PUBLIC_BASE_URL"]).path.strip("/"):
        yield "PUBLIC_BASE_URL has a path, but the domain's routes begin at its root."
    if environ.get("REDIS_CA") and not is_base64_der(environ["REDIS_CA"]):
        yield "REDIS_CA is a file, which no function has: use base64 of its DER."
    if environ["CONFIG_URL"].startswith("file:"):
        yield "CONFIG_URL is a folder, but functions share no folder: use a bucket."
    elif "AWS_ACCESS_KEY_ID" not in environ:
        yield "CONFIG_URL is a bucket: BUCKET_KEY_ID and BUCKET_KEY_SECRET are missing."


def _role_faults(resources: Mapping[str, Any]) -> Iterator[str]:
    for service in services(resources):
        role = service.get("Role")
        if role and not is_role(role):
            yield "ROLE_ARN is not acs:ram::ACCOUNT_ID:role/NAME."


def _domain_faults(
    resources: Mapping[str, Any], base: str, now: datetime
) -> Iterator[str]:
    parts = urlsplit(base)
    for domain in domains(resources):
        name = domain["DomainName"]
        if parts.hostname != name:
            yield f"PUBLIC_BASE_URL is not on DOMAIN_NAME, {name}."
        given = domain.get("CertConfig")
        if given and parts.hostname == name:
            yield from certificate_faults(given, name, now)
        if parts.scheme == "https" and not given:
            yield "CERTIFICATE_NAME, CERTIFICATE and CERTIFICATE_KEY are missing."


def _route_faults(resources: Mapping[str, Any]) -> Iterator[str]:
    # The smoke test calls /healthz of each function below the function's name.
    for domain in domains(resources):
        routes = domain["RouteConfig"]["Routes"]
        for name in _http_functions(resources):
            if routes.get(f"/{name}/*", {}).get("FunctionName") != name:
                yield f"No route /{name}/* leads to the function {name}."


def _http_functions(resources: Mapping[str, Any]) -> Iterator[str]:
    for function in functions(resources):
        if any(function.triggers("HTTP")):
            yield function.name


def _unreachable(environ: Mapping[str, str]) -> Iterator[str]:
    _use_bucket_key(environ)
    health = Gateway(settings_from(environ)).health
    found = health.find()
    others = [_ASKED[name] for name in found if found[name] == "other_deployment"]
    if others:
        yield (
            f"{' and '.join(others)} names the Redis of another deployment:"
            " manage.py redis claim takes it over."
        )
        return
    for name, commands in health.refused().items():
        yield (
            f"The Redis of {_ASKED[name]} refuses {' '.join(commands)}:"
            " manage.py redis acl prints what must be allowed."
        )
    for name, state in found.items():
        if state == "untrusted":
            yield health.explanations()[name]
    if health.explanations():
        return
    away = [_ASKED[name] for name in _ASKED if found.get(name, "ok") != "ok"]
    if away:
        yield f"{' and '.join(away)} cannot be used from here."
        return
    yield from _refused_scripts(environ)
    yield from _unreadable(environ)


def _use_bucket_key(environ: Mapping[str, str]) -> None:
    # boto3 reads the process' environment, which may hold the deployer's own key.
    for name in [each for each in os.environ if each.startswith("AWS_")]:
        del os.environ[name]
    given = {n: value for n, value in environ.items() if n.startswith("AWS_")}
    os.environ.update(given)


def _refused_scripts(environ: Mapping[str, str]) -> Iterator[str]:
    try:
        found = Offline(environ).perform("redis", "check", {})
    except Failure as failure:
        yield str(failure)
        return
    for each in found["faults"]:
        yield (
            f"The Redis of {each['setting']} refuses {each['refused']}:"
            f" {each['answer']}."
        )


def _unreadable(environ: Mapping[str, str]) -> Iterator[str]:
    try:
        found = Offline(environ).perform("store", "check", {})["faults"]
    except Failure as failure:
        yield str(failure)
        return
    if found:
        yield f"{len(found)} faults in the documents: manage.py store check."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
