"""docs/guides: each page is typed line by line on a developer's host, to its end.

A block without a language is what a reader sees: each of its lines, where `…` is any
text, is in the output of the block of commands before it, in this order.
"""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.support.developer_host import DeveloperHost
from tests.support.documentation import ROOT
from tests.support.ports import free_port

PAGES = sorted((ROOT / "docs/guides").glob("*.md"))
STARTED = "make run\n"
"""The block that the reader types in another terminal: here the host runs already."""

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECRET = "SECRET=…"


@pytest.fixture
def started(tmp_path):
    with DeveloperHost(tmp_path) as running:
        yield running


def steps_of(page):
    """Return each block of commands with the lines that its output shows."""
    steps = []
    for language, text in BLOCK.findall(page.read_text("utf-8")):
        if language == "sh" and text != STARTED:
            steps.append((text, []))
        elif not language:
            steps[-1][1].extend(text.splitlines())
    return steps


def as_typed(text, host, ports):
    """Return the commands for this machine: its ports, its interpreter, its secret."""
    changes = {
        "http://127.0.0.1:8080": host.url,
        "http://127.0.0.1:8001": host.sandbox_url,
        "8090": str(ports[0]),
        "8091": str(ports[1]),
        ".venv/bin/python": sys.executable,
        " manage.py ": f" {ROOT}/manage.py ",
        " examples/": f" {ROOT}/examples/",
        SECRET: "SECRET=$(grep -ho 'shop_[0-9a-f]*' seen-* | head -n 1)",
    }
    for before, after in changes.items():
        text = text.replace(before, after)
    return text


def pattern_of(line, host):
    line = line.replace("http://127.0.0.1:8080", host.url)
    return ".*".join(re.escape(part.strip()) for part in line.split("…"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_guide_is_typed(page, started):
    """From `make run` to what its last block shows."""
    steps, ports = steps_of(page), (free_port(), free_port())
    blocks = [
        f"{{\n{as_typed(text, started, ports)}}} > seen-{number:02} 2>&1\n"
        for number, (text, _) in enumerate(steps)
    ]
    done = subprocess.run(
        [
            "bash",
            "-c",
            "set -em\ntrap 'kill $(jobs -p) 2>/dev/null || :' EXIT\n" + "".join(blocks),
        ],
        cwd=started.folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    files = sorted(started.folder.glob("seen-*"))
    seen = [file.read_text() for file in files]

    assert (done.returncode, len(seen)) == (0, len(steps)), (done.stderr, seen[-1:])
    assert steps[-1][1], "a guide ends in something seen"
    for (text, shown), output in zip(steps, seen, strict=True):
        pattern = ".*".join(pattern_of(line, started) for line in shown)
        assert re.search(pattern, output, re.DOTALL), (text, shown, output)
