"""Debian's tinyproxy as the forward proxy of a company, with a user and a password."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess

import pytest

from tests.support.local_hosts import TIMEOUT, eventually
from tests.support.ports import free_port

USER, PASSWORD = "gateway", "the-proxys-password"


class TinyProxy:
    """A running proxy; `url` is for WECHAT_PROXY_URL, `name` is what may be shown."""

    def __init__(self, folder):
        program = shutil.which("tinyproxy") or pytest.skip("no tinyproxy")
        folder.mkdir(exist_ok=True)
        self.port = free_port()
        self.name = f"http://127.0.0.1:{self.port}"
        self.url = f"http://{USER}:{PASSWORD}@127.0.0.1:{self.port}"
        self._log = folder / "tinyproxy.log"
        lines = (
            *(f"Port {self.port}", "Listen 127.0.0.1", "Allow 127.0.0.1"),
            *("Timeout 30", "MaxClients 100", "LogLevel Connect"),
            *(f'LogFile "{self._log}"', f"BasicAuth {USER} {PASSWORD}"),
        )
        config = folder / "tinyproxy.conf"
        config.write_text("\n".join(lines) + "\n")
        self._command = [program, "-d", "-c", str(config)]

    def __enter__(self):
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        eventually(self._listens)
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """End it, whether or not it still runs."""
        self._process.terminate()
        self._process.wait(TIMEOUT)

    def _listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def tunnels(self):
        """Return to which `host:port` it was asked to lead, in their order."""
        return re.findall(r"CONNECT (\S+) HTTP/1\.1", self._log.read_text())
