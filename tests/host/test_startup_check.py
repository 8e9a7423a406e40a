"""python -m host.startup_check: what would be wrong with a host is known before."""

import os
import subprocess
import sys

import pytest

from runtime.gateway import Gateway
from runtime.settings import settings_from
from tests.support.gateway_environ import make_environ
from tests.support.local_hosts import ROOT
from tests.support.ports import free_port

APP = "wx" + "a" * 16


def check(environ, *words):
    """Return the exit code and all that is said."""
    kept = {
        name: os.environ[name]
        for name in ("PATH", "COVERAGE_PROCESS_CONFIG")
        if name in os.environ
    }
    done = subprocess.run(
        [sys.executable, "-m", "host.startup_check", *words],
        cwd=ROOT,
        env={**kept, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def environ(tmp_path, own_redis):
    """Settings with which all is well, of a Redis with a password and with an app."""
    with own_redis.client() as client:
        client.config_set("requirepass", "the-password")
    url = f"redis://:the-password@127.0.0.1:{own_redis.port}/0"
    made = make_environ(tmp_path, url)
    documents = Gateway(settings_from(made)).documents
    app = {"kind": "website", "secret": "f" * 32}
    documents.write("apps", APP, app, after=0)
    client = {"name": "Demo", "scopes": {APP: ["/*"]}, "secret_hashes": []}
    documents.write("clients", made["LOGIN_CLIENT"], client, after=0)
    return made


def test_good_settings(environ):
    """The exit code is 0; that there is no client yet stops nobody."""
    assert 0 == check(environ)[0]
    assert 0 == check({**environ, "LOGIN_CLIENT": "nobody_yet"})[0]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"REDIS_URL": "redis://:wrong@127.0.0.1:{port}/0"}, "redis away"),
        ({"MASTER_KEYS": "1:" + "bm5u" * 10 + "bm4="}, "login_client unreadable"),
        ({"PUBLIC_BASE_URL": "https://other.example.com"}, "redis other_deployment"),
        ({"MASTER_KEYS": ""}, "MASTER_KEYS is missing"),
    ],
    ids=["password", "keys", "deployment", "missing"],
)
def test_bad_settings(environ, own_redis, changes, sentence):
    """The exit code is 1, and what is wrong is named without a secret."""
    assert 0 == check(environ)[0]  # the Redis is this deployment's from now on
    filled = {n: text.format(port=own_redis.port) for n, text in changes.items()}
    code, said = check({**environ, **filled}, "--seconds=0")

    assert (1, True) == (code, sentence in said), said
    assert not [each for each in ("wrong@", "the-password", "bm5u") if each in said]


def test_the_wait_has_an_end(environ):
    """A Redis that is away for longer than that is named."""
    url = f"redis://127.0.0.1:{free_port()}/0"
    code, said = check({**environ, "REDIS_URL": url}, "--seconds=2.5")

    assert (1, True) == (code, "would not be well: redis away" in said)
