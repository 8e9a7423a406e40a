"""The option --reason of every command that changes or reveals something."""

from __future__ import annotations

from management.commands import COMMANDS, UNRECORDED
from runtime.operations.verbs import OPERATIONS
from tests.management.conftest import APPID


def test_it_goes_with_every_command_that_is_recorded():
    """And with no other."""
    named = {(noun, verb.replace(" ", "-")) for noun, verb in COMMANDS}
    reading = {each for each, made in OPERATIONS.items() if not made.is_recorded}

    assert named & reading == UNRECORDED & set(COMMANDS)
    assert named >= UNRECORDED


def test_it_is_kept(manage, app):
    """Also of an export and an import, whose other arguments are a file."""

    def reason():
        told = manage(f"document history apps/{APPID} --json").json
        return told["versions"][-1]["reason"]

    words = ["app", "update", APPID, "--subject", "unionid", "--reason", "one sub"]
    assert 0 == manage(words).code
    assert "one sub" == reason()
    for file, more in (("a.json", []), ("b.json", ["--with-secrets"])):
        done = manage(["store", "export", file, *more, "--reason", f"made {file}"])
        assert 0 == done.code, done.errors
    manage(f"app remove {APPID}")
    assert 0 == manage(["store", "import", "b.json", "--reason", "undone"]).code
    assert "undone" == reason()
    acts = manage("audit export --file acts.jsonl")
    assert 0 == acts.code
    with open("acts.jsonl", encoding="utf-8") as file:
        text = file.read()
    assert all(each in text for each in ("made a.json", "made b.json", "undone"))


def test_another_command_does_not_know_it(manage, app):
    """As any option that is not its own."""
    done = manage(["app", "show", APPID, "--reason", "x"])

    assert 2 == done.code
    assert "--reason" in done.errors


def test_a_secret_in_it_is_refused_and_not_repeated(manage, app):
    """The option is named."""
    words = ["app", "update", APPID, "--subject", "unionid", "--reason", "0a" * 16]
    done = manage(words)

    assert 1 == done.code
    assert (
        "manage.py: --reason must not hold what looks like a secret.\n" == done.errors
    )
