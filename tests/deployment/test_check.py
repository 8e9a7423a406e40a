"""Check before `fun deploy`: settings that cannot work are named."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
import yaml

from deploy import check
from deploy.package.parameters import NEEDED
from deploy.package.rendering import render
from deploy.serverless_devs import TOOL
from runtime.state.deployment import KEY
from tests.deployment.deployer import ROOT
from tests.support.gateway_environ import make_environ
from tests.support.oss_server import BUCKET, KEY_ID, KEY_SECRET, OssServer
from tests.support.ports import free_port
from tests.support.recording_proxy import make_certificate
from tests.support.strict_proxy import StrictProxy

ACCOUNT = {
    "ACCOUNT_ID": "1234567890123456",
    "REGION": "cn-hangzhou",
    "ACCESS_KEY_ID": "LTAI",
    "ACCESS_KEY_SECRET": "secret",
}
REDIS = "r-1.redis.rds.aliyuncs.com"


@pytest.fixture
def bucket(monkeypatch):
    """A bucket of OSS under its own name; the deployer has another key of his own."""
    find = socket.getaddrinfo

    def local(host, *more, **options):
        known = str(host).endswith(".aliyuncs.com")
        return find("127.0.0.1" if known else host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", local)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "of-the-deployer")
    server = OssServer()
    yield server
    server.stop()


@pytest.fixture
def settings(tmp_path, redis_server, bucket):
    """All that a deployer has in its environment, with which functions can run."""
    certificate_key, begin, certificate = (
        make_certificate(tmp_path, "gateway.example.com", days=90)
        .read_text()
        .partition("-----BEGIN CERTIFICATE")
    )
    return make_environ(
        tmp_path,
        f"redis://{REDIS}:{redis_server.port}/0",
        CONFIG_URL=f"s3://{BUCKET}/gateway",
        S3_ENDPOINT_URL=bucket.endpoint,
        BUCKET_KEY_ID=KEY_ID,
        BUCKET_KEY_SECRET=KEY_SECRET,
        DOMAIN_NAME="gateway.example.com",
        CERTIFICATE_NAME="c",
        CERTIFICATE=begin + certificate,
        CERTIFICATE_KEY=certificate_key,
        ROLE_ARN="acs:ram::1234567890123456:role/gateway-fc",
    )


@pytest.fixture
def deployer(tmp_path):
    """The environment of somebody who has fun and an access key."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "fun").touch(0o700)
    return {"PATH": str(tools), "HOME": str(tmp_path / "home"), **ACCOUNT}


@pytest.fixture
def checked(tmp_path, settings, deployer, monkeypatch, capsys):
    """Check what a build with these settings has made; return code and lines."""
    monkeypatch.chdir(tmp_path)

    def run(*words, **changes):
        source = (ROOT / "template.yml").read_text()
        rendered = render(source, {**settings, **changes}, code="code.zip")
        check.TEMPLATE.parent.mkdir(parents=True, exist_ok=True)
        check.TEMPLATE.write_text(rendered.text)
        return again(*words)

    def again(*words):
        return check.main(list(words), deployer), capsys.readouterr().out

    run.again = again
    return run


def test_good_settings_pass(checked):
    """Valid settings print nothing, with and without --reach."""
    assert (0, "") == checked()
    assert (0, "") == checked("--reach")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"SESSION_DAYS": "a week"}, "SESSION_DAYS must be a number"),
        ({"MASTER_KEYS": "1:short"}, "MASTER_KEYS "),
        ({"LEASE_RENEW_SECONDS": "0.5"}, "LEASE_RENEW_SECONDS must be below half"),
        ({"DOMAIN_NAME": "other.example.com"}, "PUBLIC_BASE_URL is not on DOMAIN_NAME"),
        (
            dict.fromkeys(("CERTIFICATE_NAME", "CERTIFICATE", "CERTIFICATE_KEY"), ""),
            "CERTIFICATE_NAME, CERTIFICATE and CERTIFICATE_KEY ",
        ),
    ],
    ids=["malformed", "secret", "contradiction", "domain", "certificate"],
)
def test_bad_settings_are_named(checked, changes, sentence):
    """A fault is printed once for all functions, without a secret."""
    code, said = checked(**changes)

    assert (1, 1) == (code, said.count("\n"))
    assert f"make deploy: {sentence}" in said
    assert "1:short" not in said


