"""docs/pushes.md: the walkthroughs work as they are written, on a developer's host."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from tests.support.developer_host import DeveloperHost
from tests.support.documentation import ROOT, code_blocks, section
from tests.support.ports import free_port

PAGE = ROOT / "docs/pushes.md"

WAITED = 'for _ in $(seq 100); do curl -so bot.out "$BOT" && break; sleep 0.1; done'

PROLOGUE = """
set -em
trap 'kill $(jobs -p)' EXIT
printed() { sed -n "s/^$1 *//p" printed.txt | tail -n 1; }
"""


@pytest.fixture
def host(tmp_path):
    with DeveloperHost(tmp_path) as host:
        yield host


def as_run(text, host, bot):
    """Return the text for this machine: free ports, this interpreter, real secrets.

    Everything that is changed is there; the bot thinks for less time.
    """
    changes = {
        "http://127.0.0.1:8080": host.url,
        "http://127.0.0.1:8001": host.sandbox_url,
        "8090": str(bot),
        ".venv/bin/python manage.py": f"{sys.executable} {ROOT}/manage.py",
        ".venv/bin/python": sys.executable,
        "--reply\n": "--reply | tee printed.txt\n",
        "TOKEN=…": "TOKEN=$(printed token)",
        "AES_KEY=…": "AES_KEY=$(printed encoding_aes_key)",
        " ROUTE\n": " $(printed id)\n",
        "bot.py &\n": f"bot.py &\n{WAITED}\n",
        "THINK_SECONDS=12": "THINK_SECONDS=5",
        "sleep 10": "sleep 3",
    }
    once = "|".join(map(re.escape, changes))
    return re.sub(once, lambda found: changes[found[0]], text)


def answers(output):
    """Return the JSON in what the commands have printed, in order."""
    decoder, found, at = json.JSONDecoder(), [], 0
    while begin := re.compile(r"[{\[](?=[\"{])").search(output, at):
        value, at = decoder.raw_decode(output, begin.start())
        found.append(value)
    return found


def test_from_nothing_to_an_echoed_message_and_a_slow_bot(host):
    """The commands of both sections, one after the other, print what the page says."""
    first, slow = (section(PAGE, t) for t in ("A first echoed message", "A slow bot"))
    assert code_blocks(first, "sh")[0] == "make run\n"
    (program,) = code_blocks(first, "python")
    blocks = code_blocks(first, "sh")[1:] + code_blocks(slow, "sh")
    bot = free_port()
    (host.folder / "bot.py").write_text(as_run(program, host, bot))
    script = f"BOT=http://127.0.0.1:{bot}/\n{PROLOGUE}" + "".join(blocks)
    ran = subprocess.run(
        ["bash", "-c", as_run(script, host, bot)],
        cwd=host.folder,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert 0 == ran.returncode, ran.stderr + ran.stdout
    trial, _, pushed = ran.stdout.partition("reaches_user_by")
    assert "MsgType: text; Content: test" in trial
    assert pushed.split("\n")[0].strip() == "the answer to WeChat"
    entered, checked, echoed, late, messages = answers(pushed)
    assert f"{host.url}/wechat_event/{entered['appid']}" == entered["callback_url"]
    assert (200, None) == (checked["status"], checked["error"])
    assert ("hello", None) == (echoed["reply"]["Content"], echoed["error"])
    assert re.search(r"(?m)^\d+-0 .* text .*: done$", pushed)
    assert (1, "success", 0) == (late["deliveries"], late["body"], late["failures"])
    assert ["slow"] == [each["content"]["content"] for each in messages]
