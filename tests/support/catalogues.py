"""Catalogues of messages, as the project's own mapping makes and compiles them."""

from __future__ import annotations

import os
import subprocess
import sys

from babel.messages.pofile import read_po

from tests.support.documentation import ROOT

PYBABEL = (sys.executable, "-m", "babel.messages.frontend", "-q")
MANAGE = ROOT / "management/locale"
LANGUAGES = ("zh_CN", "zh_TW")


def pybabel(*words):
    subprocess.run(
        [*PYBABEL, *map(str, words)],
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "locale")},
        timeout=120,
    )


def read(path, language=None):
    with path.open("rb") as file:
        return read_po(file, locale=language, domain="manage", abort_invalid=True)


def compile_manage():
    """Compile the catalogues of the command line, as `make setup` does."""
    for language in LANGUAGES:
        source = MANAGE / language / "LC_MESSAGES/manage.po"
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            pybabel("compile", "--input-file", source, "--output-file", target)