NO_KEY = dict.fromkeys(("BUCKET_KEY_ID", "BUCKET_KEY_SECRET"), "")
HERE = "points to this machine, which no function can reach.\n"
UNWORKABLE = {
    "folder": ({"CONFIG_URL": "file:/mnt/config", **NO_KEY}, "CONFIG_URL is a folder"),
    "no key": (NO_KEY, "CONFIG_URL is a bucket: BUCKET_KEY_ID and "),
    "path": (
        {"PUBLIC_BASE_URL": "https://gateway.example.com/wechat"},
        "PUBLIC_BASE_URL has a path",
    ),
    "role": ({"ROLE_ARN": "gateway-fc"}, "ROLE_ARN is not acs:ram::ACCOUNT_ID:role/"),
    "certificate": ({"CERTIFICATE": "~/c.pem"}, "CERTIFICATE is not a certificate"),
    "key": (
        {"CERTIFICATE_KEY": "-----BEGIN PRIVATE KEY-----\nMII=\n-----END"},
        "CERTIFICATE_KEY is not a private key in PEM",
    ),
    "own address": (
        {"PUBLIC_BASE_URL": "https://127.0.0.1", "DOMAIN_NAME": ""},
        f"PUBLIC_BASE_URL {HERE}",
    ),
    "own WeChat": ({"WECHAT_API_URL": "http://localhost:8001"}, "WECHAT_API_URL "),
    "own Redis": ({"REDIS_URL": "redis://a:b@[::1]:6379/0"}, f"REDIS_URL {HERE}"),
    "own Redis for pushes": (
        {"PUSH_REDIS_URL": "redis://localhost:6379/0"},
        f"PUSH_REDIS_URL {HERE}",
    ),
    "socket": ({"REDIS_URL": "unix:///run/redis.sock"}, f"REDIS_URL {HERE}"),
    "own Sentinel": (
        {"REDIS_URL": f"redis+sentinel://{REDIS}:26379,127.0.0.1:26379/gateway"},
        f"REDIS_URL {HERE}",
    ),
}


@pytest.mark.parametrize(
    ("changes", "sentence"), UNWORKABLE.values(), ids=list(UNWORKABLE)
)
def test_what_functions_cannot_work_with_is_named(checked, changes, sentence):
    """Values that work only on a developer's machine are refused."""
    code, said = checked(**changes)

    assert (1, 1) == (code, said.count("\n")), said
    assert said.startswith(f"make deploy: {sentence}")


def test_certificate_and_key_are_not_taken_for_each_other(checked, settings):
    """PEM of the other kind is refused."""
    swapped = {
        "CERTIFICATE": settings["CERTIFICATE_KEY"],
        "CERTIFICATE_KEY": settings["CERTIFICATE"],
    }
    code, said = checked(**swapped)

    assert (1, 2) == (code, said.count("in PEM"))


def test_what_fun_lacks_is_named_at_once(checked, deployer):
    """A missing fun and each of its four variables are named."""
    deployer.clear()
    code, said = checked()
    needed = [f"make deploy: {n} is missing: fun deploy needs it." for n in ACCOUNT]

    assert 1 == code
    assert sorted(needed) == said.splitlines()[:-1]
    assert "make deploy: fun is not on PATH: npm install" in said.splitlines()[-1]


def test_function_compute_3_needs_its_own_tool_and_build(checked, deployer):
    """Serverless Devs, the file of a build with FC=3, and a role for VPC and log."""
    code, said = checked("--fc", "3", ROLE_ARN="", LOG_PROJECT="p", LOG_STORE="s")

    assert 1 == code
    assert [
        "make deploy: ROLE_ARN is missing: on FC 3.0 a VPC or a log needs it.",
        "make deploy: The build is for Function Compute 2.0: run make build FC=3.",
        f"make deploy: s is not on PATH: npm install --global {TOOL}.",
    ] == said.splitlines()
    (Path(deployer["PATH"]) / "s").touch(0o700)
    (check.TEMPLATE.parent / "s.yaml").touch()
    assert (0, "") == checked("--fc", "3")
    deployer["ACCESS_KEY_ID"] = ""
    lacking = "make deploy: ACCESS_KEY_ID is missing: s deploy needs it.\n"
    assert (1, lacking) == checked("--fc", "3")


@pytest.mark.parametrize("fc", ["2", "3"])
def test_a_domain_that_cannot_be_compared(checked, deployer, fc):
    """--deployed asks the API of the generation for the domain's certificate."""
    assert (0, "") == checked()
    (Path(deployer["PATH"]) / "s").touch(0o700)
    (check.TEMPLATE.parent / "s.yaml").touch()
    deployer["FC_ENDPOINT"] = f"http://127.0.0.1:{free_port()}"
    code, said = checked.again("--deployed", "--fc", fc)

    place = "The certificate of gateway.example.com cannot be compared: "
    assert (1, True) == (code, place in said), said


