"""The first five minutes: `make run` prints what works when typed, and the demo."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import pytest

from tests.support.developer_host import DeveloperHost
from tests.support.documentation import ROOT, code_blocks, section

MANAGE = f"{shlex.quote(sys.executable)} {shlex.quote(str(ROOT / 'manage.py'))}"
RUNNING = ROOT / "docs/running.md"


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    """A local host that nobody has used yet."""
    with DeveloperHost(tmp_path_factory.mktemp("started")) as running:
        yield running


def printed_commands(host):
    """Return the lines that a reader copies into a shell, with this interpreter."""
    lines = [each.strip() for each in host.greeting.splitlines()]
    typed = [each for each in lines if re.match(r"TOKEN=|curl |\.venv", each)]
    return [each.replace(".venv/bin/python manage.py", MANAGE) for each in typed]


def outline(text):
    """Return the text without what differs each time: ports, ids, secrets, sizes."""
    text = re.sub(r"127\.0\.0\.1:(\d+|…)", "HOST", text)
    text = re.sub(r"\b(wx|ww|demo_)([0-9a-f]{16,}|…)(-\w+)?", "ID", text)
    return re.sub(r"\d+ bytes", "bytes", re.sub(r"( ID)+( …)?", " ID", text))


def test_what_is_printed_is_typed(started):
    """One after the other in a shell: a token, a call, a push, its list, the state."""
    script = "set -e\n" + "\necho; echo --\n".join(printed_commands(started))
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=started.folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    answers = done.stdout.split("--\n")

    assert len(answers) == 5
    assert '"total"' in answers[1]
    assert '"error": null' in answers[2]
    assert re.search(r"text", answers[3]), answers[3]
    assert "all is well" in answers[4]


def test_the_page_shows_what_is_printed(started):
    """docs/running.md has the lines of `make run`, but for ports, ids and secrets."""
    block = code_blocks(RUNNING.read_text("utf-8"), "")[0]

    assert outline(block).splitlines() == outline(started.greeting).splitlines()


def test_the_demonstration_as_recorded():
    """`make demo` ends well, and prints what docs/running.md shows."""
    done = subprocess.run(
        [sys.executable, "-m", "examples.whole_story"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    recorded = code_blocks(section(RUNNING, "A demonstration"), "")[0]

    assert done.returncode == 0, done.stderr
    assert outline(recorded).splitlines() == outline(done.stdout).splitlines()
