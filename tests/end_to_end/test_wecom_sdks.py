"""SDKs of WeCom from PyPI and npm, unmodified: only the host is another."""

from __future__ import annotations

import base64
import json
import os
import subprocess

import pytest

from tests.end_to_end.sdks import on_node, on_python

CONTENT = base64.b64encode(bytes(range(256)) * 8).decode()
TIMEOUT = 60
SDKS = {
    "wechatpy": lambda: on_python("2.0", "wecom_wechatpy.py"),
    "node-easywechat": lambda: on_node("node-easywechat", "wecom_node_easywechat.js"),
    "wechat-enterprise-api": lambda: on_node(
        "wechat-enterprise-api", "wecom_wechat_enterprise_api.js"
    ),
}


@pytest.fixture(scope="module")
def hosts(host):
    """Where the SDKs work: at the sandbox with a corp's secret."""
    app = next(
        each
        for each in host.sandbox("GET", "/_sandbox/apps")
        if each["kind"] == "wecom" and each["agentid"]
    )
    common = {
        "corpid": app["corpid"],
        "agentid": int(app["agentid"]),
        "userid": "ZhangSan",
    }
    return [{"url": f"{host.sandbox_url}/qyapi", "secret": app["secret"], **common}]


@pytest.mark.parametrize("sdk", SDKS)
def test_it_works(hosts, tmp_path, sdk):
    """Token, member, departments, message, upload and download, tickets, an error."""
    command, more = SDKS[sdk]()
    known = {"PATH": os.environ["PATH"], "CONTENT": CONTENT}
    environment = {**known, **more, "HOSTS": json.dumps(hosts)}
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={name: str(value) for name, value in environment.items()},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert done.returncode == 0, done.stderr
    for result in json.loads(done.stdout):
        errcode, errmsg = result.pop("error")
        tickets = result.pop("tickets")

        assert result == {
            "member": "ZhangSan",
            "invalid": "ghost",
            "content": CONTENT,
            "departments": [1, 2, 3],
        }
        assert errcode == 60111
        assert "hint: [" in errmsg
        assert len(set(tickets)) == len(tickets)
        assert all(tickets)
