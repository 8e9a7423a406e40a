"""The last look before `fun deploy`: settings that would not run are named."""

from __future__ import annotations

import pytest

from deploy import check
from deploy.package.parameters import NEEDED
from deploy.package.rendering import render
from tests.conftest import free_port, make_environ
from tests.deployment.deployer import ROOT

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
        return check.main(list(words)), capsys.readouterr().out

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


def test_reach_asks_redis_and_the_documents(checked, tmp_path):
    """What is away or cannot be read is named before anything is replaced."""
    away = f"redis://127.0.0.1:{free_port()}/0"
    broken = tmp_path / "config/apps/wx0123456789abcdef/1.json"
    assert 0 == checked(REDIS_URL=away)[0]
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
