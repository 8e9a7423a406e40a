"""Deployment on one machine: built, sent by fun, run under CPython 3.10."""

from __future__ import annotations

import json
import os
import socket

import pytest

from deploy.package.failed import BuildFailed
from deploy.package.interpreter import find_interpreter
from deploy.package.wheels import folder_of
from deploy.smoke.__main__ import BUILT
from deploy.smoke.__main__ import main as look
from host.developer import sandbox_process
from tests.deployment.deployer import ROOT, build, by_fun, check_out
from tests.deployment.function_compute.server import FunctionCompute
from tests.deployment.function_compute.signature import KEY_ID, KEY_SECRET
from tests.deployment.gateway import DOMAIN, Gateway
from tests.deployment.operator_steps import add_apps, add_client, token_query
from tests.support.fun_fixtures import fun, validate  # noqa: F401 fixtures
from tests.support.gateway_environ import make_environ
from tests.support.ports import free_port
from tests.support.recording_proxy import make_certificate
from tests.support.redis_server import make_redis
from tests.support.rsa_keys import loaded, private_key


@pytest.fixture(scope="session")
def python310():
    """The interpreter that Function Compute has; skips aloud where there is none."""
    try:
        return find_interpreter(os.environ)
    except BuildFailed as failed:
        pytest.skip(f"no deployment test: {failed}")


@pytest.fixture(scope="session")
def checkout(python310, tmp_path_factory):
    """Make a checkout of its own; skips aloud where no build has fetched the wheels."""
    if not folder_of(ROOT / "requirements.lock", cache=ROOT / ".fun/wheels").is_dir():
        pytest.skip("no wheels of this lock for CPython 3.10: make build fetches them")

    def make(name):
        return check_out(tmp_path_factory.mktemp("checkout") / name)

    return make


@pytest.fixture(scope="session")
def built(checkout, python310):
    """A checkout that has been built, without any settings."""
    folder = checkout("built")
    done = build(folder, python310)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def platform(tmp_path_factory):
    """The simulated WeChat, which knows the deployment's domain."""
    folder = tmp_path_factory.mktemp("wechat")
    sandbox = sandbox_process.start(free_port(), log=folder / "log")
    yield sandbox
    sandbox.process.terminate()
    sandbox.process.wait(20)


@pytest.fixture(scope="session")
def deployment(fun, checkout, python310, platform, tmp_path_factory):  # noqa: F811
    """The whole gateway, deployed by fun; nothing has called it yet."""
    folder = tmp_path_factory.mktemp("deployment")
    (folder / "redis").mkdir()
    redis = make_redis(folder / "redis")
    settings = _settings(folder, redis.url, platform.url)
    compute = FunctionCompute(python310, folder)
    tree = checkout("deployed")
    try:
        made = Gateway(
            compute=compute,
            deployer=by_fun(fun, folder / "home", compute),
            tree=tree,
            python=python310,
            settings=settings,
            sandbox_url=platform.url,
        )
        made.build()
        made.first = made.deploy()
        made.refused = list(compute.faults)
        yield made
    finally:
        compute.stop()
        redis.stop()


def _settings(folder, redis_url, wechat_url):
    """Return all that a deployer has in its environment; the key is one of PKCS#8."""
    made = make_certificate(folder, DOMAIN, key=loaded(private_key()), days=90)
    key, begin, certificate = made.read_text().partition("-----BEGIN CERTIFICATE")
    return make_environ(
        folder,
        redis_url,
        DOMAIN_NAME=DOMAIN,
        PUBLIC_BASE_URL=f"https://{DOMAIN}",
        CERTIFICATE_NAME="gateway",
        CERTIFICATE=begin + certificate,
        CERTIFICATE_KEY=key,
        WECHAT_API_URL=wechat_url,
        WECHAT_OPEN_URL=wechat_url,
        WECHAT_MP_URL=wechat_url,
    )


@pytest.fixture(scope="session")
def appids(deployment):
    """The apps of an operator's first minutes, by kind."""
    return add_apps(deployment)


@pytest.fixture(scope="session")
def client(deployment, appids):
    """The client `demo` with its secret."""
    return add_client(deployment, appids)


@pytest.fixture(scope="session")
def token(deployment, appids, client):
    """A gateway token for the service account, as an SDK gets one."""
    query = token_query(appids["service"], client["secret"])
    return json.loads(deployment.request("GET", query).data)["access_token"]


@pytest.fixture(scope="session")
def settings_of():
    """Return the settings of a deployment: its folder, Redis and WeChat."""
    return _settings


@pytest.fixture
def to_loopback(monkeypatch):
    """Let a host name lead to this machine."""

    def lead(name):
        find = socket.getaddrinfo

        def local(host, *more, **options):
            return find("127.0.0.1" if host == name else host, *more, **options)

        monkeypatch.setattr(socket, "getaddrinfo", local)

    return lead


@pytest.fixture
def smoke(deployment, to_loopback, capsys):
    """Run it on the custom domain, which leads to the stand-in."""
    to_loopback(DOMAIN)
    keys = {
        "ACCESS_KEY_ID": KEY_ID,
        "ACCESS_KEY_SECRET": KEY_SECRET,
        "FC_ENDPOINT": deployment.url,
    }

    def run(*words, built=BUILT, **changes):
        url = f"http://{DOMAIN}:{deployment.compute.port}"
        code = look([url, *words], {**keys, **changes}, built=built)
        return code, capsys.readouterr().out

    return run
