"""docs/deploying.md, typed on the fresh machine from its first line to its last step.

Aliyun's own programs and the downloads of uv and npm have stand-ins, because they need
an account, GitHub, or a minute; everything else is done as the page says.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import urllib3

from deploy.policies import MAKERS
from tests.deployment.function_compute.server_3 import FunctionCompute3
from tests.deployment.function_compute.signature import KEY_ID, KEY_SECRET
from tests.end_to_end.visitor import Visitor
from tests.fresh_machine.cloud import DOMAIN
from tests.fresh_machine.conftest import HOME, PAGE
from tests.fresh_machine.terminal import Failed
from tests.support.documentation import ROOT, code_blocks, section
from tests.support.drills import who_is

HERE = Path(__file__).parent
SERVICE, WEBSITE = "wx0123456789abcdef", "wxfedcba9876543210"
SECRETS = {SERVICE: "0123456789abcdef" * 2, WEBSITE: "fedcba9876543210" * 2}
DOWNLOADS = {
    r"sudo apt-get update": "",
    r"sudo apt-get install .+": "",
    r".+/uv python install 3\.10": "",
    r"npm install .+ @alicloud/fun@(\S+)": r"grep '\"version\": \"\1\"' "
    "~/.local/lib/node_modules/@alicloud/fun/package.json",
    r"npm install .+ @serverless-devs/s@(\S+)": "",
}
"""Lines that the machine's maker has done, and what is typed instead."""
VALUES = {
    "REDIS_URL=redis://gateway:PASSWORD@r-….": "REDIS_URL=redis://gateway:PASSWORD@r-x.",
    "S3_ENDPOINT_URL=https:": "S3_ENDPOINT_URL=http:",
    "ACCESS_KEY_ID=LTAI…": f"ACCESS_KEY_ID={KEY_ID}",
    "ACCESS_KEY_SECRET=…": f"ACCESS_KEY_SECRET={KEY_SECRET}",
}
"""Placeholders of the page. boto3 brings its own authorities, so the bucket is asked
without TLS here."""
KEYS = {"LTAI…": "LTAI5tExampleKeyId", "…": "ExampleKeySecretOfThirtyCharac"}


def blocks(heading, language="sh"):
    """Return what the page says to type under a heading."""
    found = code_blocks(section(PAGE, heading), language)
    assert found, heading
    return found


def typed(block, values=None):
    """Return a block as it is typed on the machine."""
    for old, new in (values or {}).items():
        assert old in block, old
        block = block.replace(old, new)
    for pattern, replacement in DOWNLOADS.items():
        block = re.sub(rf"(?m)^{pattern}$", replacement, block)
    return block


@pytest.fixture(scope="module")
def newcomer(tools, cloud, terminal):
    """A terminal on the machine, at the first line of the page."""
    for name in ("aliyun", "ossutil"):
        place = tools / "usr/local/bin" / name
        shutil.copy(HERE / f"{name}.py", place)
        place.chmod(0o755)
    account = {"callback_domain": DOMAIN, "bound": True}
    for appid, kind in ((SERVICE, "service"), (WEBSITE, "website")):
        app = {"appid": appid, "kind": kind, "secret": SECRETS[appid], **account}
        cloud.control("POST", "/apps", app)
    return terminal


def walk(newcomer, heading, values=None, answers=None):
    """Type all blocks under a heading; return what was printed."""
    said = [
        newcomer.type(typed(each, values), answers=answers) for each in blocks(heading)
    ]
    return "\n".join(said)


def test_from_an_empty_account_to_a_signed_in_user(newcomer, cloud, tools):
    """Every command of the section, in its order, as an unprivileged user."""
    compute = cloud.function_compute()
    home = tools / HOME
    assert "Python 3.10." in walk(newcomer, "The machine")

    walk(newcomer, "3. Access keys and roles")
    for each in ("4. Bucket", "5. Network with a fixed IP address"):
        walk(newcomer, each)
    calls = [
        json.loads(line) for line in (home / "aliyun.calls").read_text().splitlines()
    ]
    made = {
        options["--PolicyName"]: options["--PolicyDocument"]
        for _, action, options in calls
        if action == "CreatePolicy"
    }
    assert set(MAKERS) == set(made)

    walk(newcomer, "8. Keys of the gateway")
    for source, name in ((cloud.certificate, "cert"), (cloud.key, "key")):
        shutil.copy(source, home / f"gateway-keys/{name}.pem")
        (home / f"gateway-keys/{name}.pem").chmod(0o644)
    walk(newcomer, "9. Parameters")
    production, operator = blocks("9. Parameters", "ini")
    write(home / "gateway.production", production)
    write(home / "gateway.operator", operator)

    said = walk(newcomer, "10. Deploy")
    (shown,) = blocks("10. Deploy", "")
    for line in shown.splitlines():
        assert re.sub(r"version .+", "version ", line) in said, line
    assert "all checks passed" in said
    assert [] == unexpected(compute)

    walk_apps(newcomer)
    secret = walk_clients(newcomer)
    host = Host(cloud)
    visitor = Visitor(host)
    visitor.sign_in("/login?next=/login/me", to="/login/me")
    assert {"sub", "name"} <= set(json.loads(who_is(visitor, host).data))

    fetch, call = blocks("12. Client, sign-in, first call")[1].splitlines()
    token = json.loads(newcomer.type(fetch.replace("SECRET", secret)))
    followers = newcomer.type(call.replace("TOKEN", token["access_token"]))
    assert json.loads(followers)["total"] >= 0


