"""The real fun against FC's API: it sends all that was built, and nothing else."""

from __future__ import annotations

import hashlib

import pytest
import yaml

from deploy.package.parameters import SETTINGS
from deploy.package.rendering import MOST_VARIABLES
from deploy.policies import Names, deployer_policy
from deploy.replaced_certificates import from_function_compute, older_ones
from template.resources import parse_template
from tests.deployment.deployer import ROOT
from tests.deployment.function_compute.instance import ACCOUNT, REGION
from tests.deployment.function_compute.rules import VARIABLES
from tests.deployment.function_compute.signature import KEY_ID, KEY_SECRET
from tests.deployment.gateway import DOMAIN, SERVICE
from tests.support.ram import actions, allows
from tests.support.recording_proxy import make_certificate

TEMPLATE = yaml.safe_load((ROOT / "template.yml").read_text())["Resources"]
FUNCTIONS = {
    name: each
    for name, each in TEMPLATE[SERVICE].items()
    if isinstance(each, dict) and "Events" in each
}


def test_a_plain_deploy_succeeds(deployment):
    """`fun deploy -y` succeeds, and FC refuses nothing."""
    code, said, seen = deployment.first
    looked_up = [each for each in deployment.refused if "NotFound: " in each]

    assert 0 == code, said
    assert "using template: .fun/build/artifacts/template.yml" in said
    assert looked_up == deployment.refused
    assert len(looked_up) <= sum(each.startswith("GET") for each in seen)


def test_each_thing_is_made_once_and_in_order(deployment):
    """fun creates the service, each function with its trigger, the domain."""
    _, _, seen = deployment.first
    made = [each for each in seen if each.startswith(("POST", "PUT"))]
    expected = ["POST /services"]
    for name, each in FUNCTIONS.items():
        expected.append(f"POST /services/{SERVICE}/functions")
        place = f"POST /services/{SERVICE}/functions/{name}/triggers"
        expected += [place for _ in each["Events"]]

    assert [*expected, "POST /custom-domains"] == made


def test_what_arrives_is_what_was_built(deployment):
    """Every function gets the bytes that were built."""
    archive = deployment.tree / ".fun/build/artifacts/code.zip"
    built = hashlib.sha256(archive.read_bytes()).hexdigest()

    assert dict.fromkeys(((SERVICE, f) for f in FUNCTIONS), built) == (
        deployment.compute.control.digests
    )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_has_what_the_template_says(deployment, name):
    """Sizes, handler, trigger and settings arrive."""
    control = deployment.compute.control
    function = control.functions[SERVICE, name]
    properties = FUNCTIONS[name]["Properties"]
    variables = function["environmentVariables"]

    assert ("python3.10", properties["Handler"]) == (
        function["runtime"],
        function["handler"],
    )
    assert (properties["MemorySize"], properties["Timeout"]) == (
        function["memorySize"],
        function["timeout"],
    )
    given = {name: deployment.settings[name] for name in ("REDIS_URL", "MASTER_KEYS")}
    assert given == {name: variables[name] for name in given}
    assert "/code/.fun/python" == variables["PYTHONUSERBASE"]
    assert "SESSION_DAYS" not in variables


def test_there_is_room_for_funs_own_variables(deployment):
    """fun's own variables fit into what the build leaves free."""
    control = deployment.compute.control
    sent = control.functions[SERVICE, "login"]["environmentVariables"]
    own = {name: value for name, value in sent.items() if name not in SETTINGS}

    assert {"LD_LIBRARY_PATH", "PATH", "NODE_PATH", "PYTHONUSERBASE"} == set(own)
    assert VARIABLES - MOST_VARIABLES == sum(len(n) + len(v) for n, v in own.items())


def test_the_domain_leads_to_the_functions(deployment):
    """All routes arrive, and only admin's trigger is authenticated."""
    control = deployment.compute.control
    sent = control.domains[DOMAIN,]["routeConfig"]["routes"]
    routes = TEMPLATE["domain"]["Properties"]["RouteConfig"]["Routes"]
    locked = [
        name[1]
        for name, each in control.triggers.items()
        if each["triggerConfig"].get("authType") == "function"
    ]

    assert {each["path"]: each["functionName"] for each in sent} == {
        path: to["FunctionName"] for path, to in routes.items()
    }
    assert ["admin"] == locked


