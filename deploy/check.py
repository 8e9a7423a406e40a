"""Before `fun deploy`: what was built has settings with which it can run."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from deploy.package.placing import domains, functions, http_functions
from management.failure import Failure
from management.offline import Offline
from runtime.gateway import Gateway
from runtime.setting_values import SettingsError
from runtime.settings import settings_from

TEMPLATE = Path(".fun/build/artifacts/template.yml")
_ASKED = {"redis": "REDIS_URL", "config": "CONFIG_URL"}


def main(words: list[str]) -> int:
    """Name every fault; return 0 if there is none, else 1."""
    parser = argparse.ArgumentParser(prog="python -m deploy.check", description=__doc__)
    parser.add_argument(
        "--reach", action="store_true", help="ask Redis and the bucket from here, too"
    )
    options = parser.parse_args(words)
    if not TEMPLATE.is_file():
        print(f"make deploy: no {TEMPLATE}: make build makes it.")
        return 1
    resources = yaml.safe_load(TEMPLATE.read_text("utf-8"))["Resources"]
    faults = sorted(set(_faults(resources, reach=options.reach)))
    for fault in faults:
        print(f"make deploy: {fault}")
    return 1 if faults else 0


def _faults(resources: Mapping[str, Any], *, reach: bool) -> Iterator[str]:
    environs = [each["EnvironmentVariables"] for _, each in functions(resources)]
    for environ in environs:
        try:
            settings_from(environ)
        except SettingsError as error:
            yield f"{error}."
            return
        yield from _of_the_domain(resources, environ["PUBLIC_BASE_URL"])
    yield from _of_the_routes(resources)
    if reach:
        yield from _out_of_reach(environs[0])


def _of_the_domain(resources: Mapping[str, Any], base: str) -> Iterator[str]:
    parts = urlsplit(base)
    for domain in domains(resources):
        name = domain["DomainName"]
        if parts.hostname != name:
            yield f"PUBLIC_BASE_URL is not on DOMAIN_NAME, {name}."
        if parts.scheme == "https" and "CertConfig" not in domain:
            yield "CERTIFICATE_NAME, CERTIFICATE and CERTIFICATE_KEY are missing."


def _of_the_routes(resources: Mapping[str, Any]) -> Iterator[str]:
    # Beneath its own name each of them can be called, and answers /healthz.
    for domain in domains(resources):
        routes = domain["RouteConfig"]["Routes"]
        for name in http_functions(resources):
            if routes.get(f"/{name}/*", {}).get("FunctionName") != name:
                yield f"No route /{name}/* leads to the function {name}."


def _out_of_reach(environ: Mapping[str, str]) -> Iterator[str]:
    _take_the_buckets_key(environ)
    found = Gateway(settings_from(environ)).health.find()
    away = [setting for name, setting in _ASKED.items() if found[name] != "ok"]
    if away:
        yield f"{' and '.join(away)} cannot be used from here."
        return
    yield from _unreadable(environ)


def _take_the_buckets_key(environ: Mapping[str, str]) -> None:
    # boto3 looks in the process alone, where the deployer may have a key of his own.
    for name in [each for each in os.environ if each.startswith("AWS_")]:
        del os.environ[name]
    given = {n: value for n, value in environ.items() if n.startswith("AWS_")}
    os.environ.update(given)


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
