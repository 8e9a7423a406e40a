"""A product behind Apache that only known users may use: its client's `allow`."""

from __future__ import annotations

import json
import re

import pytest

from tests.browser.sign_in.user import IN_WECHAT
from tests.clients.catalogue import CLIENTS
from tests.support.manage_process import run_manage

APACHE = next(each for each in CLIENTS if each.source == "Debian")
REFERENCE = re.compile(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4}\b")


@pytest.fixture(autouse=True)
def _removed(host):
    """Remove the user afterwards, whom other tests take for unknown."""
    yield
    run_manage(host.folder, "person", "remove", host.user()["unionid"])


def test_a_user_is_refused_until_an_operator_enters_them(host, start, new_user):
    """The page has a reference, by which the operator enters the user; the product sees
    nothing of it before."""
    service = start(APACHE)
    user = new_user(**IN_WECHAT)
    user.open(f"{service.url}/me")
    user.agree()
    user.arrive("/")
    (reference,) = REFERENCE.findall(user.tab.inner_text("body"))

    assert not [
        url for url in user.visited if url.startswith(f"{service.url}/redirect")
    ]
    done = run_manage(
        host.folder, "person", "add", f"--reference={reference}", "--json"
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["sub"] == host.user()["unionid"]
    with service.log_on_failure(user):
        user.open(f"{service.url}/me")
        if user.tab.url.startswith(host.sandbox_url):
            user.agree()
        user.arrive(f"{service.url}/me")
        assert user.told()["sub"] == host.user()["unionid"]