def test_fun_says_no_secret(deployment):
    """Neither the build nor fun prints a secret."""
    said = deployment.build() + deployment.first[1]
    secret = ("MASTER_KEYS", "COOKIE_SECRETS", "TOKEN_SECRETS", "REDIS_URL")

    assert [] == [name for name in secret if deployment.settings[name] in said]
    assert "CONFIG_URL, COOKIE_SECRETS, DOMAIN_NAME" in said


def test_the_template_with_secrets_is_the_deployers_alone(deployment):
    """The template with secrets is private and not in the archive."""
    template = deployment.tree / ".fun/build/artifacts/template.yml"

    assert 0o600 == template.stat().st_mode & 0o777
    for file in (deployment.tree / ".fun/build/code").glob("*.yml"):
        assert deployment.settings["MASTER_KEYS"] not in file.read_text()


@pytest.fixture(scope="module")
def redeployed(deployment, tmp_path_factory):
    """The same with a certificate that ends later; what was built before is kept."""
    built = deployment.tree / ".fun/build/artifacts/template.yml"
    before = parse_template(built.read_text())["Resources"]
    made = make_certificate(tmp_path_factory.mktemp("renewed"), DOMAIN, days=120)
    key, begin, certificate = made.read_text().partition("-----BEGIN CERTIFICATE")
    deployment.settings.update(
        CERTIFICATE_NAME="renewed",
        CERTIFICATE=begin + certificate,
        CERTIFICATE_KEY=key,
    )
    deployment.build()
    return before, *deployment.deploy()


def test_a_redeploy_replaces(redeployed):
    """A second deployment updates everything and creates nothing."""
    _, code, said, seen = redeployed
    written = {each.partition(" ")[0] for each in seen} - {"GET"}

    assert (0, {"PUT"}) == (code, written), said
    assert f"PUT /services/{SERVICE}/functions/login" in seen


def test_a_renewed_certificate(deployment, redeployed):
    """The domain has it, and a deployer with the one of before is refused."""
    before, *_ = redeployed
    environ = {
        **{"ACCOUNT_ID": ACCOUNT, "REGION": REGION, "FC_ENDPOINT": deployment.url},
        **{"ACCESS_KEY_ID": KEY_ID, "ACCESS_KEY_SECRET": KEY_SECRET},
    }
    served = deployment.compute.control.domains[DOMAIN,]["certConfig"]
    (fault,) = older_ones(before, from_function_compute(environ))

    assert "renewed" == served["certName"]
    assert served["certificate"].strip() == deployment.settings["CERTIFICATE"].strip()
    assert f"that of {DOMAIN} now, renewed, ends" in fault


def test_a_stale_build_is_not_sent(deployment):
    """fun refuses a build that is older than a source."""
    source = deployment.tree / "functions/login/index.py"
    before = source.stat()
    source.touch()
    code, said, seen = deployment.deploy()
    deployment.build()

    assert (255, []) == (code, seen)
    assert "functions/login/index.py" in said
    assert before.st_size == source.stat().st_size


VERBS = {"GET": "Get", "POST": "Create", "PUT": "Update"}
NOUNS = {
    "services": "Service",
    "functions": "Function",
    "triggers": "Trigger",
    "custom-domains": "CustomDomain",
}


def asked_for(request):
    """Return action and resource of a request to the API, as RAM judges it."""
    method, path = request.split()
    words = path.strip("/").split("/")
    noun = words[-1] if len(words) % 2 else words[-2]
    verb = VERBS[method]
    if len(words) % 2 and method == "GET":
        return f"fc:List{NOUNS[noun]}s", "/".join(words)
    return f"fc:{verb}{NOUNS[noun]}", "/".join([*words, *["x"][: len(words) % 2]])


@pytest.mark.usefixtures("redeployed")
def test_the_deployers_policy_allows_what_fun_does(deployment):
    """Each request of a first and of a second deployment, and each right is needed."""
    may = deployer_policy(Names(ACCOUNT, REGION, "example", "gateway"))
    asked = [asked_for(each) for each in deployment.compute.control.seen]
    refused = [
        (action, resource)
        for action, resource in asked
        if not allows(may, action, f"acs:fc:{REGION}:{ACCOUNT}:{resource}")
    ]

    assert [] == refused
    # A trigger is looked up by its name only where the list has it.
    others = {"fc:InvokeFunction", "ram:PassRole"}
    assert {action for action, _ in asked} == actions(may) - others
