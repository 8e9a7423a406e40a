"""Strictness of the FC stand-in on its newer API: it refuses what FC 3.0 refuses."""

from __future__ import annotations

import base64
import io
import json
import zipfile

import pytest
import urllib3

from tests.deployment.component_calls import Caller
from tests.deployment.function_compute.server_3 import FunctionCompute3
from tests.deployment.function_compute.signature import KEY_SECRET


def code(name="index.py"):
    packed = io.BytesIO()
    entry = zipfile.ZipInfo(name)
    entry.external_attr = 0o644 << 16
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(entry, "handler = print")
    return {"zipFile": base64.b64encode(packed.getvalue()).decode()}


HTTP = {"authType": "anonymous", "methods": ["GET"]}
TIMER = {"cronExpression": "@every 1m", "enable": True}
CERTIFICATE = {
    "certificate": "-----BEGIN CERTIFICATE-----",
    "privateKey": "-----BEGIN RSA PRIVATE KEY-----",
}
FUNCTION = {
    "functionName": "f",
    "runtime": "python3.12",
    "handler": "index.handler",
    "memorySize": 256,
    "cpu": 0.25,
    "diskSize": 512,
    "timeout": 20,
    "environmentVariables": {"A": "a"},
    "code": code(),
}
ROUTES = {"routes": [{"path": "/*", "functionName": "f"}]}
DOMAIN = {
    "domainName": "a.example.com",
    "protocol": "HTTP,HTTPS",
    "certConfig": CERTIFICATE,
    "routeConfig": ROUTES,
}


def trigger(config=HTTP, kind="http", name="http"):
    text = json.dumps(config)
    return {"triggerName": name, "triggerType": kind, "triggerConfig": text}


PLACES = {
    "function": ("CreateFunction", "/functions", FUNCTION),
    "trigger": ("CreateTrigger", "/functions/f/triggers", trigger()),
    "domain": ("CreateCustomDomain", "/custom-domains", DOMAIN),
}


@pytest.fixture
def compute(tmp_path):
    running = FunctionCompute3({}, tmp_path)
    yield running
    running.stop()


@pytest.fixture
def send(compute):
    """Send a signed call; return the status, and a refusal's code or the content."""

    def signed(*words, secret=KEY_SECRET, **changes):
        caller = Caller(f"http://127.0.0.1:{compute.port}", secret=secret)
        status, answer = caller.call(*words, **changes)
        return status, answer.get("Code", answer)

    return signed


@pytest.fixture
def deployed(send):
    """One of each kind, as it should be."""
    for action, path, content in PLACES.values():
        assert 200 == send(action, "POST", path, content)[0]
    return send


def test_what_is_right_is_kept(deployed):
    """A resource can be read and updated in part, but not created again."""
    update = ("UpdateFunction", "PUT", "/functions/f")
    assert 200 == deployed(*update, {"timeout": 30})[0]
    _, function = deployed("GetFunction", "GET", "/functions/f")
    _, domain = deployed("GetCustomDomain", "GET", "/custom-domains/a.example.com")

    assert (30, 256, False) == (
        function["timeout"],
        function["memorySize"],
        "code" in function,
    )
    assert {"certificate"} == {*domain["certConfig"]}
    again = deployed("CreateFunction", "POST", "/functions", FUNCTION)
    assert (409, "FunctionAlreadyExists") == again
    unknown = deployed("UpdateFunction", "PUT", "/functions/g", {"timeout": 30})
    assert (404, "FunctionNotFound") == unknown
    assert (404, "PathNotSupported") == deployed("GetFunction", "GET", "/services/s")


def http(**changes):
    return {"triggerConfig": json.dumps({**HTTP, **changes})}


