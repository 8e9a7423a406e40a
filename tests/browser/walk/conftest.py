"""One host and its services for all walks, a browser for each file."""

from __future__ import annotations

import json

import pytest

from tests.browser.walk.person import IN_WECHAT, Person
from tests.browser.walk.service import Service
from tests.browser.walk.walked_host import WalkedHost
from tests.support.chromium import chromium
from tests.walk.operating import run_manage

SILENT = {"appid": "wx5117e47500000001", "secret": "5" * 32, "kind": "service"}
"""A service account that tells the openid alone, and asks nobody."""


@pytest.fixture(scope="session")
def walked(tmp_path_factory):
    """A local host with nothing configured, for the walks alone."""
    with pytest.MonkeyPatch.context() as patch:
        # What a test waits for where WeChat is slow.
        patch.setenv("WECHAT_DEADLINE_SECONDS", "2")
        with WalkedHost(tmp_path_factory.mktemp("walked")) as running:
            yield running


@pytest.fixture
def host(walked):
    """The host, with WeChat as it was in the beginning."""
    walked.reset()
    walked.sandbox("POST", "/_sandbox/apps", SILENT)
    return walked


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def meet(browser, host):
    """Let a person come with a browser; no page of ours may complain in it."""
    people = []

    def one(**more):
        people.append(Person(more.pop("browser", browser), host, **more))
        return people[-1]

    yield one
    for each in people:
        each.leave()

    assert [] == [text for each in people for text in each.complaints]


@pytest.fixture(scope="session")
def service(walked):
    """A company's service elsewhere, whose people sign in by both apps."""
    kinds = ("service", "website")
    appids = [walked.app(kind)["appid"] for kind in kinds]
    with Service(walked.url) as running:
        running.client = register(walked, "Bookshop", running, appids)
        yield running


@pytest.fixture
def visitor(meet, service):
    """Somebody in WeChat's browser who is signed in, and on the service's page."""
    person = meet(**IN_WECHAT)
    person.open(f"{service.url}/oidc")
    person.agree()
    person.arrive(f"{service.url}/signed_in")
    return person


@pytest.fixture(scope="session")
def silent_service(walked):
    """A service whose one app asks nobody anything."""
    appid = SILENT["appid"]
    words = ("--kind=service", "--oauth-scope=snsapi_base", "--subject=openid")
    manage(walked, "app", "add", appid, *words, typed=SILENT["secret"])
    with Service(walked.url) as running:
        running.client = register(walked, "Silent", running, [appid])
        yield running


def register(host, name, service, appids):
    """Return `client_id` and `secret` of a client that is answered at the service."""
    words = [f"--redirect-uri={service.url}/signed_in", f"--home={service.url}/"]
    words += [f"--post-logout-redirect-uri={service.url}/signed_out"]
    words += [f"--app={appid}" for appid in appids]
    return manage(host, "client", "add", name, *words)


def manage(host, *words, typed=""):
    done = run_manage(host.folder, *words, "--json", "--secret-stdin", typed=typed)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
