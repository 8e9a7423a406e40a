"""A plain `fun deploy -y` with an access key and no settings."""

from __future__ import annotations

import json
import shutil
from dataclasses import MISSING, fields
from zipfile import ZipFile

import pytest
import urllib3
import yaml

from deploy.package.layout import PACKAGES
from deploy.package.revision import FILE
from runtime.settings import Settings
from tests.deployment.deployer import ROOT, by_fun
from tests.deployment.function_compute.server import FunctionCompute
from tests.deployment.gateway import DOMAIN, SERVICE

RESOURCES = yaml.safe_load((ROOT / "template.yml").read_text())["Resources"]
EVENTS = {
    name: each["Events"]
    for name, each in RESOURCES[SERVICE].items()
    if isinstance(each, dict) and "Events" in each
}
ROUTES = RESOURCES["domain"]["Properties"]["RouteConfig"]["Routes"]
MISSED = {f.name.upper() for f in fields(Settings) if f.default is MISSING}


@pytest.fixture
def compute(python310, tmp_path):
    running = FunctionCompute(python310, tmp_path)
    yield running
    running.stop()


@pytest.fixture
def deploy(fun, compute, tmp_path):
    """Deploy a folder with success; return what fun said."""
    deployer = by_fun(fun, tmp_path / "deployer", compute)

    def run(folder):
        code, said = deployer.deploy(folder)
        assert 0 == code, said
        return said

    return run


@pytest.fixture
def ask(compute):
    """Return status and JSON of a GET by the custom domain."""
    http = urllib3.PoolManager(retries=False, timeout=60)

    def get(path):
        url = f"http://127.0.0.1:{compute.port}{path}"
        answer = http.request("GET", url, headers={"host": DOMAIN}, redirect=False)
        return answer.status, json.loads(answer.data)

    return get


def test_a_fresh_clone(validate, deploy, checkout, compute):
    """fun deploys the template without a build."""
    tree = checkout("fresh")
    assert (0, "") == validate(tree)
    assert "using template: template.yml" in deploy(tree)
    control = compute.control

    assert {(SERVICE,)} == set(control.services)
    assert {(SERVICE, name) for name in EVENTS} == set(control.functions)
    assert {
        (SERVICE, name, trigger) for name, made in EVENTS.items() for trigger in made
    } == set(control.triggers)
    (domain,) = control.domains.values()
    assert (DOMAIN, "HTTP", list(ROUTES)) == (
        domain["domainName"],
        domain["protocol"],
        [each["path"] for each in domain["routeConfig"]["routes"]],
    )


def test_a_build_without_settings(deploy, built, compute, ask):
    """Missing settings are named in the log, and not to the caller."""
    assert "using template: .fun/build/artifacts/template.yml" in deploy(built)
    status, answer = ask("/login/me")
    log = compute.log.read_text()

    assert (500, "internal_error") == (status, answer["error"])
    assert [] == [name for name in MISSED if name in json.dumps(answer)]
    assert MISSED == {name for name in MISSED if f"{name} is missing" in log}


def test_packages_without_an_archive(deploy, built, compute, ask, tmp_path):
    """What fun packs by itself is the archive without our bytecode."""
    tree = shutil.copytree(built, tmp_path / "tree", symlinks=True)
    shutil.rmtree(tree / ".fun/build")
    assert "using template: template.yml" in deploy(tree)
    sent = compute.control.code_of(SERVICE, "login")
    files = {
        each.relative_to(sent).as_posix(): each.read_bytes()
        for each in sent.rglob("*")
        if each.is_file()
    }
    with ZipFile(built / ".fun/build/artifacts/code.zip") as archive:
        expected = {
            name: archive.read(name)
            for name in archive.namelist()
            if name.startswith(PACKAGES) or not (name == FILE or name.endswith(".pyc"))
        }

    assert expected == files
    assert 500 == ask("/login/me")[0]
