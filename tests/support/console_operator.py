"""An operator of a running host: entered and let in by the command line's verbs."""

from __future__ import annotations

import json
import re

from tests.support.manage_process import run_manage


def manage(host, *words):
    """Return the answer of a command."""
    done = run_manage(host.folder, *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class HostOperator:
    """An operator, by the id of the document."""

    def __init__(self, host, id_):
        self.host, self.id = host, id_

    def link(self):
        """Return the address of the console, and a new code."""
        return manage(self.host, "console", "link", "--as", self.id)


def make_operator(host, role):
    """Enter an operator with this role, if nobody has, and return it."""
    listed = manage(host, "operator", "list")["operators"]
    known = [each["id"] for each in listed if each["role"] == role]
    sub = f"o{role}0000000000000000000000000000"
    words = ("--role", role, "--name", "Li Lei")
    found = known or [manage(host, "operator", "add", sub, *words)["id"]]
    return HostOperator(host, found[0])


def enter(page, made):
    """Type the code in a browser's tab, by keyboard alone."""
    page.goto(made["address"])
    page.locator("#code").focus()
    page.keyboard.type(made["code"])
    with page.expect_navigation(url=re.compile("/console/$")):
        page.keyboard.press("Enter")