def test_missing_settings_are_named(checked):
    """Each required setting that is missing is named."""
    code, said = checked(**dict.fromkeys(NEEDED, ""))

    assert 1 == code
    assert [] == [name for name in NEEDED if f"{name} is missing" not in said]


@pytest.mark.parametrize(
    ("path", "route", "sentence"),
    [
        ("/oidc/*", None, "No route /oidc/* leads to the function oidc.\n"),
        ("/oidc/*", "login", "No route /oidc/* leads to the function oidc.\n"),
        ("/.well-known/*", None, ""),
    ],
    ids=["missing", "astray", "not needed"],
)
def test_every_function_has_a_route_of_its_own(checked, path, route, sentence):
    """A function without a route below its own name is named."""
    assert (0, "") == checked()
    template = yaml.safe_load(check.TEMPLATE.read_text())
    routes = template["Resources"]["domain"]["Properties"]["RouteConfig"]["Routes"]
    del routes[path]
    if route:
        routes[path] = {"ServiceName": "wechat_gateway", "FunctionName": route}
    check.TEMPLATE.write_text(yaml.safe_dump(template))

    expected = f"make deploy: {sentence}" if sentence else ""
    assert (int(bool(sentence)), expected) == checked.again()


def test_reach_asks_redis(checked):
    """Only with --reach Redis is used, and reported if unavailable."""
    away = {"REDIS_URL": f"redis://{REDIS}:{free_port()}/0"}

    assert (0, "") == checked(**away)
    assert (1, "make deploy: REDIS_URL cannot be used from here.\n") == checked(
        "--reach", **away
    )


def test_reach_asks_whose_redis_it_is(checked, redis_server):
    """Staging's settings with production's Redis are not deployed."""
    url = redis_server.url.replace("127.0.0.1", REDIS)
    with redis_server.client() as client:
        client.hset(KEY, "fingerprint", "0123456789abcdef")
    expected = (
        "make deploy: REDIS_URL names the Redis of another deployment:"
        " manage.py redis claim takes it over.\n"
    )

    assert (1, expected) == checked("--reach", REDIS_URL=url)


def test_reach_names_what_redis_refuses(checked, redis_server):
    """A user who lacks a command is no surprise of the first sign-in."""
    with redis_server.client() as client:
        rule = ("on", ">secret", "allkeys", "allcommands", "-zadd", "-xadd")
        client.execute_command("ACL", "SETUSER", "lacking", *rule)
        url = f"redis://lacking:secret@{REDIS}:{redis_server.port}/0"
        found = checked("--reach", REDIS_URL=url)
        client.execute_command("ACL", "DELUSER", "lacking")

    expected = (
        "make deploy: The Redis of REDIS_URL refuses xadd zadd:"
        " manage.py redis acl prints what must be allowed.\n"
    )
    assert (1, expected) == found


def test_reach_names_a_script_that_is_refused(checked, redis_server, tmp_path):
    """As the proxy of a cluster refuses commands that block."""
    proxy = StrictProxy(redis_server.port, tmp_path / "refused.log")
    url = f"redis://{REDIS}:{proxy.port}/0"
    blocking, polling = (
        checked("--reach", REDIS_URL=url),
        checked("--reach", REDIS_URL=url, REDIS_WAIT="poll"),
    )
    proxy.stop()

    assert "REDIS_URL refuses blmove" in blocking[1]
    assert (0, "") == polling


def test_reach_asks_the_bucket_by_its_own_key(checked):
    """--reach uses the bucket's key, not the key of this machine."""
    assert (0, "") == checked("--reach")
    assert (1, "make deploy: CONFIG_URL cannot be used from here.\n") == checked(
        "--reach", BUCKET_KEY_SECRET="wrong"
    )


def test_reach_opens_the_documents(checked, bucket):
    """Unreadable documents are counted before the deployment."""
    bucket.bucket.objects["gateway/apps/wx0123456789abcdef/1.json"] = b"{"
    code, said = checked("--reach")

    assert 1 == code
    assert said.startswith("make deploy: 1 faults in the documents")


def test_without_a_template_nothing_is_checked(tmp_path, monkeypatch, capsys):
    """Without a build the check fails and names the command."""
    monkeypatch.chdir(tmp_path)

    assert 1 == check.main([])
    assert "run make build" in capsys.readouterr().out
