"""Stand-ins for all that stands at Aliyun and at WeChat, under their own names."""

from __future__ import annotations

import datetime
import json
import subprocess

import urllib3

from host.developer import sandbox_process
from tests.deployment.function_compute.instance import ACCOUNT, REGION
from tests.deployment.function_compute.server import FunctionCompute
from tests.fresh_machine.front import ADDRESS, Front
from tests.support.oss_server import OssServer
from tests.support.ports import free_port
from tests.support.private_ca import PrivateCa
from tests.support.redis_server import make_redis

DOMAIN = "gateway.example.com"
WECHAT = ("api.weixin.qq.com", "open.weixin.qq.com", "mp.weixin.qq.com")
API = (
    f"{ACCOUNT}.{REGION}.fc.aliyuncs.com",
    f"{ACCOUNT}.{REGION}-internal.fc.aliyuncs.com",
)
BUCKET_HOST = f"example-gateway.oss-{REGION}-internal.aliyuncs.com"
REDIS_HOST = "r-x.redis.rds.aliyuncs.com"
PORTS = TLS, HTTP, REDIS = 443, 80, 6379
TRUST = "/etc/ssl/certs/ca-certificates.crt"


class Cloud:
    """`hosts` are the lines for /etc/hosts, `trust` the authorities with our own."""

    def __init__(self, folder, python):
        folder.mkdir(exist_ok=True)
        self.python, self.folder = python, folder
        self.redis = make_redis(folder)
        with self.redis.client() as client:
            words = ("gateway", "on", ">PASSWORD", "~*", "&*", "+@all")
            client.execute_command("ACL", "SETUSER", *words)
        self.bucket = OssServer()
        self.bucket.bucket.bound_host = BUCKET_HOST
        self.sandbox = sandbox_process.start(free_port(), log=folder / "wechat.log")
        authority = PrivateCa(folder / "authority")
        names = (DOMAIN, *WECHAT, *API)
        days = datetime.timedelta(days=90)
        self.certificate, self.key = authority.sign(*names, ends=days)
        self.trust = folder / "ca-certificates.crt"
        with open(TRUST, "rb") as known:
            self.trust.write_bytes(known.read() + authority.pem.read_bytes())
        self.hosts = "".join(
            f"{ADDRESS} {name}\n" for name in (*names, BUCKET_HOST, REDIS_HOST)
        )
        self.compute, self._computes = None, []
        self._ports = dict.fromkeys(WECHAT, int(self.sandbox.url.rpartition(":")[2]))
        self._front = Front(self._ports, self.certificate, self.key)
        self._front.listen(TLS)
        self._front.listen(HTTP, to=self.bucket.port)
        self._front.listen(REDIS, to=self.redis.port)

    def lead_here(self):
        """Let the names lead here on this machine, too: the functions run on it."""
        hosts = self.folder / "hosts"
        with open("/etc/hosts") as known:
            hosts.write_text(known.read() + self.hosts)
        for file, place in ((hosts, "/etc/hosts"), (self.trust, TRUST)):
            subprocess.run(["mount", "--bind", file, place], check=True)

    def function_compute(self, kind=FunctionCompute):
        """Start an empty Function Compute behind its names, and return it."""
        folder = self.folder / kind.__name__
        folder.mkdir()
        python = (
            {"python3.10": self.python} if kind is not FunctionCompute else self.python
        )
        self.compute = kind(python, folder)
        self._computes.append(self.compute)
        for name in (DOMAIN, *API):
            self.lead(name, self.compute)
        return self.compute

    def lead(self, name, compute):
        """Let a name lead to one of the Function Computes."""
        self._ports[name] = compute.port

    def control(self, method, path, content=None):
        """Call the control plane of the simulated WeChat."""
        url = f"{self.sandbox.url}/_sandbox{path}"
        answer = urllib3.request(method, url, json=content, retries=False)
        assert answer.status == 200, answer.data
        return json.loads(answer.data or b"null")

    def close(self):
        self._front.close()
        for each in self._computes:
            each.stop()
        self.sandbox.process.terminate()
        self.sandbox.process.wait(20)
        self.bucket.stop()
        self.redis.stop()
