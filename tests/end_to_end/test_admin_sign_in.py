"""Clients that sign users in, and users signed out, through the admin trigger."""

from __future__ import annotations

import json

from tests.end_to_end.operator_host import KEY_ID, KEY_SECRET
from tests.support.manage_process import run_manage

SUB = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20_000)
KEY = {"ACCESS_KEY_ID": KEY_ID, "ACCESS_KEY_SECRET": KEY_SECRET}


def test_a_client_that_signs_users_in(admin_host, tmp_path):
    """The operator's picture travels, and no salt comes back; the log names nobody."""

    def manage(*words):
        where = ("--endpoint", admin_host.url, "--json")
        done = run_manage(tmp_path, *words, *where, **KEY)
        assert (0, "") == (done.returncode, done.stderr)
        return json.loads(done.stdout)

    (tmp_path / "logo.png").write_bytes(PNG)
    options = "--public --native --redirect-uri http://127.0.0.1/cb --logo logo.png"
    made = manage("client", "add", "Desktop", *options.split())
    assert (True, True, 0) == (made["public"], made["native"], made["secrets"])
    assert f"image/png, {len(PNG)} bytes" == made["logo"]
    changed = manage("client", "update", "desktop", "--subject-type", "pairwise")
    assert "pairwise" == changed["subject_type"]
    assert "pairwise_salt" not in changed

    assert SUB == manage("person", "sign-out", SUB)["sub"]
    log = admin_host.log()
    assert f"{KEY_ID} person sign-out -: done" in log
    assert SUB not in log
    assert "clients/desktop" == manage("client", "remove", "desktop")["removed"]
