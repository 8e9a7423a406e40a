"""manage.py offline: who stands in the audit log, and its two commands."""

from __future__ import annotations

import getpass
import json
import platform
import stat
from datetime import datetime, timezone

import pytest

from runtime.documents.folder import FolderStore
from runtime.documents.store import StoreAway
from tests.management.conftest import APP_SECRET, APPID


@pytest.fixture
def refuse(monkeypatch):
    """Let the store refuse the objects of which the name ends so."""

    def run(end):
        create = FolderStore.create_object

        def refused(self, name, content):
            if name.startswith("audit/") and name.endswith(end):
                raise StoreAway("PutObject: AccessDenied")
            create(self, name, content)

        monkeypatch.setattr(FolderStore, "create_object", refused)

    return run


def test_the_machines_user_and_host_are_who(manage, app):
    """Newest first, by noun and by who."""
    manage("client add Orders")
    who = f"{getpass.getuser()}@{platform.node()}"
    rows = manage("audit list --json").json["acts"]

    assert ["client add", "app add"] == [each["what"] for each in rows]
    assert {who} == {each["who"] for each in rows}
    (row,) = manage(f"audit list --noun app --who {who} --json").json["acts"]
    assert ([f"apps/{APPID}:1"], "done") == (row["changed"], row["outcome"])
    assert [] == manage("audit list --who AK1 --json").json["acts"]
    today = f"{datetime.now(timezone.utc):%Y-%m-%d}"
    assert 2 == len(manage(f"audit list --day {today} --json").json["acts"])
    assert 2 == manage(["audit", "list", "--day", today, "--since", today]).code


def test_an_export_is_of_json_lines(manage, app):
    """In a new file that its owner alone can read; a week unless told otherwise."""
    manage("client add Orders")
    today = f"{datetime.now(timezone.utc):%Y-%m-%d}"
    done = manage("audit export --file acts.jsonl --json")
    from pathlib import Path

    file = Path("acts.jsonl")
    lines = [json.loads(line) for line in file.read_text().splitlines()]

    assert {"file": "acts.jsonl", "days": 7, "acts": 2} == done.json
    assert ["app", "client"] == [each["noun"] for each in lines]
    assert {"manage.py"} == {each["way"] for each in lines}
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    assert APP_SECRET not in file.read_text()
    again = manage("audit export --file acts.jsonl")
    assert (1, True) == (again.code, "cannot be made: File exists" in again.errors)
    one = manage(f"audit export --file day.jsonl --day {today} --json").json
    assert (1, 2) == (one["days"], one["acts"])
    old = manage("audit export --file old.jsonl --since 2001-01-01")
    wrong = manage("audit export --file wrong.jsonl --day monday")
    assert "at most" in old.errors
    assert "A day is written as" in wrong.errors


def test_secrets_in_plain_text_are_not_exported_unseen(manage, app):
    """Both kinds of export stand in it, and which of the two it was."""
    manage("store export sealed.json")
    manage("store export plain.json --with-secrets")
    plain, sealed = manage("audit list --noun store --json").json["acts"]

    assert (["True"], []) == (plain["names"], sealed["names"])


def test_nothing_is_done_that_cannot_be_recorded(manage, app, refuse):
    """One sentence says so; no file with secrets is made."""
    refuse("")
    done = manage(f"app remove {APPID}")
    plain = manage("store export plain.json --with-secrets")

    assert (1, 1) == (done.code, len(done.errors.splitlines()))
    assert "The audit log cannot be written (PutObject: AccessDenied)" in done.errors
    assert 1 == plain.code
    assert 0 == manage(f"app show {APPID}").code
    from pathlib import Path

    assert not Path("plain.json").exists()


def test_what_has_happened_is_told_with_exit_code_1(manage, app, refuse):
    """The new secret is printed all the same."""
    refuse(".outcome")
    made = manage("client add Orders --json")
    exported = manage("store export all.json --json")

    assert (1, 1) == (made.code, exported.code)
    assert made.json["secret"]
    assert "is not in the audit log" in made.json["audit"]
    assert "is not in the audit log" in exported.json["audit"]
    with open("all.json") as file:
        assert "audit" not in json.load(file)
