"""The table of clients in the documentation, against the clients that the tests run."""

from __future__ import annotations

import json
import re
from importlib.metadata import version

from tests.clients import message_servers
from tests.clients.catalogue import CLIENTS, HERE, table
from tests.end_to_end.test_component_sdks import SDKS
from tests.end_to_end.test_wecom_sdks import SDKS as WECOM_SDKS
from tests.support.documentation import ROOT, section


def test_the_table_is_what_runs():
    """Each client with its version, its registration and what it does, in order."""
    text = section(ROOT / "docs/connecting.md", "Clients that the tests run")
    lines = [line for line in text.splitlines() if line.startswith("| ")]

    assert table() == lines[1:]


def test_the_table_of_message_servers_is_what_runs():
    """Each with its version and what it reads by mode, in order."""
    text = section(ROOT / "docs/pushes.md", "Message servers that the tests run")
    lines = [line for line in text.splitlines() if line.startswith("| ")]

    assert message_servers.table() == lines[1:]


def test_the_sdks_in_component_mode_are_those_that_run():
    """Each with the version that is installed for the tests, in order."""
    text = section(ROOT / "docs/open-platform.md", "An SDK in component mode")
    rows = re.findall(r"^\| ([a-z-]+), `\w+` \| (\S+) \|", text, re.MULTILINE)
    sdk = ROOT / "tests/end_to_end/sdk"
    npm = json.loads((sdk / "package.json").read_text("utf-8"))["dependencies"]
    pinned = (sdk / "requirements.txt").read_text("utf-8")
    versions = {
        "node-easywechat": npm["node-easywechat"],
        "wechatpy-1.8": version("wechatpy"),
        "wechatpy-2.0": re.search(r"^wechatpy==(\S+)", pinned, re.MULTILINE)[1],
    }

    assert rows == [(re.sub(r"-[0-9.]+$", "", each), versions[each]) for each in SDKS]


def test_the_sdks_of_wecom_are_those_that_run():
    """Each with the version that is installed for the tests, in order."""
    text = section(ROOT / "docs/wecom.md", "SDKs of WeCom that the tests run")
    rows = re.findall(r"^\| ([a-z-]+), `[\w.]+` \| (\S+) \|", text, re.MULTILINE)
    sdk = ROOT / "tests/end_to_end/sdk"
    pinned = (sdk / "requirements.txt").read_text("utf-8")
    versions = {
        **json.loads((sdk / "package.json").read_text("utf-8"))["dependencies"],
        "wechatpy": re.search(r"^wechatpy==(\S+)", pinned, re.MULTILINE)[1],
    }

    assert rows == [(each, versions[each]) for each in WECOM_SDKS]


def test_no_lock_names_a_registry():
    """A registry is the machine's own choice; the hashes say what must come of it."""
    npm = json.loads((HERE / "package-lock.json").read_text("utf-8"))
    python = (HERE / "requirements.txt").read_text("utf-8")
    packages = [each for name, each in npm["packages"].items() if name]

    assert [each for each in packages if "resolved" in each] == []
    assert [each for each in packages if "integrity" not in each] == []
    assert "://" not in python
    assert not re.search(r"^\S+==(?!.*\\$)", python, re.MULTILINE)


def test_each_program_belongs_to_a_client():
    """None is left behind, and the shared ones are named."""
    shared = {"django_site.py", "hosts_file", "use_co_wechat.cjs", "use_werobot.py"}
    programs = {each.name for each in (HERE / "programs").iterdir()} - {"__pycache__"}

    run = {each.program for each in (*CLIENTS, *message_servers.MESSAGE_SERVERS)}
    assert programs == shared | run
