"""The real `s` with the real components against FC 3.0's API: what it sends.

The components come from the registry of Serverless Devs. They are looked for where `s`
keeps them, ~/.s/components/devsapp.cn/v3, or in SERVERLESS_DEVS_COMPONENTS.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest
import yaml

from deploy.policies import Names, deployer_policy
from tests.deployment.deployer import (
    COMPONENTS,
    build,
    by_serverless_devs,
    may_unshare_network,
)
from tests.deployment.function_compute.control_3 import Control3
from tests.deployment.function_compute.instance import ACCOUNT, REGION
from tests.deployment.function_compute.server_3 import FunctionCompute3
from tests.deployment.gateway import DOMAIN
from tests.support.ram import actions, allows

VPC = {
    "ROLE_ARN": "acs:ram::1234567890123456:role/gateway-fc",
    "INTERNET_ACCESS": "false",
    **{"VPC_ID": "vpc-1", "VSWITCH_ID": "vsw-1", "SECURITY_GROUP_ID": "sg-1"},
    **{"LOG_PROJECT": "example-gateway", "LOG_STORE": "gateway"},
}


@pytest.fixture(scope="module")
def components():
    """The folder with both components; skips aloud where there is none."""
    given = os.environ.get("SERVERLESS_DEVS_COMPONENTS")
    folder = Path(given or Path.home() / ".s/components/devsapp.cn/v3")
    if not shutil.which("s"):
        pytest.skip("no s: npm install --ignore-scripts @serverless-devs/s@3.1.10")
    if not may_unshare_network():
        pytest.skip("no own network for s, which calls the vendor's own hosts")
    if not all((folder / name / "package.json").is_file() for name in COMPONENTS):
        pytest.skip(f"no components of Serverless Devs in {folder}: s fetches them")
    return folder


@pytest.fixture(scope="module")
def deployed(components, checkout, python310, settings_of, tmp_path_factory):
    """What `make deploy FC=3` sends, and what it says; no function is called."""
    folder = tmp_path_factory.mktemp("serverless_devs")
    settings = settings_of(folder, "redis://172.16.1.7:6379/0", "https://example.com")
    tree = checkout("for_serverless_devs")
    done = build(tree, python310, **settings, **VPC, FC="3")
    assert 0 == done.returncode, done.stdout + done.stderr
    compute = FunctionCompute3({"python3.10": python310}, folder)
    compute.tree, compute.home, compute.settings = tree, folder / "home", settings
    compute.deployer = by_serverless_devs(components, compute.home, compute)
    compute.first = compute.deployer.deploy(tree)
    compute.sent = list(compute.control.seen)
    yield compute
    compute.stop()


@pytest.fixture(scope="module")
def described(deployed):
    """The resources in the file of the build, by name."""
    file = deployed.tree / ".fun/build/artifacts/s.yaml"
    return yaml.safe_load(file.read_text())["resources"]


def test_it_succeeds(deployed):
    """`s` succeeds, and the API refuses only what is not there yet."""
    code, said = deployed.first
    others = [each for each in deployed.faults if "NotFound: " not in each]

    assert (0, []) == (code, others), said
    assert f"GET /custom-domains/{DOMAIN}" in deployed.sent


def test_each_thing_is_made_once(deployed, described):
    """Every function, every trigger and the domain is created, and nothing else."""
    made = [each for each in deployed.sent if each.startswith(("POST", "PUT"))]
    names = [n for n, each in described.items() if each["component"] == "fc3"]
    expected = ["POST /functions" for _ in names] + ["POST /custom-domains"]
    expected += [f"POST /functions/wechat_gateway_{name}/triggers" for name in names]

    assert sorted(expected) == sorted(made)


def test_what_arrives_is_what_was_built(deployed):
    """Every function gets the bytes that were built."""
    archive = deployed.tree / ".fun/build/artifacts/code.zip"
    built = hashlib.sha256(archive.read_bytes()).hexdigest()

    assert {built} == {*deployed.control.digests.values()}


def test_a_function_has_what_the_file_says(deployed, described):
    """Sizes, network, role, log and settings arrive as they were written."""
    for each in (each["props"] for each in described.values()):
        if "functionName" not in each:
            continue
        made = deployed.control.functions[each["functionName"],]
        given = {
            n: v for n, v in each.items() if n not in ("region", "code", "triggers")
        }
        kept = {name: made.get(name) for name in given}
        kept["logConfig"] = {n: kept["logConfig"][n] for n in given["logConfig"]}

        assert given == kept
        assert made["internetAccess"] is False


def test_triggers_and_routes(deployed, described):
    """Only admin's trigger is authenticated, and all routes arrive."""
    locked = [
        function
        for (function, _), each in deployed.control.triggers.items()
        if json.loads(each["triggerConfig"]).get("authType") == "function"
    ]
    domain = deployed.control.domains[DOMAIN,]
    given = described["domain"]["props"]["routeConfig"]["routes"]

    assert ["wechat_gateway_admin"] == locked
    assert {(each["path"], each["functionName"]) for each in given} == {
        (each["path"], each["functionName"]) for each in domain["routeConfig"]["routes"]
    }


def test_no_log_is_left(deployed):
    """The logs of `s` hold every setting, and none of them is kept."""
    secret = deployed.settings["MASTER_KEYS"].encode()
    left = [each for each in deployed.home.rglob("*") if each.is_file()]

    assert [] == [each for each in left if secret in each.read_bytes()]


def test_a_second_run_replaces(deployed):
    """A second deployment updates and creates nothing."""
    before = len(deployed.control.seen)
    code, said = deployed.deployer.deploy(deployed.tree)
    written = [each for each in deployed.control.seen[before:] if each[:3] != "GET"]

    assert 0 == code, said
    assert {"PUT"} == {each.partition(" ")[0] for each in written}


RENAMED = {"fc:GetAsyncInvokeConfig": "fc:GetFunctionAsyncInvokeConfig"}
"""Actions of RAM that have another name than the API's."""


def test_the_deployers_policy_allows_what_s_does(deployed):
    """Each request of a first and of a second deployment is allowed, and the upload."""
    may = deployer_policy(Names(ACCOUNT, REGION, "example", "gateway", fc=3))
    used = set()
    for method, path in (each.split() for each in deployed.control.seen):
        action, _, place = Control3.action(method, f"/2023-03-30{path}")
        name = RENAMED.get(f"fc:{action}", f"fc:{action}")
        resource = path.strip("/") if place else f"{path.strip('/')}/wechat_gateway_x"
        assert allows(may, name, f"acs:fc:{REGION}:{ACCOUNT}:{resource}"), path
        used.add(name)

    others = {"fc:GetTempBucketToken", "fc:InvokeFunction", "ram:PassRole"}
    assert used == actions(may) - others
