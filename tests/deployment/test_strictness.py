"""Strictness of the FC stand-in: it refuses what FC refuses."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import time
import zipfile
from email.utils import formatdate

import pytest
from fc2.auth import Auth

from tests.deployment.function_compute.server import FunctionCompute, Request
from tests.deployment.function_compute.signature import KEY_ID, KEY_SECRET

PREFIX = "/2016-08-15"
SERVICE = {"serviceName": "s", "internetAccess": True}
HTTP = {
    "triggerName": "http",
    "triggerType": "http",
    "triggerConfig": {"authType": "anonymous", "methods": ["GET"]},
}
TIMER = {
    "triggerName": "tick",
    "triggerType": "timer",
    "triggerConfig": {"cronExpression": "@every 1m", "enable": True},
}
CERTIFICATE = {
    "certificate": "-----BEGIN CERTIFICATE-----",
    "privateKey": "-----BEGIN RSA PRIVATE KEY-----",
}
DOMAIN = {
    "domainName": "a.example.com",
    "protocol": "HTTP,HTTPS",
    "certConfig": CERTIFICATE,
    "routeConfig": {
        "routes": [{"path": "/*", "serviceName": "s", "functionName": "f"}]
    },
}


def code(name="index.py", mode=0o644):
    entry, packed = zipfile.ZipInfo(name), io.BytesIO()
    entry.external_attr = mode << 16
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(entry, "handler = print")
    return {"zipFile": base64.b64encode(packed.getvalue()).decode()}


FUNCTION = {
    "functionName": "f",
    "runtime": "python3.10",
    "handler": "index.handler",
    "memorySize": 256,
    "timeout": 20,
    "initializationTimeout": 3,
    "environmentVariables": {"A": "a"},
    "code": code(),
}
PLACES = {
    "service": ("/services", SERVICE),
    "function": ("/services/s/functions", FUNCTION),
    "trigger": ("/services/s/functions/f/triggers", HTTP),
    "timer": ("/services/s/functions/f/triggers", TIMER),
    "domain": ("/custom-domains", DOMAIN),
}


@pytest.fixture
def compute(tmp_path):
    running = FunctionCompute("python3.10", tmp_path)
    yield running
    running.stop()


@pytest.fixture
def send(compute):
    """Send a signed request; return the status and FC's code, or the answer."""

    def signed(method, path, content=None, *, sign=KEY_SECRET, **headers):
        body = b"" if content is None else json.dumps(content).encode()
        headers = {"date": formatdate(usegmt=True), "content-type": "x", **headers}
        path = PREFIX + path
        headers["authorization"] = Auth(KEY_ID, sign).sign_request(
            method, path, headers, None
        )
        headers.update(headers.pop("after", {}))
        request = Request(method, path, list(headers.items()), body, "127.0.0.1")
        status, _, answer = compute.answer(request)
        answer = json.loads(answer)
        return status, answer.get("ErrorCode", answer)

    return signed


@pytest.fixture
def deployed(send):
    """One of each kind, as it should be."""
    for path, content in PLACES.values():
        if content is not TIMER:
            assert 200 == send("POST", path, content)[0]
    return send


def test_what_is_right_is_kept(deployed):
    """A valid resource can be read and replaced, but not created again."""
    status, function = deployed("GET", "/services/s/functions/f")

    assert (200, "index.handler", False) == (
        status,
        function["handler"],
        "code" in function,
    )
    smaller = {n: each for n, each in FUNCTION.items() if n != "code"}
    assert 200 == deployed("PUT", "/services/s/functions/f", smaller)[0]
    again = deployed("POST", "/services/s/functions", FUNCTION)
    assert (409, "FunctionAlreadyExists") == again
    unknown = deployed("PUT", "/services/s/functions/g", FUNCTION)
    assert (404, "FunctionNotFound") == unknown
    assert (404, "PathNotSupported") == deployed("GET", "/nowhere")


