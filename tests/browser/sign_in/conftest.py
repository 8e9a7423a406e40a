"""One host and its services for all files, a browser for each file."""

from __future__ import annotations

import json

import pytest

from tests.browser.sign_in.host_with_faults import HostWithFaults
from tests.browser.sign_in.service import Service
from tests.browser.sign_in.user import IN_WECHAT, User
from tests.support.chromium import chromium
from tests.support.manage_process import run_manage

SILENT = {"appid": "wx5117e47500000001", "secret": "5" * 32, "kind": "service"}
"""A service account that tells the openid alone, and asks nobody."""


@pytest.fixture(scope="session")
def shared_host(tmp_path_factory):
    """A local host with nothing configured, for these tests only."""
    with pytest.MonkeyPatch.context() as patch:
        # What a test waits for where WeChat is slow.
        patch.setenv("WECHAT_DEADLINE_SECONDS", "2")
        with HostWithFaults(tmp_path_factory.mktemp("shared_host")) as running:
            yield running


@pytest.fixture
def host(shared_host):
    """The host, with WeChat as it was in the beginning."""
    shared_host.reset()
    shared_host.sandbox("POST", "/_sandbox/apps", SILENT)
    return shared_host


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def new_user(browser, host):
    """Return a function that makes users; no page of ours may log an error there."""
    users = []

    def one(**more):
        users.append(User(more.pop("browser", browser), host, **more))
        return users[-1]

    yield one
    for each in users:
        each.leave()

    assert [] == [text for each in users for text in each.complaints]


@pytest.fixture(scope="session")
def service(shared_host):
    """A service on another origin, whose users sign in by both apps."""
    kinds = ("service", "website")
    appids = [shared_host.app(kind)["appid"] for kind in kinds]
    with Service(shared_host.url) as running:
        running.client = register(shared_host, "Bookshop", running, appids)
        yield running


@pytest.fixture
def visitor(new_user, service):
    """Somebody in WeChat's browser who is signed in, and on the service's page."""
    user = new_user(**IN_WECHAT)
    user.open(f"{service.url}/oidc")
    user.agree()
    user.arrive(f"{service.url}/signed_in")
    return user


@pytest.fixture(scope="session")
def silent_service(shared_host):
    """A service whose one app asks nobody anything."""
    appid = SILENT["appid"]
    words = ("--kind=service", "--oauth-scope=snsapi_base", "--subject=openid")
    manage(shared_host, "app", "add", appid, *words, typed=SILENT["secret"])
    with Service(shared_host.url) as running:
        running.client = register(shared_host, "Silent", running, [appid])
        yield running


@pytest.fixture(scope="session")
def small_service(shared_host):
    """A service whose one app is a service account: it has no website app."""
    with Service(shared_host.url) as running:
        appids = [shared_host.app("service")["appid"]]
        running.client = register(shared_host, "Corner shop", running, appids)
        yield running


def register(host, name, service, appids, *, more=()):
    """Return `client_id` and `secret` of a client that is answered at the service."""
    words = [f"--redirect-uri={service.url}/signed_in", f"--home={service.url}/"]
    words += [f"--post-logout-redirect-uri={service.url}/signed_out"]
    words += [f"--app={appid}" for appid in appids]
    return manage(host, "client", "add", name, *words, *more)


def manage(host, *words, typed=""):
    done = run_manage(host.folder, *words, "--json", "--secret-stdin", typed=typed)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
