"""Template for fun, rendered from the deployer's environment."""

from __future__ import annotations

import pytest
import yaml

from deploy.package.failed import BuildFailed
from deploy.package.parameters import NEEDED
from deploy.package.rendering import MOST_VARIABLES, render
from template.resources import functions
from tests.deployment.deployer import ROOT

SOURCE = (ROOT / "template.yml").read_text()
VPC = {"VPC_ID": "vpc-1", "VSWITCH_ID": "vsw-1", "SECURITY_GROUP_ID": "sg-1"}
LOG = {"LOG_PROJECT": "p", "LOG_STORE": "s"}
KEY = {"BUCKET_KEY_ID": "id", "BUCKET_KEY_SECRET": "secret"}
CERTIFICATE = {
    "CERTIFICATE_NAME": "c",
    "CERTIFICATE": "-----BEGIN C\n-----",
    "CERTIFICATE_KEY": "-----BEGIN K\n-----",
}


def rendered(**values):
    return render(SOURCE, values, code="code.zip")


def resources(**values):
    """Return what fun would read."""
    return yaml.safe_load(rendered(**values).text)["Resources"]


def variables(**values):
    """Return each function's variables; all have the same."""
    found = [
        each.properties["EnvironmentVariables"]
        for each in functions(resources(**values))
    ]
    assert len(found) == 9
    assert all(each == found[0] for each in found)
    return found[0]


def test_nothing_given_is_the_template_as_it_stands():
    """Without parameters only the archive's name is added."""
    made = resources()
    codes = [each.properties.pop("CodeUri") for each in functions(made)]
    stands = yaml.safe_load(SOURCE)["Resources"]
    trees = [each.properties.pop("CodeUri") for each in functions(stands)]

    assert stands == made
    assert ({"./"}, {"code.zip"}) == (set(trees), set(codes))


def test_the_service_gets_role_network_and_log():
    """Role, VPC and log become fun's properties of the service."""
    given = resources(ROLE_ARN="acs:ram::1:role/x", **VPC, **LOG)
    properties = given["wechat_gateway"]["Properties"]

    assert "acs:ram::1:role/x" == properties["Role"]
    assert {
        "VpcId": "vpc-1",
        "VSwitchIds": ["vsw-1"],
        "SecurityGroupId": "sg-1",
    } == properties["VpcConfig"]
    assert {
        "Project": "p",
        "Logstore": "s",
        "EnableRequestMetrics": True,
        "EnableInstanceMetrics": True,
    } == properties["LogConfig"]


@pytest.mark.parametrize(
    ("said", "open_"), [("", True), ("true", True), ("false", False)]
)
def test_the_way_to_the_internet_can_be_closed(said, open_):
    """INTERNET_ACCESS=false sends calls through the VPC's NAT gateway."""
    made = resources(INTERNET_ACCESS=said)

    assert open_ is made["wechat_gateway"]["Properties"]["InternetAccess"]


def test_a_parameter_of_few_words_takes_no_other():
    """A word that is not among the allowed values is refused."""
    with pytest.raises(BuildFailed, match="INTERNET_ACCESS must be true or false"):
        resources(INTERNET_ACCESS="no")


def test_every_function_gets_the_settings():
    """Given values replace defaults, and empty values are left out."""
    public = variables()
    given = variables(REDIS_URL="redis://r", WECHAT_OPEN_URL="https://o", **KEY)

    assert {
        **public,
        "REDIS_URL": "redis://r",
        "WECHAT_OPEN_URL": "https://o",
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "secret",
    } == given
    assert "https://open.weixin.qq.com" == public["WECHAT_OPEN_URL"]
    assert public == variables(REDIS_URL="  ")


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({}, "gateway.example.com"),
        ({"PUBLIC_BASE_URL": "https://a.example.com:8443/x"}, "a.example.com"),
        ({"PUBLIC_BASE_URL": "http://["}, "gateway.example.com"),
        (
            {"PUBLIC_BASE_URL": "https://a.example.com", "DOMAIN_NAME": "b.cn"},
            "b.cn",
        ),
    ],
    ids=["none", "of the address", "malformed", "given"],
)
def test_the_domain_has_the_addresses_name(values, name):
    """The domain is DOMAIN_NAME, the host of PUBLIC_BASE_URL, or the template's."""
    domain = resources(**values)["domain"]["Properties"]

    assert (name, "HTTP", False) == (
        domain["DomainName"],
        domain["Protocol"],
        "CertConfig" in domain,
    )


def test_a_certificate_brings_https():
    """With a certificate the domain answers both http and https."""
    domain = resources(**CERTIFICATE)["domain"]["Properties"]

    assert "HTTP,HTTPS" == domain["Protocol"]
    assert {
        "CertName": "c",
        "Certificate": CERTIFICATE["CERTIFICATE"],
        "PrivateKey": CERTIFICATE["CERTIFICATE_KEY"],
    } == domain["CertConfig"]


def test_what_was_taken_and_what_lacks_is_told_by_name():
    """Given and missing parameters are named, and no repr shows a value."""
    made = rendered(REDIS_URL="kept to himself", OTHER="not ours")
    others = tuple(name for name in NEEDED if name != "REDIS_URL")

    assert (("REDIS_URL",), others) == (made.given, made.missing)
    assert "kept to himself" not in repr(made)
    assert () == rendered(**dict.fromkeys(NEEDED, " n ")).missing


@pytest.mark.parametrize("text", ["123", "yes", "null", "a: b # c", "'"])
def test_a_text_stays_a_text(text):
    """A value is text, even where YAML would read something else."""
    assert text == variables(LOGIN_CLIENT=text)["LOGIN_CLIENT"]


@pytest.mark.parametrize("group", [VPC, LOG, KEY, CERTIFICATE])
def test_half_a_group_is_refused(group):
    """A group of parameters is complete or absent."""
    for left_out in group:
        given = {name: each for name, each in group.items() if name != left_out}
        with pytest.raises(BuildFailed, match=f" needs {left_out} too.$"):
            rendered(**given)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        pytest.param("a\nb", "REDIS_URL: FC accepts printable", id="two lines"),
        pytest.param("é", "REDIS_URL: FC accepts printable", id="not ASCII"),
        pytest.param("s" * 4096, "login: its variables have", id="too long"),
    ],
)
def test_what_fc_would_refuse(value, sentence):
    """The message names the parameter, not its value."""
    with pytest.raises(BuildFailed, match=sentence) as caught:
        rendered(REDIS_URL=value)

    assert value not in str(caught.value)


def test_the_limit_is_for_all_variables_together():
    """One byte more than FC's limit is refused."""
    fixed = sum(len(name) + len(value) for name, value in variables().items())
    room = MOST_VARIABLES - fixed - len("REDIS_URL")
    rendered(REDIS_URL="n" * room)
    with pytest.raises(BuildFailed, match=str(MOST_VARIABLES + 1)):
        rendered(REDIS_URL="n" * (room + 1))


def test_the_bytes_of_the_settings_are_told():
    """Names and values, so that a certificate in them shows how much room it leaves."""
    without, given = rendered(), rendered(REDIS_CA="M" * 600)

    assert given.size - without.size == 600 + len("REDIS_CA")
    assert without.size < 1000
