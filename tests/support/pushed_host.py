"""A host whose account or WeCom app the sandbox has, and processes that deliver."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from runtime.gateway import Gateway
from runtime.settings import settings_from
from tests.support.gateway_environ import make_environ
from tests.support.local_hosts import ROOT, LocalHost
from tests.support.pushes import safe
from tests.support.scripted_wechat import change

DELIVER = "from functions.deliver.index import handler; print(handler(b'{}', None))"


class PushedHost:
    """Hosts, one after the other, on one Redis and the sandbox's service account."""

    def __init__(self, folder, redis_url, developer_host, *, kind="service"):
        self.app = developer_host.app(kind)
        self._folder = folder
        self.environment = make_environ(
            folder,
            redis_url,
            PUBLIC_BASE_URL="http://a",
            PUSH_PRIVATE_NETWORKS="127.0.0.0/8",
            **dict.fromkeys(
                ("WECHAT_API_URL", "WECHAT_OPEN_URL"), developer_host.sandbox_url
            ),
        )
        self.settings = settings_from(self.environment)
        content = {
            name: self.app[name]
            for name in ("kind", "secret", "token", "encoding_aes_key")
        }
        if kind == "wecom":
            content |= {"corpid": self.app["corpid"], "name": self.app["agentid"]}
        self.gateway = Gateway(self.settings)
        self.gateway.documents.write("apps", self.appid, content, after=0)

    @property
    def appid(self):
        return self.app["appid"]

    @property
    def path(self):
        return f"/wechat_event/{self.appid}"

    def start(self):
        return LocalHost(self._folder, "--port=0", environment=self.environment)

    def signed(self, message, nonce="n"):
        """Return path and body of a delivery of a message."""
        secrets = {
            "token": self.app["token"],
            "aes_key": self.app["encoding_aes_key"],
            "appid": self.app["appid"],
        }
        query, body = safe(message, nonce=nonce, **secrets)
        return f"{self.path}?{query}", body

    def route(self, *routes):
        """Let the account have these routes."""
        change(self.gateway, "apps", self.appid, routes=list(routes))

    def deliver(self):
        """Start a process that calls the function deliver once."""
        return subprocess.Popen(
            [sys.executable, "-c", DELIVER],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **self.environment},
            stdout=subprocess.PIPE,
            text=True,
        )

    def delivered(self):
        """Call the function deliver in a process; return its counts."""
        process = self.deliver()
        told, _ = process.communicate(timeout=60)
        return json.loads(told)