WRONG = {
    "service name": ("service", {"serviceName": "1s"}),
    "a service's key": ("service", {"vpcConf": {}}),
    "role": ("service", {"role": "acs:ram::1:role/x"}),
    "VPC without a role": ("service", {"vpcConfig": {"vpcId": "v"}}),
    "log without a role": ("service", {"logConfig": {"project": "p"}}),
    "function name": ("function", {"functionName": "a.b"}),
    "a function's key": ("function", {"memroySize": 256}),
    "runtime": ("function", {"runtime": "python3.11"}),
    "memory": ("function", {"memorySize": 200}),
    "timeout": ("function", {"timeout": 601}),
    "handler": ("function", {"handler": "handler"}),
    "no code": ("function", {"code": None}),
    "a private file": ("function", {"code": code(mode=0o600)}),
    "a way out": ("function", {"code": code("../index.py")}),
    "a name of FC's": ("function", {"environmentVariables": {"FC_A": "a"}}),
    "a variable's name": ("function", {"environmentVariables": {"1A": "a"}}),
    "two lines": ("function", {"environmentVariables": {"A": "a\nb"}}),
    "4 KB and one": ("function", {"environmentVariables": {"A": "a" * 4096}}),
    "a timer's key": ("timer", {"nonsense": True}),
    "auth": ("trigger", {"triggerConfig": {"authType": "none", "methods": ["GET"]}}),
    "method": (
        "trigger",
        {"triggerConfig": {"authType": "anonymous", "methods": ["TRACE"]}},
    ),
    "a second HTTP trigger": ("trigger", {}),
    "schedule": (
        "timer",
        {"triggerConfig": {"cronExpression": "daily", "enable": True}},
    ),
    "a domain's key": ("domain", {"certconfig": CERTIFICATE}),
    "no certificate": ("domain", {"certConfig": None}),
    "no PEM": ("domain", {"certConfig": {"certificate": "file"}}),
    "protocol": ("domain", {"protocol": "HTTPS"}),
    "an address": ("domain", {"domainName": "127.0.0.1"}),
    "route": (
        "domain",
        {
            "routeConfig": {
                "routes": [{"path": "a", "serviceName": "s", "functionName": "f"}]
            }
        },
    ),
}


@pytest.mark.parametrize(("kind", "change"), WRONG.values(), ids=list(WRONG))
def test_what_is_wrong_is_an_invalid_argument(deployed, kind, change):
    """Each broken rule of FC is an InvalidArgument."""
    path, content = PLACES[kind]
    names = {"service": "serviceName", "function": "functionName"}
    other = names.get(kind, "domainName" if kind == "domain" else "triggerName")
    fresh = {other: "z.example.com" if kind == "domain" else "other"}

    answer = deployed("POST", path, {**content, **fresh, **change})
    assert (400, "InvalidArgument") == answer


def test_a_route_needs_its_function(deployed):
    """A domain's routes must name existing functions."""
    routes = [{"path": "/*", "serviceName": "s", "functionName": "g"}]
    content = {"domainName": "b.example.com", "routeConfig": {"routes": routes}}
    answer = deployed("POST", "/custom-domains", {**DOMAIN, **content})

    assert (404, "FunctionNotFound") == answer


MD5 = base64.b64encode(hashlib.md5(b"else").hexdigest().encode()).decode()  # noqa: S324


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        pytest.param({"sign": "wrong"}, (403, "SignatureNotMatch"), id="wrong key"),
        pytest.param(
            {"after": {"x-fc-a": "b"}}, (403, "SignatureNotMatch"), id="added"
        ),
        pytest.param(
            {"after": {"authorization": ""}}, (403, "SignatureNotMatch"), id="unsigned"
        ),
        pytest.param({"date": formatdate(0)}, (403, "AccessDenied"), id="old"),
        pytest.param(
            {"date": formatdate(time.time() + 9999)}, (403, "AccessDenied"), id="future"
        ),
        pytest.param({"content-md5": MD5}, (400, "InvalidArgument"), id="other body"),
    ],
)
def test_only_a_good_signature_counts(send, more, expected):
    """A request with a wrong signature is refused."""
    assert expected == send("POST", "/services", SERVICE, **more)


@pytest.mark.parametrize(
    ("target", "headers", "body"),
    [
        pytest.param("/" + "a" * 4096, {}, b"", id="target"),
        pytest.param("/", {"x-long": "a" * 8192}, b"", id="headers"),
        pytest.param("/", {}, b"a" * ((32 << 20) + 1), id="body"),
    ],
)
def test_a_request_has_its_limits(compute, deployed, target, headers, body):
    """A request above FC's limits does not reach the function."""
    assert 200 == deployed("GET", "/services/s")[0]
    pairs = [("host", "a.example.com"), *headers.items()]
    status, _, answer = compute.answer(Request("GET", target, pairs, body, "::1"))

    assert (400, "InvalidArgument") == (status, json.loads(answer)["ErrorCode"])
