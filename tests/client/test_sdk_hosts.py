"""Transports for SDKs: unmodified clients call a server in the gateway's place."""

from __future__ import annotations

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
import requests
from wechatpy import WeChatClient
from wechatpy.enterprise import WeChatClient as WeComClient

from client.sdk_hosts import (
    API_HOSTS,
    async_gateway_transport,
    at_gateway,
    gateway_transport,
    point_requests,
)

ANSWER = {"access_token": "gateway's", "expires_in": 7200, "total": 3, "userid": "a"}


class Gateway(BaseHTTPRequestHandler):
    """Notes what is asked, under which host name."""

    def do_GET(self):
        self.server.seen.append((self.headers["Host"], self.path.partition("?")[0]))
        body = json.dumps(ANSWER).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def gateway():
    with ThreadingHTTPServer(("127.0.0.1", 0), Gateway) as server:
        server.seen = []
        server.host = f"127.0.0.1:{server.server_port}"
        server.url = f"http://{server.host}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("host", API_HOSTS)
def test_an_api_host(host):
    """Path and query stay; a path of the gateway's comes first."""
    asked = f"https://{host}/cgi-bin/user/get?access_token=a%2Bb"
    led = "/cgi-bin/user/get?access_token=a%2Bb"

    assert f"https://g.example{led}" == at_gateway(asked, "https://g.example")
    assert f"http://g.example:81/w{led}" == at_gateway(asked, "http://g.example:81/w/")


@pytest.mark.parametrize(
    "url", ["https://mp.weixin.qq.com/a", "https://api.weixin.qq.com.evil.example/a"]
)
def test_another_host(url):
    """Goes where it went."""
    assert url == at_gateway(url, "https://g.example")


@pytest.mark.parametrize("sdk", ["WeChat", "WeCom"])
def test_wechatpy(gateway, sdk):
    """Unmodified, by one line: token and call reach the gateway."""
    if sdk == "WeChat":
        client = WeChatClient("wx0", "secret")
        point_requests(client._http, gateway.url)
        client.user.get_followers()
    else:
        client = WeComClient("ww0", "secret")
        point_requests(client._http, gateway.url)
        client.user.get("a")
    client._http.close()

    paths = [path for _, path in gateway.seen]
    assert {gateway.host} == {host for host, _ in gateway.seen}
    assert paths[0] in ("/cgi-bin/token", "/cgi-bin/gettoken")
    assert len(paths) == 2


def test_httpx(gateway):
    """In both kinds of its client, under the gateway's own host name."""
    url = f"https://{API_HOSTS[0]}/cgi-bin/user/get"

    async def ask():
        transport = async_gateway_transport(gateway.url)
        async with httpx.AsyncClient(transport=transport) as client:
            return await client.get(url)

    with httpx.Client(transport=gateway_transport(gateway.url)) as client:
        answers = [client.get(url), asyncio.run(ask())]

    assert [ANSWER, ANSWER] == [each.json() for each in answers]
    assert [(gateway.host, "/cgi-bin/user/get")] * 2 == gateway.seen


def test_what_is_not_wechats_stays(gateway):
    """A session goes on to reach every other host by itself."""
    with requests.Session() as session:
        point_requests(session, "http://127.0.0.1:9")
        answer = session.get(f"{gateway.url}/own")

    assert (200, [(gateway.host, "/own")]) == (answer.status_code, gateway.seen)
