"""Readers of the files in deploy/, and the tools that check them."""

import dataclasses
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from runtime.settings import Settings
from runtime.web.client_address import client_address

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
K8S = DEPLOY / "k8s"
SETTINGS = {field.name.upper(): field for field in dataclasses.fields(Settings)}
NEEDED = {
    name
    for name, field in SETTINGS.items()
    if field.default is dataclasses.MISSING or name == "OIDC_KEY"
}
"""What a production host cannot do without, the provider's key among it."""


def tool(name):
    """Return a tool of this environment or of PATH; skips aloud without it."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        pytest.skip(f"no {name}")
    return found


def run(*command, text=None):
    """Return the exit code and all that was said."""
    done = subprocess.run(
        command,
        input=text,
        stdin=None if text is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout


def documents(file):
    """Return the documents of a YAML file."""
    return list(yaml.safe_load_all(file.read_text("utf-8")))


def all_of_kind(kind):
    """Return the objects of this kind in deploy/k8s."""
    files = [*K8S.glob("*.yaml"), *K8S.glob("*.yaml.example")]
    return [each for file in files for each in documents(file) if each["kind"] == kind]


def of_kind(kind):
    """Return the one object of this kind in deploy/k8s."""
    (found,) = all_of_kind(kind)
    return found


def cron_jobs():
    """Return the cron jobs by the function that each runs."""
    return {
        each["metadata"]["name"].removeprefix("wechat-gateway-"): each
        for each in all_of_kind("CronJob")
    }


def instruction(name, *, file=DEPLOY / "Dockerfile"):
    """Return the arguments of the last such instruction of a Dockerfile."""
    text = file.read_text("utf-8").replace("\\\n", " ")
    return re.findall(rf"^{name} +(.+)$", text, re.MULTILINE)[-1]


def health_check():
    """Return port and path that the image's health check asks for."""
    (program,) = json.loads(instruction("HEALTHCHECK").partition("CMD ")[2])[2:]
    port, path = re.search(r"'http://127\.0\.0\.1:(\d+)(/[^']*)'", program).groups()
    return int(port), path


def address_seen(forwarded, *, hops):
    """Return whom the gateway takes for the caller, by X-Forwarded-For."""
    return client_address("192.0.2.1", forwarded_for=forwarded, trusted_hops=int(hops))
