"""The last look before `fun deploy`: settings that would not run are named."""

from __future__ import annotations

import socket

import pytest
import yaml

from deploy import check
from deploy.package.parameters import NEEDED
from deploy.package.rendering import render
from tests.conftest import free_port, make_environ
from tests.deployment.deployer import ROOT
from tests.runtime.oss_server import BUCKET, KEY_ID, KEY_SECRET, OssServer

PEM = {
    "CERTIFICATE_NAME": "c",
    "CERTIFICATE": "-----BEGIN C",
    "CERTIFICATE_KEY": "-----BEGIN K",
}


@pytest.fixture
def checked(tmp_path, redis_server, monkeypatch, capsys):
    """Check what a build with these settings has made; return code and lines."""
    monkeypatch.chdir(tmp_path)
    environ = make_environ(
        tmp_path, redis_server.url, DOMAIN_NAME="gateway.example.com", **PEM
    )

    def run(*words, **changes):
        source = (ROOT / "template.yml").read_text()
        rendered = render(source, {**environ, **changes}, code="code.zip")
        check.TEMPLATE.parent.mkdir(parents=True, exist_ok=True)
        check.TEMPLATE.write_text(rendered.text)
        return again(*words)

    def again(*words):
        return check.main(list(words)), capsys.readouterr().out

    run.again = again
    return run


def test_good_settings_pass(checked):
    """Silently, with and without a look at Redis and the documents."""
    assert (0, "") == checked()
    assert (0, "") == checked("--reach")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"SESSION_DAYS": "a week"}, "SESSION_DAYS must be a number"),
        ({"MASTER_KEYS": "1:short"}, "MASTER_KEYS "),
        ({"LEASE_RENEW_SECONDS": "0.5"}, "LEASE_RENEW_SECONDS must be below half"),
        ({"DOMAIN_NAME": "other.example.com"}, "PUBLIC_BASE_URL is not on DOMAIN_NAME"),
        (dict.fromkeys(PEM, ""), "CERTIFICATE_NAME, CERTIFICATE and CERTIFICATE_KEY "),
    ],
    ids=["malformed", "secret", "contradiction", "domain", "certificate"],
)
def test_bad_settings_are_named(checked, changes, sentence):
    """Once, though every function has them, and without a secret's value."""
    code, said = checked(**changes)

    assert (1, 1) == (code, said.count("\n"))
    assert f"make deploy: {sentence}" in said
    assert "1:short" not in said


def test_missing_settings_are_named(checked):
    """Each one that a function cannot work without, though it could be deployed."""
    code, said = checked(**dict.fromkeys(NEEDED, ""))

    assert 1 == code
    assert [] == [name for name in NEEDED if f"{name} is missing" not in said]


@pytest.mark.parametrize(
    ("path", "route", "sentence"),
    [
        ("/oidc/*", None, "No route /oidc/* leads to the function oidc.\n"),
        ("/oidc/*", "login", "No route /oidc/* leads to the function oidc.\n"),
        ("/card/*", None, ""),
    ],
    ids=["missing", "astray", "not needed"],
)
def test_every_function_has_a_route_of_its_own(checked, path, route, sentence):
    """Beneath its own name, and to itself; without it, it is named."""
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
    """Without it nobody is asked; with it, what is away is named."""
    away = {"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"}

    assert (0, "") == checked(**away)
    assert (1, "make deploy: REDIS_URL cannot be used from here.\n") == checked(
        "--reach", **away
    )


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
    yield {"CONFIG_URL": f"s3://{BUCKET}/gateway", "S3_ENDPOINT_URL": server.endpoint}
    server.stop()


def test_reach_asks_the_bucket_by_its_own_key(checked, bucket):
    """The key that the functions will have, whatever this machine has."""
    key = {"BUCKET_KEY_ID": KEY_ID, "BUCKET_KEY_SECRET": KEY_SECRET}
    wrong = {**key, "BUCKET_KEY_SECRET": "wrong"}

    assert (0, "") == checked("--reach", **bucket, **key)
    assert (1, "make deploy: CONFIG_URL cannot be used from here.\n") == checked(
        "--reach", **bucket, **wrong
    )


def test_reach_opens_the_documents(checked, tmp_path):
    """What cannot be read is counted before anything is replaced."""
    broken = tmp_path / "config/apps/wx0123456789abcdef/1.json"
    broken.parent.mkdir(parents=True)
    broken.write_text("{")
    code, said = checked("--reach")

    assert 1 == code
    assert said.startswith("make deploy: 1 faults in the documents")


def test_without_a_template_nothing_is_checked(tmp_path, monkeypatch, capsys):
    """There was no build, or it failed and said why."""
    monkeypatch.chdir(tmp_path)

    assert 1 == check.main([])
    assert "make build makes it" in capsys.readouterr().out
