"""Arguments of the command line, and the secrets that are never among them."""

from __future__ import annotations

import getpass
import os
import pty
import subprocess
import sys

import pytest

from management.failure import Failure
from management.parser import FUNCTION, SERVICE, arguments_of, parse
from template.served import read_template
from tests.management.conftest import APP_SECRET, APPID
from tests.support.documentation import ROOT

A, B, C = "wxaaaaaaaaaaaaaaaa", "wxbbbbbbbbbbbbbbbb", "wxcccccccccccccccc"


@pytest.mark.parametrize(
    ("words", "scopes"),
    [
        (f"--app {A}", {A: []}),
        (f"--app {A} --scope /x /y", {A: ["/x", "/y"]}),
        (f"--app {A} --scope /x --scope /y", {A: ["/x", "/y"]}),
        (f"--app {A} --app {B} --scope /x", {A: ["/x"], B: ["/x"]}),
        (f"--app {A} --scope /x --app {B} --scope /y", {A: ["/x"], B: ["/y"]}),
        (f"--app {A} --scope /x --app {B}", {A: ["/x"], B: []}),
        (f"--scope /z --app {A} --scope /x --app {B}", {A: ["/z", "/x"], B: ["/z"]}),
        (
            f"--app {A} --app {B} --scope /x --app {C} --scope token:read",
            {A: ["/x"], B: ["/x"], C: ["token:read"]},
        ),
    ],
)
def test_a_scope_is_for_the_apps_just_before_it(words, scopes):
    """Apps in a row share the scopes that follow; before any app they are for all."""
    options = parse(["client", "add", "Orders", *words.split()])

    assert {"name": "Orders", "scopes": scopes} == arguments_of(options)


def test_an_app_can_be_taken_away():
    """In an update, beside others."""
    words = f"client update orders --without-app {A} --app {B} --scope /x"

    assert {A: None, B: ["/x"]} == arguments_of(parse(words.split()))["scopes"]


def test_a_scope_without_an_app_is_refused():
    """A scope without an app has no meaning."""
    with pytest.raises(Failure, match="--scope needs an --app"):
        arguments_of(parse(["client", "update", "orders", "--scope", "/x"]))


def test_only_what_is_given_is_told():
    """So an update changes nothing else."""
    options = parse(["app", "update", A, "--kind", "website"])

    assert {"appid": A, "kind": "website"} == arguments_of(options)


@pytest.mark.parametrize(
    ("text", "rate"),
    [("10/20", (10.0, 20)), ("0.5/5", (0.5, 5)), ("10", None), ("x/1", None)],
)
def test_a_rate(text, rate, capsys):
    """Calls per second and how many at once."""
    words = ["client", "add", "Orders", "--rate", text]
    if rate is None:
        with pytest.raises(SystemExit):
            parse(words)
        return
    given = arguments_of(parse(words))["rate"]

    assert rate == (given["per_second"], given["burst"])


@pytest.mark.parametrize(
    "words",
    [
        f"app add {APPID} --kind service --secret={APP_SECRET}",
        f"app add {APPID} --kind service --secret {APP_SECRET}",
        f"app add {APPID} --kind service {APP_SECRET}",
        f"app add {APPID} --kind service --secret-stdin {APP_SECRET}",
        f"app update {APPID} --secret {APP_SECRET}",
        f"app update {APPID} --secret={APP_SECRET}",
        f"client list {APP_SECRET}",
        f"client {APP_SECRET}",
        f"document rollback apps/x --to {APP_SECRET}",
    ],
)
def test_a_secret_on_the_command_line_is_refused_unsaid(manage, words):
    """With exit code 2, and without repeating it."""
    done = manage(words)

    assert (2, "") == (done.code, done.output)
    assert APP_SECRET not in done.errors


@pytest.mark.parametrize(
    "words", ["app", "nobody list", "client list --app x", "app add"]
)
def test_what_is_not_understood(manage, words):
    """A usage and a sentence, exit code 2."""
    assert 2 == manage(words).code


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("tokne show", "manage.py: error: no such word: tokne (did you mean token?)"),
        ("token xyz", "token: error: no such word: xyz (choose from show, refresh)"),
        ("push ruote add", "push: error: no such word: ruote (did you mean route?)"),
        (
            "client list --jsno --zz=secret secret",
            "client list: error: not understood: --jsno (did you mean --json?), --zz",
        ),
        ("client list secret", "client list: error: not understood: a word too many"),
    ],
)
def test_a_typo_is_named_with_what_was_meant(manage, words, told):
    """Of the command that was typed, whose usage is shown; values stay unsaid."""
    done = manage(words)

    assert (2, "") == (done.code, done.output)
    assert done.errors.endswith(f"{told}\n")
    assert done.errors.startswith("usage: python manage.py ")
    assert "secret" not in done.errors.splitlines()[-1].replace("--secret-stdin", "")


@pytest.mark.parametrize("words", ["client add", "push route add", "app"])
def test_help_shows_the_words_that_are_typed(manage, words):
    """`python manage.py client add`, not the usage of all commands."""
    done = manage(f"{words} --help")

    assert done.output.startswith(f"usage: python manage.py {words} [-h]")


def test_a_reader_that_has_seen_enough(environ, tmp_path):
    """A pipe that is closed is no error: nothing is complained about."""
    process = subprocess.Popen(
        [sys.executable, ROOT / "manage.py", "app", "list"],
        env={**os.environ, **environ},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()

    assert (process.wait(60), errors) == (0, b"")


def test_a_secret_is_asked_for_at_a_terminal_only(manage):
    """Not from a pipe by accident."""
    done = manage(f"app add {APPID} --kind service", typed=APP_SECRET)

    assert (1, APP_SECRET in done.errors) == (1, False)
    assert done.errors == (
        "manage.py: A secret is asked for at a terminal, or give --secret-stdin.\n"
    )


def test_a_terminal_does_not_show_what_is_typed(environ, tmp_path):
    """A real terminal, a real process: the prompt is seen, the secret is not."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, ROOT / "manage.py", "app", "add", APPID, "--kind", "service"],
        cwd=tmp_path,
        env={**os.environ, **environ},
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
    )
    os.close(follower)
    seen = b""
    while b"AppSecret: " not in seen:
        seen += os.read(leader, 1000)
    os.write(leader, APP_SECRET.encode() + b"\n")
    while b"version" not in seen:
        seen += os.read(leader, 1000)

    assert 0 == process.wait(20)
    os.close(leader)
    assert APP_SECRET.encode() not in seen


def test_the_prompts_are_in_order(manage, monkeypatch):
    """What is asked for is what is kept under that name."""
    asked = []

    def ask(prompt):
        asked.append(prompt)
        return {"A": APP_SECRET, "T": "pushtoken", "E": "K" * 43}[prompt[0]]

    monkeypatch.setattr(getpass, "getpass", ask)
    done = manage(f"app add {APPID} --kind service --push --json", terminal=True)

    assert ["secret", "token", "encoding_aes_key"] == done.json["sealed"]
    assert 3 == len(asked)


def test_an_endpoint_is_looked_for_where_the_template_puts_it():
    """The service's and the function's names."""
    functions = read_template(ROOT / "template.yml").functions

    assert (SERVICE, FUNCTION) in {(each.service, each.name) for each in functions}
