"""Known users, entered by an operator through the admin trigger of a whole host."""

from __future__ import annotations

import json

from tests.end_to_end.operator_host import KEY_ID, KEY_SECRET
from tests.support.manage_process import run_manage

SUB = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
KEY = {"ACCESS_KEY_ID": KEY_ID, "ACCESS_KEY_SECRET": KEY_SECRET}


def test_an_operator_enters_users_from_afar(admin_host, tmp_path):
    """Every verb, through the signed trigger; the log names documents and no user."""

    def manage(*words):
        where = ("--endpoint", admin_host.url, "--json")
        done = run_manage(tmp_path, *words, *where, **KEY)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return json.loads(done.stdout)

    added = manage("person", "add", SUB, "--name", "李雷", "--group", "staff", "wiki")
    id_ = added["id"]
    changed = manage("person", "update", id_, "--email", "li@example.com")
    assert (changed["email"], changed["groups"]) == (
        "li@example.com",
        ["staff", "wiki"],
    )
    assert [each["id"] for each in manage("person", "list")["people"]] == [id_]
    assert manage("person", "show", SUB)["name"] == "李雷"
    assert manage("person", "sign-out", id_)["sub"] == SUB
    export = manage("store", "export", "documents.json")
    assert export["sealed"]
    assert SUB not in (tmp_path / "documents.json").read_text("utf-8")
    assert manage("person", "remove", id_)["removed"] == f"people/{id_}"
    assert manage("store", "import", "documents.json")["written"] == [f"people/{id_}"]
    assert manage("person", "show", SUB)["email"] == "li@example.com"
    manage("person", "remove", SUB)

    log = admin_host.log()
    for verb in ("add", "update", "remove"):
        assert f"{KEY_ID} person {verb} people/{id_}: done" in log
    assert not any(word in log for word in (SUB, "李雷", "li@example.com"))
