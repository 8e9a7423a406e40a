"""docs/open-platform.md: its stories work as written, on a developer's host."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.support.developer_host import DeveloperHost
from tests.support.documentation import ROOT, code_blocks, section
from tests.support.ports import free_port

PAGE, PUSHES = ROOT / "docs/open-platform.md", ROOT / "docs/pushes.md"

STORIES = (
    "A first authorised account",
    "A bot for all accounts",
    "The check before the release",
    "The merchant withdraws",
)

WAITED = 'for _ in $(seq 100); do curl -so bot.out "$BOT" && break; sleep 0.1; done'

PROLOGUE = """
set -em
trap 'kill $(jobs -p)' EXIT
printed() { sed -n "s/^$1  *//p" printed.txt | tail -n 1; }
member() { sed -n "s/.*\\"$1\\": *\\"\\([^\\"]*\\)\\".*/\\1/p" answer.json; }
"""


@pytest.fixture
def host(tmp_path):
    with DeveloperHost(tmp_path) as host:
        yield host


def as_run(text, host, bot):
    """Return the text for this machine: free ports, this interpreter, real values.

    A component's new route counts for its accounts within half a minute.
    """
    changes = {
        "http://127.0.0.1:8080": host.url,
        "http://127.0.0.1:8001": host.sandbox_url,
        "8090": str(bot),
        ".venv/bin/python manage.py": f"{sys.executable} {ROOT}/manage.py",
        ".venv/bin/python": sys.executable,
        "/authorized\n": "/authorized | tee printed.txt\n",
        "msg_type=text\n": "msg_type=text | tee printed.txt\n",
        "/_sandbox/apps\nexport ACCOUNT=…": (
            "/_sandbox/apps | tee answer.json\nexport ACCOUNT=$(member appid)"
        ),
        "SECRET=…": "SECRET=$(printed secret)",
        '"\nexport GATEWAY_TOKEN=…': (
            '" | tee answer.json\nexport GATEWAY_TOKEN=$(member access_token)'
        ),
        "TOKEN=… ": "TOKEN=$(printed token) ",
        "AES_KEY=…": "AES_KEY=$(printed encoding_aes_key)",
        " ROUTE\n": " $(printed id)\nsleep 31\n",
        "bot.py &\n": f"bot.py &\n{WAITED}\n",
        "/_sandbox/component\ncurl": "/_sandbox/component\nsleep 3\ncurl",
    }
    once = "|".join(map(re.escape, changes))
    return re.sub(once, lambda found: changes[found[0]], text)


def test_from_nothing_to_a_withdrawal(host):
    """The commands of all sections, one after the other, print what the page says."""
    blocks = [
        each for name in STORIES for each in code_blocks(section(PAGE, name), "sh")
    ]
    assert blocks[0] == "make run\n"
    (program,) = code_blocks(section(PUSHES, "A first echoed message"), "python")
    bot = free_port()
    (host.folder / "bot.py").write_text(as_run(program, host, bot))
    script = f"BOT=http://127.0.0.1:{bot}/\n{PROLOGUE}" + "".join(blocks[1:])
    ran = subprocess.run(
        ["bash", "-c", as_run(script, host, bot)],
        cwd=host.folder,
        capture_output=True,
        text=True,
        timeout=120,
    )

    told = ran.stdout
    assert 0 == ran.returncode, ran.stderr + told
    assert re.search(r"(?m)^ticket +ok$", told)
    assert re.search(r"(?m)^authorized_by +wx6586d286f5580c22$", told)
    errcodes = re.findall(r'"errcode": ?(\d+)', told)
    assert ["46003", "61007", "61003"] == [each for each in errcodes if each != "0"]
    assert '"image_count":0' in told.replace(" ", "")
    assert "MsgType: text; Content: test" in told
    assert '"reply": {"MsgType": "text", "Content": "hello"' in told
    assert re.search(r"(?m)^\d+-0 .* text .*: done$", told)
    assert '{"failed": []}' in told
