"""All pages of the console, with much to show, and what none of them shows."""

from __future__ import annotations

import pytest

from tests.support.console_world import SECRETS, fill, paths


@pytest.fixture
def world(gateway, wechat, clock):
    fill(gateway, wechat, clock)
    return gateway


def get(browser, path):
    """Return the answer to a path with its query."""
    path, _, query = path.partition("?")
    return browser.get(path, query)


@pytest.mark.parametrize("role", ["viewer", "admin"])
def test_no_page_shows_a_secret(world, opened, role):
    """Neither of a document, nor a token, an openid or what a user has written."""
    browser = opened(role)
    for path in paths(world):
        answer = get(browser, path)
        assert answer.status == 200, (path, answer.words)
        shown = [secret for secret in SECRETS if secret in answer.text]
        assert shown == [], path
