"""manage.py in this process, in a folder of its own, with complete settings."""

from __future__ import annotations

import io
import json
import os
import sys
from dataclasses import dataclass

import pytest

from manage import main
from tests.support.sandbox_fixtures import platform, sandbox, sandbox_environ

__all__ = ["platform", "sandbox", "sandbox_environ"]

APPID = "wx0123456789abcdef"
APP_SECRET = "0123456789abcdef" * 2
"""Only in the input of an operator, and sealed in the store."""


@dataclass
class Done:
    """What a command came to."""

    code: int
    output: str
    errors: str

    @property
    def json(self):
        return json.loads(self.output)


@pytest.fixture
def manage(environ, tmp_path, monkeypatch, capsys):
    """Run manage.py: manage("client list --json"), or with a list of words."""
    os.environ.update(environ)
    monkeypatch.chdir(tmp_path)

    def run(words, *, typed="", terminal=False):
        stdin = io.StringIO(typed)
        stdin.isatty = lambda: terminal
        monkeypatch.setattr(sys, "stdin", stdin)
        try:
            code = main(words.split() if isinstance(words, str) else words)
        except SystemExit as end:  # argparse's own
            code = end.code
        return Done(code, *capsys.readouterr())

    return run


@pytest.fixture
def app(manage):
    """An app, added by its AppSecret from stdin."""
    words = f"app add {APPID} --kind service --secret-stdin --json"
    done = manage(words, typed=f"{APP_SECRET}\n")

    assert 0 == done.code, done.errors
    return done.json
