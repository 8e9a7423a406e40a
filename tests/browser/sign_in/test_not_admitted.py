"""Users whom a client does not admit: the page, the operator's step, and the way in."""

from __future__ import annotations

import time

import pytest

from runtime.documents.documents import FRESH_SECONDS
from tests.browser.sign_in.conftest import manage, register
from tests.browser.sign_in.service import Service
from tests.browser.sign_in.user import IN_WECHAT
from tests.support.known_users import reference_on


@pytest.fixture(scope="module")
def wiki(shared_host):
    """A service that admits the group `staff` only."""
    kinds = ("service", "website")
    appids = [shared_host.app(kind)["appid"] for kind in kinds]
    with Service(shared_host.url) as running:
        running.client = register(shared_host, "Wiki", running, appids)
        manage(shared_host, "client", "update", "wiki", "--allow", "staff")
        yield running


@pytest.fixture
def nobody_known(host):
    """Remove whom another test has entered."""
    for user in manage(host, "person", "list")["people"]:
        change(host, "remove", user["id"])


def change(host, *words):
    """Change a known user, and wait until each process must have seen it."""
    changed = manage(host, "person", *words)
    time.sleep(FRESH_SECONDS + 0.1)
    return changed


def reference_of(user):
    """Return the reference on the page, where nothing names the user."""
    text = user.tab.inner_text("body")
    me = user.host.user()
    assert me["unionid"] not in user.tab.content()
    assert "Wiki has not admitted you yet" in text
    return reference_on(text)


def enter(host, *words):
    return change(host, "add", *words)


@pytest.mark.parametrize(
    ("way", "answer"),
    [
        ("oidc", {"error", "error_description", "state", "iss"}),
        ("oauth2", {"state"}),
    ],
)
def test_an_operator_admits_a_user(new_user, wiki, host, nobody_known, way, answer):
    """The service is told access_denied by the page's button; then the user is in."""
    phone = new_user(**IN_WECHAT)
    phone.open(f"{wiki.url}/{way}")
    phone.agree()
    reference = reference_of(phone)
    phone.tab.get_by_role("link", name="Back to Wiki").click()
    phone.arrive(f"{wiki.url}/signed_in")
    assert wiki.answers[-1].keys() == answer
    assert not phone.is_signed_in()
    name = host.user()["nickname"]
    added = enter(host, "--reference", reference.lower(), "--group", "staff")
    assert (added["name"], added["groups"]) == (name, ["staff"])
    phone.open(f"{wiki.url}/{way}")
    phone.agree()
    phone.arrive(f"{wiki.url}/signed_in")

    assert {"code", "state"} <= wiki.answers[-1].keys()


def test_from_a_computer(new_user, wiki, host, nobody_known):
    """The QR code leads to the same page, and its button back to the QR code."""
    desktop = new_user()
    desktop.open(f"{wiki.url}/oidc")
    desktop.on_the_phone("confirm")
    desktop.arrive("/oauth_callback/")
    reference = reference_of(desktop)
    desktop.tab.reload()
    assert reference_of(desktop) == reference
    enter(host, "--reference", reference, "--group", "staff")
    desktop.tab.get_by_role("link", name="Sign in again").click()
    desktop.on_the_phone("confirm")
    desktop.arrive(f"{wiki.url}/signed_in")

    assert {"code", "state"} <= wiki.answers[-1].keys()


def test_a_form_takes_the_answer_back(new_user, wiki, host, nobody_known):
    """response_mode=form_post: the button posts what a redirect would carry."""
    phone = new_user(**IN_WECHAT)
    phone.open(f"{wiki.url}/oidc?response_mode=form_post")
    phone.agree()
    reference_of(phone)
    phone.tab.get_by_role("button", name="Back to Wiki").click()
    phone.arrive(f"{wiki.url}/signed_in")

    assert wiki.posted[-1]["error"] == "access_denied"


def test_a_user_of_another_service(new_user, wiki, service, host, nobody_known):
    """Signed in already, the user is refused here, and may sign out on the page."""
    phone = new_user(**IN_WECHAT)
    phone.open(f"{service.url}/oidc")
    phone.agree()
    phone.arrive(f"{service.url}/signed_in")
    phone.open(f"{wiki.url}/oidc")
    reference_of(phone)
    phone.tab.get_by_role("link", name="Use another WeChat account").click()
    phone.tab.get_by_role("button", name="Sign out").click()

    assert not phone.is_signed_in()


def test_a_removed_user_is_out(new_user, wiki, host, nobody_known):
    """The session ends with the document."""
    phone = new_user(**IN_WECHAT)
    enter(host, host.user()["unionid"], "--group", "staff")
    phone.open(f"{wiki.url}/oidc")
    phone.agree()
    phone.arrive(f"{wiki.url}/signed_in")
    assert phone.is_signed_in()
    change(host, "remove", host.user()["unionid"])

    assert not phone.is_signed_in()
    phone.open(f"{wiki.url}/oidc")
    phone.agree()
    reference_of(phone)
