"""The whole gateway on FC 3.0, with each Python: smoke, manage.py, what was sent."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
import yaml

from deploy.package.failed import BuildFailed
from deploy.package.interpreter import find_interpreter
from deploy.package.target import target_of
from deploy.package.wheels import folder_of
from deploy.replaced_certificates import from_function_compute
from deploy.smoke.__main__ import main as look
from management.failure import Failure
from runtime.version import version
from tests.deployment.component_calls import deploy
from tests.deployment.deployer import ROOT, build
from tests.deployment.function_compute.server_3 import FunctionCompute3
from tests.deployment.function_compute.signature import KEY_ID, KEY_SECRET
from tests.deployment.gateway import DOMAIN
from tests.support.redis_server import make_redis

ENDPOINT_KEY = {"ACCESS_KEY_ID": KEY_ID, "ACCESS_KEY_SECRET": KEY_SECRET}


@pytest.fixture(scope="module", params=["python3.10", "python3.12", "custom.debian12"])
def generation_3(request, checkout, platform, settings_of, tmp_path_factory):
    """The gateway on FC 3.0 with one runtime; nothing has called it yet."""
    target = target_of({"FC": "3", "RUNTIME": request.param})
    cache = ROOT / ".fun/wheels"
    if not folder_of(
        ROOT / "requirements.lock", cache=cache, python=target.python
    ).is_dir():
        pytest.skip(f"no wheels for {target.python}: make build FC=3 fetches them")
    try:
        python = find_interpreter(os.environ, target)
    except BuildFailed as failed:
        pytest.skip(f"no deployment test: {failed}")
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "redis").mkdir()
    redis = make_redis(folder / "redis")
    settings = settings_of(folder, redis.url, platform.url)
    tree = checkout(request.param)
    chosen = {"FC": "3", "RUNTIME": request.param, target.variable: str(python)}
    done = build(tree, python, **settings, **chosen)
    assert 0 == done.returncode, done.stdout + done.stderr
    compute = FunctionCompute3({request.param: python}, folder)
    compute.runtime, compute.tree = request.param, tree
    compute.url = f"http://127.0.0.1:{compute.port}"
    try:
        deploy(tree / ".fun/build/artifacts/s.yaml", compute.url)
        yield compute
    finally:
        compute.stop()
        redis.stop()


@pytest.fixture
def smoke_3(generation_3, to_loopback, capsys):
    """Run it on the custom domain, with the signature of FC 3.0."""
    to_loopback(DOMAIN)
    keys = {**ENDPOINT_KEY, "FC_ENDPOINT": generation_3.url}

    def run(*words, **changes):
        url = f"http://{DOMAIN}:{generation_3.port}"
        tree = generation_3.tree
        arguments = [url, "--fc", "3", *words], {**keys, **changes}
        code = look(*arguments, built=tree / ".fun/build/code")
        return code, capsys.readouterr().out

    return run


def manage(compute, *words, secret=KEY_SECRET, typed=""):
    """Run manage.py through the function admin."""
    endpoint = f"{compute.url}/2023-03-30"
    return subprocess.run(
        [sys.executable, ROOT / "manage.py", *words, "--json", "--endpoint", endpoint],
        env={"PATH": os.environ["PATH"], **ENDPOINT_KEY, "ACCESS_KEY_SECRET": secret},
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_smoke_finds_nothing_wrong(generation_3, smoke_3):
    """All functions, documents, token and the start of deliver; no check is left out.

    The functions have no role here, so deliver is not started at once.
    """
    code, said = smoke_3()

    assert 0 == code, said + generation_3.log.read_text()
    assert 14 == said.count("ok  ")
    assert "skipped      nudge: no_" in said
    assert "ok           refresh: version " in said
    assert "ok           lock of admin: 403 for an unsigned call" in said


def test_another_version_than_the_build(generation_3, smoke_3):
    """`--built` compares the version that each function tells, signed calls too."""
    file = generation_3.tree / ".fun/build/code/REVISION"
    before = file.read_text() if file.exists() else None
    same, said_same = smoke_3("--built")
    file.write_text("0123456789ab")
    version.cache_clear()
    try:
        other, said_other = smoke_3("--built")
    finally:
        file.write_text(before) if before is not None else file.unlink()
        version.cache_clear()

    assert 0 == same, said_same
    assert 1 == other
    for name in ("login", "console", "admin", "refresh", "deliver"):
        assert re.search(f"FAILED       {name}: .*0123456789ab", said_other), said_other


def test_smoke_with_a_wrong_key(smoke_3):
    """The API's refusal is named for each signed check."""
    code, said = smoke_3(ACCESS_KEY_SECRET="wrong")

    assert 1 == code
    for name in ("admin", "documents", "refresh", "deliver"):
        refusal = "The platform refused the call: SignatureDoesNotMatch."
        assert f"FAILED       {name}: {refusal}\n" in said


def test_manage_adds_and_reads(generation_3):
    """manage.py works through the function admin, whose refusals it prints."""
    appid = "wx" + "c" * 16
    added = manage(
        generation_3,
        *("app", "add", appid, "--kind", "service", "--secret-stdin"),
        typed="0" * 32,
    )
    assert 0 == added.returncode, added.stderr + generation_3.log.read_text()
    listed = manage(generation_3, "app", "list")
    again = manage(
        generation_3,
        *("app", "add", appid, "--kind", "service", "--secret-stdin"),
        typed="0" * 32,
    )
    removed = manage(generation_3, "app", "remove", appid)

    assert [appid] == [each["appid"] for each in json.loads(listed.stdout)["apps"]]
    assert 0 != again.returncode
    assert appid in again.stderr
    assert 0 == removed.returncode


def test_manage_with_a_wrong_key(generation_3):
    """Nothing is done, and the platform's code is printed."""
    refused = manage(generation_3, "app", "list", secret="wrong")

    assert 1 == refused.returncode
    assert "The platform refused the call: SignatureDoesNotMatch." in refused.stderr


def test_what_was_sent(generation_3):
    """Every function has the runtime that was built for, and nothing was refused."""
    functions = generation_3.control.functions.values()
    template = yaml.safe_load((ROOT / "template.yml").read_text())["Resources"]
    names = [n for n, each in template["wechat_gateway"].items() if "Events" in each]

    assert {f"wechat_gateway_{name}" for name in names} == {
        each["functionName"] for each in functions
    }
    assert {generation_3.runtime} == {each["runtime"] for each in functions}
    assert 1 == len({*generation_3.control.digests.values()})


def test_the_domains_certificate_is_asked_for(generation_3):
    """deploy.check compares it by FC 3.0's API, as by FC 2.0's."""
    account = {**ENDPOINT_KEY, "ACCOUNT_ID": "1", "REGION": "cn-hangzhou"}
    known = {**account, "FC_ENDPOINT": generation_3.url}
    find = from_function_compute(known, "3")

    assert find(DOMAIN)["certConfig"]["certificate"].startswith("-----BEGIN CERT")
    assert {} == find("other.example.com")
    with pytest.raises(Failure, match="SignatureDoesNotMatch"):
        from_function_compute({**known, "ACCESS_KEY_SECRET": "wrong"}, "3")(DOMAIN)


def test_the_file_with_secrets_is_the_deployers_alone(generation_3):
    """s.yaml holds every setting, and only its owner can read it."""
    file = generation_3.tree / ".fun/build/artifacts/s.yaml"

    assert 0o600 == file.stat().st_mode & 0o777
    assert re.search("MASTER_KEYS: '?1:", file.read_text())
