"""Two versions of the gateway, each a process of its own, on one store and one Redis.

The later version is a copy of this tree that knows more: two fields of every kind of
document, one of them sealed, and a field of every value in Redis that is JSON.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from runtime.registry.fields import SCHEMA

ROOT = Path(__file__).parents[2]
LATER_SCHEMA = SCHEMA + 1
LATER_SINCE = f"""
_LATER = {{"later_word": {LATER_SCHEMA}, "later_secret": {LATER_SCHEMA}}}
SINCE = {{kind: {{**since, **_LATER}} for kind, since in SINCE.items()}}
"""
CHANGES = {
    "runtime/registry/fields.py": (
        *(
            (
                f'"{kind}": {{\n        "{first}"',
                f'"{kind}": {{\n{{sealed}}        "{first}"',
            )
            for kind, first in (
                ("apps", "kind"),
                ("clients", "name"),
                ("people", "sub"),
                ("authorizers", "component"),
            )
        ),
        ("SCHEMA = max(", f"{LATER_SINCE}SCHEMA = max("),
    ),
    "runtime/documents/secret_fields.py": (
        ('"encoding_aes_key")', '"encoding_aes_key", "later_secret")'),
        ('("pairwise_salt",)', '("pairwise_salt", "later_secret")'),
        ('("sub",)', '("sub", "later_secret")'),
        ('("refresh_token",)', '("refresh_token", "later_secret")'),
    ),
    "runtime/registry/models.py": (
        ("    mp_verify: tuple[str, ...] = ()\n", "{model}"),
        ("    post_logout_redirect_uris: tuple[str, ...] = ()\n", "{model}"),
    ),
    "runtime/registry/known_users.py": (('    role: str = ""\n', "{model}"),),
    "runtime/sign_in/flows.py": (
        ("    request: AuthorizationRequest | None = None\n", "{value}"),
    ),
    "runtime/tokens/grant.py": (
        ("    code_challenge: str | None = None\n", "{value}"),
    ),
}
SEALED = """        "later_word": flag,
        "later_secret": text(r"[a-z]{1,32}", "letters"),
"""
MODEL = '    later_word: bool = False\n    later_secret: str = ""\n'
VALUE = '    schema: int = 2\n    later: str = "later"\n'


def later_tree(folder):
    """Copy this tree's code to a folder and teach it the later fields."""
    for name in ("runtime", "functions", "locale"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name, pairs in CHANGES.items():
        file = folder / name
        text = file.read_text("utf-8")
        for old, new in pairs:
            assert text.count(old) == 1, (name, old, text.count(old))
            new = new.replace("{model}", old + MODEL).replace("{value}", old + VALUE)
            text = text.replace(old, new.replace("{sealed}", SEALED))
        file.write_text(text, "utf-8")
    return folder


class Version:
    """A gateway of one tree as a process; `do` and `ask` go to it."""

    def __init__(self, tree, environ):
        worker = Path(__file__).with_name("version_worker.py")
        self._process = subprocess.Popen(
            [sys.executable, worker],
            env={**os.environ, **environ, "PYTHONPATH": f"{tree}{os.pathsep}{ROOT}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def do(self, noun_and_verb, **arguments):
        """Perform a verb; return its answer, or `{"error", "message"}`."""
        return self._call(verb=noun_and_verb.split(), arguments=arguments)

    def ask(self, function, **request):
        """Return status, headers and body of a function's answer."""
        return self._call(function=function, request=request)

    def close(self):
        """End the process."""
        self._process.communicate(timeout=30)

    def _call(self, **command):
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the process has ended; its stack is above"
        return json.loads(line)
