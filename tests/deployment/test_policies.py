"""Policies for Aliyun: they allow what is called, and nothing else."""

from __future__ import annotations

import json
import re
import shlex

import pytest

from deploy.policies import MAKERS, main, names_from
from management.offline import Offline
from template.resources import functions, parse_template
from tests.support.documentation import ROOT
from tests.support.drills import own_bucket
from tests.support.gateway_environ import make_environ
from tests.support.oss_server import BUCKET
from tests.support.ram import MOST, actions, allows

PARAMETERS = {
    "ACCOUNT_ID": "1234567890123456",
    "REGION": "cn-hangzhou",
    "CONFIG_URL": f"s3://{BUCKET}/gateway",
    "LOG_PROJECT": "example-gateway",
    "LOG_STORE": "gateway",
}
PLACE = "acs:fc:cn-hangzhou:1234567890123456:"
RESOURCES = parse_template((ROOT / "template.yml").read_text("utf-8"))["Resources"]
FUNCTIONS = {each.name for each in functions(RESOURCES)}


@pytest.fixture
def run(capsys):
    def run(*words, **changes):
        code = main(list(words), {**PARAMETERS, **changes})
        return code, *capsys.readouterr()

    return run


def policy(name, fc=2, **changes):
    return MAKERS[name](names_from({**PARAMETERS, **changes}, fc))


def invoked(name):
    """Return the functions that somebody may invoke, in each generation's form."""
    forms = (
        *("services/wechat_gateway/functions/", "functions/wechat_gateway_"),
        "services/wechat_gateway.LATEST/functions/",
    )
    for form in forms:
        yield {
            each
            for each in FUNCTIONS
            if allows(policy(name), "fc:InvokeFunction", PLACE + form + each)
        }


@pytest.mark.parametrize("fc", [2, 3])
@pytest.mark.parametrize("name", MAKERS)
def test_one_policy_is_printed(run, name, fc):
    """By its name, as JSON that Aliyun takes, with nothing to replace."""
    code, said, _ = run(name, "--fc", str(fc))

    assert (0, policy(name, fc)) == (code, json.loads(said))
    assert len("".join(said.split())) <= MOST
    assert not re.search(r"[A-Z]+_ID|example-gateway-|…|<", said)


def test_the_commands_are_a_script(run):
    """Each policy is made and attached, and each user gets one access key."""
    code, said, _ = run()
    words = shlex.split(said, comments=True)
    starts = [n for n, word in enumerate(words) if word == "aliyun"]
    lines = [words[n:end] for n, end in zip(starts, [*starts[1:], None], strict=True)]
    given = {line[2]: [] for line in lines}
    for line in lines:
        assert ["aliyun", "ram"] == line[:2]
        given[line[2]].append(dict(zip(line[3::2], line[4::2], strict=True)))
    made = {
        each["--PolicyName"]: json.loads(each["--PolicyDocument"])
        for each in given["CreatePolicy"]
    }
    users = set(MAKERS) - {"gateway-fc"}

    assert 0 == code
    assert {name: policy(name) for name in MAKERS} == made
    for verb in ("CreateUser", "AttachPolicyToUser", "CreateAccessKey"):
        assert users == {each["--UserName"] for each in given[verb]}
    assert ["gateway-fc"] == [each["--RoleName"] for each in given["CreateRole"]]
    (attached,) = given["AttachPolicyToRole"]
    assert ("gateway-fc", "Custom") == (
        attached["--RoleName"],
        attached["--PolicyType"],
    )


def test_what_is_missing_is_named(run):
    """Without the names there is no policy, and nothing is printed."""
    assert (1, "", "Set ACCOUNT_ID, REGION: the policies name them.\n") == run(
        ACCOUNT_ID="", REGION=""
    )
    code, said, error = run(CONFIG_URL="file:config")
    assert (1, "", True) == (code, said, "s3://bucket/prefix" in error)
    code, said, error = run(ROLE_ARN="gateway")
    assert (1, "", True) == (code, said, "acs:ram::" in error)


def test_the_role_of_the_parameters_is_meant(run):
    """Another name of the role stands in its commands and in the deployer's policy."""
    role = "acs:ram::1234567890123456:role/other"
    deployer = policy("gateway-deployer", ROLE_ARN=role)
    passed = "acs:ram:*:1234567890123456:role/"

    assert "--RoleName other" in run(ROLE_ARN=role)[1]
    assert allows(deployer, "ram:PassRole", f"{passed}other")
    assert not allows(deployer, "ram:PassRole", f"{passed}gateway-fc")


def test_the_functions_start_deliver_alone():
    """The role invokes no other function, and writes into its own log alone."""
    role = policy("gateway-fc")
    place = "acs:log:*:*:project/example-gateway/logstore/"

    assert [{"deliver"}] * 3 == list(invoked("gateway-fc"))
    assert allows(role, "log:PostLogStoreLogs", f"{place}gateway")
    assert not allows(role, "log:PostLogStoreLogs", f"{place}other")
    assert "log:PostLogStoreLogs" not in actions(policy("gateway-fc", LOG_STORE=""))


def test_an_operator_invokes_and_deploys_nothing():
    """An operator may call admin and the timers' functions, and has no other right."""
    assert [{"admin", "refresh", "deliver"}] * 3 == list(invoked("gateway-operator"))
    assert {"fc:InvokeFunction"} == actions(policy("gateway-operator"))


@pytest.mark.parametrize("fc", [2, 3])
def test_a_deployer_deletes_nothing(fc):
    """A deployer reads no document, and destroys nothing."""
    named = actions(policy("gateway-deployer", fc))

    assert not [each for each in named if "Delete" in each or each.startswith("oss:")]
    assert not [each for each in named if "*" in each]


ASKED = {"GET": "oss:GetObject", "PUT": "oss:PutObject"}


def test_the_bucket_is_used_as_its_policy_says(tmp_path, redis_server, monkeypatch):
    """Each request of a change and a check is allowed, and each right is needed."""
    with own_bucket() as server:
        for name, value in server.settings.items():
            monkeypatch.setenv(name, value)
        environ = make_environ(tmp_path, redis_server.url, **server.settings)
        operator = Offline(environ)
        operator.perform("client", "add", {"name": "Demo", "client_id": "demo"})
        assert [] == operator.perform("store", "check", {})["faults"]
        operator.perform("audit", "list", {})
        seen = [each.line.split()[:2] for each in server.bucket.seen]
    may = policy("gateway-bucket")
    used = set()
    for method, target in seen:
        path = target.partition("?")[0].rstrip("/")
        action = ASKED[method] if path else "oss:ListObjects"
        assert allows(may, action, f"acs:oss:*:*:{BUCKET}{path}"), (method, target)
        used.add(action)

    assert actions(may) == used
