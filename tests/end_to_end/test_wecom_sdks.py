"""SDKs of WeCom from PyPI and npm, unmodified: only the host is another."""

from __future__ import annotations

import base64
import json
import subprocess
from urllib.parse import urlencode

import pytest

from tests.end_to_end.sdks import judged, on_node, on_python
from tests.support.recording_proxy import RecordingProxy

CONTENT = base64.b64encode(bytes(range(256)) * 8).decode()
TIMEOUT = 60
SIGNED = ("timestamp", "nonceStr", "signature")
SDKS = {
    "wechatpy": lambda: on_python("2.0", "wecom_wechatpy.py"),
    "node-easywechat": lambda: on_node("node-easywechat", "wecom_node_easywechat.js"),
    "wechat-enterprise-api": lambda: on_node(
        "wechat-enterprise-api", "wecom_wechat_enterprise_api.js"
    ),
}


def hosts(host, app, gateway_url):
    """Return where an SDK works: at the sandbox, then at the gateway.

    There the secret is the client's, and tells which of the corp's secrets is meant.
    """
    own = f"{app['agentid']}:{host.secret}"
    common = {"corpid": app["corpid"], "agentid": int(app["agentid"])}
    return [
        {"url": url, "secret": secret, "userid": "ZhangSan", **common}
        for url, secret in (
            (f"{host.sandbox_url}/qyapi", app["secret"]),
            (gateway_url, own),
        )
    ]


@pytest.mark.parametrize("sdk", SDKS)
def test_it_works(host, tmp_path, sdk):
    """Token, member, departments, message, upload and download, tickets, an error.

    The gateway fetches one token for it, and neither that nor the Secret leaves it.
    """
    command, more = SDKS[sdk]()
    app = host.app("wecom")
    with RecordingProxy(host.port) as proxy:
        places = hosts(host, app, f"http://127.0.0.1:{proxy.port}")
        environment = {**more, "HOSTS": json.dumps(places), "CONTENT": CONTENT}
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env={name: str(value) for name, value in environment.items()},
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert len(results) == 2
    for result in results:
        check_work(result)

    passed = bytes(proxy.sent + proxy.answered)
    assert host.secret.encode() in passed
    assert app["secret"].encode() not in passed
    fetched = host.journal("/qyapi/cgi-bin/gettoken")
    assert [app["appid"]] * 2 == [each["appid"] for each in fetched]
    # WeCom gives the same token while it lives.
    secrets = {"corpid": app["corpid"], "corpsecret": app["secret"]}
    address = f"{host.sandbox_url}/qyapi/cgi-bin/gettoken"
    answer = host.http.request("GET", address, fields=secrets).json()
    assert answer["access_token"].encode() not in passed


def test_the_signatures_of_a_page(host):
    """As @wecom/crypto signs by the two tickets that the gateway gives an SDK."""
    app, page = host.app("wecom"), "http://127.0.0.1:8090/page?a=1"
    secret = f"{app['agentid']}:{host.secret}"

    def ask(path, query, **headers):
        return host.get(f"{path}?{urlencode(query)}", **headers).json()

    credentials = {"corpid": app["corpid"], "corpsecret": secret}
    token = ask("/cgi-bin/gettoken", credentials)["access_token"]
    named = {"access_token": token}
    corp = ask("/cgi-bin/get_jsapi_ticket", named)["ticket"]
    agent = ask("/cgi-bin/ticket/get", {**named, "type": "agent_config"})["ticket"]
    path = f"/wechat_api/{app['appid']}/jssdk_config"
    config = ask(path, {"url": f"{page}#top"}, Authorization=f"Bearer {token}")
    of_agent = config.pop("agentConfig")
    work = [
        {"ticket": ticket, "url": page, **pick(signed, "timestamp", "nonceStr")}
        for ticket, signed in ((corp, config), (agent, of_agent))
    ]

    assert corp != agent
    assert (config["appId"], of_agent["corpid"]) == (app["corpid"], app["corpid"])
    assert str(of_agent["agentid"]) == app["agentid"]
    assert judged(*work) == [pick(each, *SIGNED) for each in (config, of_agent)]


def pick(fields, *names):
    return {name: fields[name] for name in names}


def check_work(result):
    """Check what an SDK has got, at whichever place."""
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
