"""SDKs in component mode, unmodified: from a ticket to a call for an account."""

from __future__ import annotations

import json
import os
import subprocess
from urllib.parse import quote

import pytest
import urllib3

from tests.end_to_end.sdks import on_node, on_python
from tests.support.component_host import BACK, ComponentHost, Merchant, query_of
from tests.support.developer_host import DeveloperHost
from tests.support.local_hosts import eventually
from tests.support.ports import free_port

WECHATPY = "component_wechatpy.py"
SDKS = {
    "node-easywechat": lambda: on_node(
        "node-easywechat", "component_node_easywechat.js"
    ),
    "wechatpy-1.8": lambda: on_python("1.8", WECHATPY),
    "wechatpy-2.0": lambda: on_python("2.0", WECHATPY),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with DeveloperHost(tmp_path_factory.mktemp("components")) as running:
        yield ComponentHost(running)


class Service:
    """A service that an SDK makes, to which all events of the component go."""

    def __init__(self, world, sdk, folder):
        self.world, self.url = world, f"http://127.0.0.1:{free_port()}"
        command, more = SDKS[sdk]()
        registered = world.add_client(sdk)
        route = world.add_route(f"{self.url}/push", client_id=registered["client_id"])
        self.secret = registered["secret"]
        self._log = (folder / "log").open("wb")
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(folder),
                "GATEWAY_URL": world.url,
                "COMPONENT": world.component,
                "SECRET": self.secret,
                "TOKEN": route["token"],
                "AES_KEY": route["encoding_aes_key"],
                "BACK": BACK,
                "PORT": self.url.rpartition(":")[2],
                **{name: str(value) for name, value in more.items()},
            },
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self._path = folder / "log"

    def stop(self):
        self._process.terminate()
        self._process.wait(20)
        self._log.close()

    def get(self, path):
        """Ask the service; what it has printed is told where it fails."""
        try:
            answer = self.world.host.http.request("GET", self.url + path)
        except urllib3.exceptions.HTTPError:
            assert self._process.poll() is None, self._path.read_text()
            return None
        assert answer.status == 200, self._path.read_text()
        return json.loads(answer.data)

    def has(self, *event):
        """Tell whether such an event came."""
        return list(event) in (self.get("/state") or [])


@pytest.fixture(params=SDKS)
def service(request, world, tmp_path):
    running = Service(world, request.param, tmp_path)
    yield running
    running.stop()
    world.act("unauthorize", authorizer=world.account)
    world.host.sandbox("DELETE", "/_sandbox/journal")


def test_from_a_ticket_to_a_call(world, service):
    """Ticket by push, link by the SDK, code by redirect and by event, then calls."""

    def has_ticket():
        world.act("ticket")
        return service.has("component_verify_ticket", "")

    eventually(has_ticket, pause=0.5)
    entry = service.get("/entry").replace("https://mp.weixin.qq.com", world.url)
    merchant = Merchant(world)
    page = merchant.get(entry).data.decode()
    link = page.partition('class="button" href="')[2].partition('"')[0]
    uuid = merchant.uuid(link.replace("&amp;", "&"))
    back = merchant.get(world.decide(uuid, 1, 2, 15)["back"])
    code = query_of(back.headers["Location"])["auth_code"]
    eventually(lambda: service.has("authorized", world.account))
    done = service.get(f"/work?code={quote(code)}")

    assert done == {
        "appid": world.account,
        "button": "今日歌曲",
        "name": "山海茶铺",
        "option": "1",
        "listed": [world.account],
        "renewed": True,
        "error": 61009,
    }
    # At the platform: one exchange, and neither secret nor code of the client's.
    assert [0] == [each["errcode"] for each in world.asked("api_query_auth")]
    assert service.secret not in world.host.log()
    assert code not in world.host.log()
