"""response_mode=form_post: the answer comes to the client in a form."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.sign_in.user import IN_WECHAT

FORM = {"response_mode": "form_post"}


def test_a_script_posts_it_at_once(new_user, service):
    """After a sign-in by QR code, and at once for who is signed in."""
    user = new_user()
    for count in (1, 2):
        posted = len(service.posted)
        user.open(service.begin("oidc", {**FORM, "state": f"{count} <'&> 三" * 60}))
        if count == 1:
            user.on_the_phone("confirm")
        user.arrive(f"{service.url}/signed_in")

        (answer,) = service.posted[posted:]
        assert {"code", "state", "iss"} == set(answer)
        assert f"{count} <'&> 三" * 60 == answer["state"]
        assert "sub" in user.told()


def test_without_scripts_a_button_does(new_user, service):
    """Nothing but a form, and the policy lets it go."""
    user = new_user(**IN_WECHAT, java_script_enabled=False)
    user.open(service.begin("oidc", FORM))
    user.agree()
    button = user.tab.get_by_role("button", name="Continue")
    expect(button).to_be_visible()
    button.click()
    user.arrive(f"{service.url}/signed_in")

    assert "code" in service.posted[-1]


@pytest.mark.case(40)
def test_an_error_comes_in_a_form(new_user, service):
    """With its state, as in a redirect."""
    user = new_user(**IN_WECHAT)
    user.open(service.begin("oidc", {**FORM, "state": "kept"}))
    user.refuse()
    user.arrive(f"{service.url}/signed_in")

    answer = service.posted[-1]
    assert ("access_denied", "kept") == (answer["error"], answer["state"])
