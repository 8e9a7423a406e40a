"""Real nginx with the site that is shipped, on ports and in a folder of its own."""

import re
import shutil
import signal
import ssl
import subprocess
from pathlib import Path

import pytest
import urllib3

from tests.support.local_hosts import TIMEOUT, eventually
from tests.support.ports import free_port
from tests.support.recording_proxy import make_certificate

ROOT = Path(__file__).parents[2]
SITE = ROOT / "deploy/nginx/wechat-gateway.conf"

_AROUND = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/logs/main.log info;
user {user};
worker_processes 2;
events {{ worker_connections 512; }}
http {{
    {temporary}
    include {folder}/site.conf;
}}
"""
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class NginxServer:
    """The shipped site in front of these upstreams; nothing else in it is changed.

    `changes` are texts of the file and what stands in their place.
    """

    def __init__(self, folder, *upstreams, changes=()):
        program = shutil.which("nginx")
        if program is None:
            pytest.skip("no nginx")
        self.folder = folder
        (folder / "logs").mkdir()
        self.port, self.plain_port = free_port(), free_port()
        self.certificate = make_certificate(folder)
        (folder / "site.conf").write_text(self._site(upstreams, changes))
        folders = (f"{name}_temp_path {folder}/{name};" for name in _TEMPORARY)
        around = _AROUND.format(
            folder=folder, user="root", temporary="\n    ".join(folders)
        )
        (folder / "nginx.conf").write_text(around)
        self._command = (program, "-p", folder, "-c", folder / "nginx.conf")
        self.url = f"https://127.0.0.1:{self.port}"
        self.plain_url = f"http://127.0.0.1:{self.plain_port}"
        trusted = ssl.create_default_context(cafile=self.certificate)
        self._http = urllib3.PoolManager(
            retries=False, timeout=TIMEOUT, ssl_context=trusted, maxsize=16
        )

    def __enter__(self):
        tested = subprocess.run(
            [*self._command, "-t"], capture_output=True, text=True, timeout=TIMEOUT
        )
        assert tested.returncode == 0, tested.stderr
        with (self.folder / "logs/stderr").open("wb") as errors:
            self.process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )
        eventually(lambda: (self.folder / "nginx.pid").exists())
        eventually(self._answers)
        return self

    def __exit__(self, *_):
        self._http.clear()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(TIMEOUT)

    def request(self, method, path, *, plain=False, **more):
        url = self.plain_url if plain else self.url
        return self._http.request(method, url + path, redirect=False, **more)

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def logs(self):
        """Return all that nginx has written anywhere."""
        files = [file for file in self.folder.glob("logs/*") if file.is_file()]
        return "".join(file.read_text(errors="replace") for file in sorted(files))

    def _answers(self):
        try:
            self._http.request("GET", self.plain_url, redirect=False)
        except urllib3.exceptions.HTTPError:
            return False
        return True

    def _site(self, upstreams, changes):
        servers = "\n    ".join(f"server {each};" for each in upstreams)
        text = SITE.read_text("utf-8")
        for old, new in (
            ("    listen [::]:80;\n", ""),
            ("    listen [::]:443 ssl;\n", ""),
            ("listen 80;", f"listen 127.0.0.1:{self.plain_port};"),
            ("listen 443 ssl;", f"listen 127.0.0.1:{self.port} ssl;"),
            ("/var/log/nginx/", f"{self.folder}/logs/"),
            ("/etc/nginx/tls/gateway.example.com.pem", str(self.certificate)),
            ("/etc/nginx/tls/gateway.example.com.key", str(self.certificate)),
            ("    server 127.0.0.1:8080;", f"    {servers}"),
            *changes,
        ):
            assert old in text, f"the shipped site has no {old}"
            text = text.replace(old, new)
        assert not re.search(r"/etc/nginx|/var/log", text.partition("\n\n")[2])
        return text
