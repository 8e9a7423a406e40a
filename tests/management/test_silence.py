"""Secrets show nowhere: not in what is printed, logged, listed or raised."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.management.conftest import APP_SECRET, APPID
from tests.support.documentation import ROOT

HUSH = (APP_SECRET, "K" * 43, "pushtoken0")


def test_no_output_and_no_log_holds_a_secret(manage, caplog, tmp_path):
    """Through every verb that touches one, faults included."""
    caplog.set_level(logging.DEBUG)
    typed = "\n".join(HUSH[:1] + HUSH[2:] + HUSH[1:2]) + "\n"
    kept = f"{APPID} --push --secret-stdin"
    commands = [
        (f"app add {kept} --kind service", typed),
        (f"app add {kept} --kind service", typed),
        (f"app add {kept} --kind {APP_SECRET}", typed),
        (f"app update {kept} --secret --subject unionid", typed),
        (f"app update {kept} --secret", typed + "x"),
        ("app add wx1 --kind service --push --secret-stdin", typed),
        (f"app show {APPID} --json", ""),
        ("app list --json", ""),
        (f"document history apps/{APPID} --json", ""),
        (f"document rollback apps/{APPID} --to 1 --json", ""),
        ("key rotate --json", ""),
        ("store check --json", ""),
        ("store export sealed.json --json", ""),
        ("store import sealed.json --json", ""),
        ("token show --json", ""),
    ]
    said = [manage(words, typed=typed) for words, typed in commands]

    assert {0, 1} == {done.code for done in said}
    files = [file.read_text() for file in tmp_path.glob("**/*.json")]
    texts = [*files, caplog.text, *(done.output + done.errors for done in said)]
    assert not [text for text in texts for hush in HUSH if hush in text]


def test_a_clients_secret_is_printed_once(manage, caplog, tmp_path):
    """At its making, and by no later command; only a hash is kept."""
    caplog.set_level(logging.DEBUG)
    first = manage("client add Orders --json")
    second = manage("client rotate orders --json")
    later = [
        manage(words)
        for words in (
            "client rotate orders",
            "client show orders --json",
            "client list --json",
            "document history clients/orders --json",
            "store export all.json --json",
            "client disable orders --json",
        )
    ]
    hushed = [done.json["secret"] for done in (first, second)]

    assert [1, 1] == [
        done.output.count(secret[-32:])
        for done, secret in zip((first, second), hushed, strict=True)
    ]
    files = [file.read_text() for file in tmp_path.glob("**/*.json")]
    texts = [*files, caplog.text, *(done.output + done.errors for done in later)]
    assert not [text for text in texts for hush in hushed if hush[-32:] in text]


def test_no_secret_is_among_the_words_of_the_process(environ, tmp_path):
    """While it waits for the secret, and while it works."""
    words = f"app add {APPID} --kind service --secret-stdin --json"
    process = subprocess.Popen(
        [sys.executable, ROOT / "manage.py", *words.split()],
        cwd=tmp_path,
        env={**os.environ, **environ},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    seen = set()

    def watch():
        while process.poll() is None:
            try:
                seen.add(Path(f"/proc/{process.pid}/cmdline").read_bytes())
                seen.add(Path(f"/proc/{process.pid}/environ").read_bytes())
            except OSError:
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    output, _ = process.communicate(f"{APP_SECRET}\n".encode(), timeout=30)
    watcher.join()

    assert (0, True) == (process.returncode, b"manage.py" in b"".join(seen))
    assert APP_SECRET.encode() not in b"".join(seen) + output


@pytest.mark.parametrize(
    "change",
    [{"MASTER_KEYS": f"1:{APP_SECRET}"}, {"COOKIE_SECRETS": APP_SECRET[:30]}],
    ids=["key", "cookie"],
)
def test_a_bad_setting_is_named_and_not_shown(manage, monkeypatch, change):
    """In one sentence."""
    for name, value in change.items():
        monkeypatch.setitem(os.environ, name, value)
    done = manage("app list")

    assert (1, 1) == (done.code, len(done.errors.splitlines()))
    assert next(iter(change)) in done.errors
    assert APP_SECRET[:30] not in done.errors
