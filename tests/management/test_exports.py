"""Exports by stdout and stdin, and the options of export and import."""

from __future__ import annotations

import json
from pathlib import Path

from tests.management.conftest import APPID


def test_an_export_goes_to_stdout_and_comes_from_stdin(manage, app, environ):
    """What the command has to say goes to stderr, so that stdout is the export."""
    done = manage("store export -")
    exported = json.loads(done.output)
    assert (0, [APPID]) == (done.code, [each["id"] for each in exported["documents"]])
    assert "documents  1" in done.errors
    assert [] == list(Path().glob("-"))
    manage(f"app remove {APPID}")
    done = manage("store import - --json", typed=json.dumps(exported))

    assert [f"apps/{APPID}"] == json.loads(done.errors)["written"]


def test_a_file_sets_no_option(manage, app):
    """`over` in a file is nobody's wish; the option is."""
    exported = json.loads(manage("store export -").output)
    manage(f"app update {APPID} --subject unionid")
    manage(f"app update {APPID} --subject openid --oauth-scope snsapi_base")
    words, typed = "store import -", json.dumps({**exported, "over": True})
    refused = manage(words, typed=typed)
    assert (1, True) == (refused.code, "Changed since the export" in refused.errors)

    assert 0 == manage(f"{words} --over", typed=typed).code


def test_plain_secrets_are_no_copies(manage, app):
    """The copies in Redis are sealed."""
    done = manage("store export x.json --with-secrets --copies")

    assert (1, False) == (done.code, Path("x.json").exists())
    assert "works without --endpoint and --copies only." in done.errors


def test_a_folder_has_no_copies(manage, app):
    """The message says so."""
    done = manage("store export x.json --copies")

    assert 1 == done.code
    assert "Redis has no copies: the documents are in a folder." in done.errors
