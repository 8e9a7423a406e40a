"""Operators with their roles, and browsers in which the console is open."""

from __future__ import annotations

import pytest

from runtime.registry.known_users import document_id
from tests.support.console_browser import ConsoleBrowser


@pytest.fixture
def operators(gateway):
    """Enter an operator with a role; return the id of the document."""

    def enter(role, *, sub="", name=""):
        sub = sub or f"o{role}-000000000000000000"
        content = {"sub": sub, "name": name or f"The {role}", "role": role}
        gateway.documents.write("people", document_id(sub), content, after=0)
        return document_id(sub)

    return enter


@pytest.fixture
def opened(gateway, operators):
    """Return a browser in which an operator of this role has opened the console."""

    def open_(role, **more):
        browser = ConsoleBrowser(gateway)
        browser.operator = operators(role, **more)
        code = gateway.console_codes.issue(browser.operator)
        assert browser.enter(code).status == 303
        return browser

    return open_