def write(file, content):
    """Fill in a file that the page has let make, without changing who may read it."""
    assert 0o600 == file.stat().st_mode & 0o777
    owner = file.stat().st_uid
    for old, new in VALUES.items():
        content = content.replace(old, new)
    for old, new in KEYS.items():
        content = content.replace(old, new)
    file.write_text(content)
    assert owner == file.stat().st_uid != 0


def walk_apps(newcomer):
    """Add the apps, which asks for each AppSecret at the terminal."""
    enter, *adding = blocks("11. WeChat's consoles, and the apps")
    newcomer.type(enter)
    commands = "".join(adding).splitlines()
    for appid, command in zip((SERVICE, WEBSITE), commands, strict=True):
        said = newcomer.type(command, answers={"AppSecret": SECRETS[appid]})
        assert appid in said
    proof = newcomer.type(
        f"curl --silent https://{DOMAIN}/MP_verify_AbCdEfGh12345678.txt"
    )
    assert "AbCdEfGh12345678" in proof


def walk_clients(newcomer):
    """Add the clients, and check; return the secret of the one that calls."""
    said = newcomer.type(blocks("12. Client, sign-in, first call")[0])

    assert "all checks passed" in said
    assert f"token: {SERVICE}: fetched" in said
    _, secret = re.findall(r"(?m)^secret +(\S{32,})", said)
    return secret


class Host:
    """The deployment as a browser sees it, for a visitor."""

    url, sandbox_url = f"https://{DOMAIN}", "https://open.weixin.qq.com"

    def __init__(self, cloud):
        self.http = urllib3.PoolManager(ca_certs=str(cloud.trust), retries=False)


def test_a_bad_rollout(newcomer, cloud):
    """With a wrong password nothing is deployed, and users notice nothing."""
    try_it, look = (
        line for each in drill("A bad rollout") for line in each.splitlines()
    )
    before = [*cloud.compute.control.seen]
    newcomer.type("set -a; . ~/gateway.production; set +a")
    with pytest.raises(Failed, match=r"REDIS_URL cannot be used from here\."):
        newcomer.type(f"REDIS_URL=${{REDIS_URL/PASSWORD/wrong}} {try_it}")

    written = cloud.compute.control.seen[len(before) :]
    assert [] == [each for each in written if not each.startswith("GET ")]
    assert "all checks passed" in newcomer.type(look)


def drill(heading):
    """Return the blocks of a drill of docs/operating/rollouts.md."""
    page = ROOT / "docs/operating/rollouts.md"
    return code_blocks(section(page, heading), "sh")


def test_from_2_to_3(newcomer, cloud, tools):
    """Step by step, by the page's commands; the documents are the same."""
    old, new = cloud.compute, cloud.function_compute(FunctionCompute3)
    cloud.lead(DOMAIN, old)
    stand_in = tools / HOME / ".local/bin/s"
    stand_in.write_text(SERVERLESS_DEVS)
    stand_in.chmod(0o755)
    newcomer.type("set -a; . ~/gateway.production; set +a")
    functions, look, domain, smoke = blocks("From FC 2.0 to FC 3.0")
    newcomer.type(functions)
    assert {} == new.control.domains
    assert "faults     -" in newcomer.type(look)
    assert "all checks passed" in newcomer.type(smoke.replace("FC=3 ", "UNSIGNED=yes "))
    newcomer.type(domain)
    cloud.lead(DOMAIN, new)
    said = newcomer.type(smoke)

    assert "all checks passed" in said
    assert f"token: {SERVICE}: fresh" in said
    assert [] == unexpected(new)


def unexpected(compute):
    """Return what was refused but look-ups before, and the test of admin's lock."""
    told = ("NotFound: ", "SignatureNotMatch: ", "AccessDenied: the trigger is ")
    return [each for each in compute.faults if not any(part in each for part in told)]


SERVERLESS_DEVS = """#!/bin/sh
cd ~/wechat-gateway && exec .venv/bin/python -c '
import sys
from pathlib import Path
import yaml
from tests.deployment.component_calls import deploy
name, command, option, file = sys.argv[1:5]
assert (command, option) == ("deploy", "--template")
found = yaml.safe_load(Path(file).read_text())
one = Path(file).with_name("one.yaml")
one.write_text(yaml.safe_dump({"resources": {name: found["resources"][name]}}))
deploy(one, "https://1234567890123456.cn-hangzhou.fc.aliyuncs.com")
' "$@"
"""