WRONG = {
    "a custom runtime without a start": ("function", {"runtime": "custom.debian12"}),
    "a key": ("function", {"memroySize": 256}),
    "a service": ("function", {"serviceName": "s"}),
    "name": ("function", {"functionName": "a.b"}),
    "long name": ("function", {"functionName": "a" * 65}),
    "runtime": ("function", {"runtime": "python3.11"}),
    "memory": ("function", {"memorySize": 200}),
    "cpu": ("function", {"cpu": 0.05}),
    "cpu step": ("function", {"cpu": 0.21}),
    "disk": ("function", {"diskSize": 1024}),
    "no code": ("function", {"code": None}),
    "an object that was not uploaded": (
        "function",
        {"code": {"ossBucketName": "b", "ossObjectName": "o"}},
    ),
    "text for a boolean": ("function", {"internetAccess": "false"}),
    "VPC without a role": ("function", {"vpcConfig": {"vpcId": "v"}}),
    "log without a role": ("function", {"logConfig": {"project": "p"}}),
    "concurrency": ("function", {"instanceConcurrency": 10}),
    "variables": ("function", {"environmentVariables": {"A": "a" * 4096}}),
    "a trigger's object": ("trigger", {"triggerConfig": HTTP}),
    "auth": ("trigger", http(authType="ANONYMOUS")),
    "method": ("trigger", http(methods=["TRACE"])),
    "a trigger's key": ("trigger", http(nonsense=True)),
    "a second HTTP trigger": ("trigger", {"triggerName": "second"}),
    "schedule": (
        "trigger",
        {
            "triggerType": "timer",
            "triggerConfig": json.dumps({**TIMER, "cronExpression": "daily"}),
        },
    ),
    "a route with a service": (
        "domain",
        {
            "routeConfig": {
                "routes": [{"path": "/", "serviceName": "s", "functionName": "f"}]
            }
        },
    ),
    "PKCS#8": (
        "domain",
        {"certConfig": {**CERTIFICATE, "privateKey": "-----BEGIN PRIVATE KEY-----"}},
    ),
    "no certificate": ("domain", {"certConfig": None}),
}


@pytest.mark.parametrize(("kind", "change"), WRONG.values(), ids=list(WRONG))
def test_what_is_wrong_is_an_invalid_argument(deployed, kind, change):
    """Each broken rule is an InvalidArgument."""
    action, path, content = PLACES[kind]
    fresh = {
        "function": {"functionName": "other"},
        "trigger": {"triggerName": "other"},
        "domain": {"domainName": "z.example.com"},
    }[kind]

    answer = deployed(action, "POST", path, {**content, **fresh, **change})
    assert (400, "InvalidArgument") == answer


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"secret": "wrong"}, (400, "SignatureDoesNotMatch")),
        ({"x_acs_date": "2026-01-01T00:00:00Z"}, (400, "SignatureDoesNotMatch")),
        ({"x_acs_version": "2016-08-15"}, (404, "InvalidAction.NotFound")),
        ({"x_acs_more": "unsigned"}, (400, "IncompleteSignature")),
        ({"x_acs_content_sha256": "0" * 64}, (400, "SignatureDoesNotMatch")),
        ({"authorization": "FC id:signature"}, (400, "IncompleteSignature")),
    ],
    ids=["key", "date", "version", "an unsigned header", "body", "FC 2.0's"],
)
def test_only_a_good_signature_counts(send, changes, expected):
    """A call with a wrong signature is refused."""
    assert expected == send("CreateFunction", "POST", "/functions", FUNCTION, **changes)


def test_an_action_is_for_its_path(send):
    """The action that is named has to be that of method and path."""
    answer = send("UpdateFunction", "POST", "/functions", FUNCTION)
    assert (404, "InvalidAction.NotFound") == answer


def test_an_authenticated_trigger_answers_403(deployed, compute):
    """A call without a signature is refused before the function."""
    changed = {"triggerConfig": json.dumps({**HTTP, "authType": "function"})}
    update = ("UpdateTrigger", "PUT", "/functions/f/triggers/http", changed)
    assert 200 == deployed(*update)[0]
    url = f"http://127.0.0.1:{compute.port}/x"
    answer = urllib3.request("GET", url, headers={"host": "a.example.com"})

    assert 403 == answer.status
