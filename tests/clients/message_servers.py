"""The message servers that answer pushes here, and the table of them in the docs.

`python -m tests.clients.message_servers` prints the table. Each is written with a
library as its documentation says, and all of them behave alike: to a text they reply
`you said` and the text, to the text `news` with one article, to a `CLICK` event
`you chose` and its key, and to any other event nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import dataclass

import urllib3

from tests.clients.catalogue import version_of
from tests.clients.services import BEGIN, END, PROGRAMS, cache, missing, python
from tests.support.ports import free_port


@dataclass(frozen=True)
class MessageServer:
    """A library, the program that uses it, and the formats that it reads by mode."""

    name: str
    source: str
    program: str
    plain: tuple[str, ...] = ("xml",)
    safe: tuple[str, ...] = ("xml",)

    @property
    def version(self) -> str:
        """The version that is installed for the tests."""
        return version_of(self.source, self.name)


MESSAGE_SERVERS = (
    MessageServer("wechatpy", "PyPI", "serve_wechatpy.py"),
    MessageServer("WeRoBot", "PyPI", "serve_werobot.py"),
    MessageServer("co-wechat", "npm", "serve_co_wechat.cjs"),
    # What it has decrypted it reads as XML only.
    MessageServer(
        "node-easywechat", "npm", "serve_node_easywechat.cjs", plain=("xml", "json")
    ),
)


def table() -> list[str]:
    """Return the rows of the documentation's table."""
    return [
        f"| {each.name} | {each.version} | {each.source} | {_words(each.plain)} "
        f"| {_words(each.safe)} |"
        for each in MESSAGE_SERVERS
    ]


def _words(formats: tuple[str, ...]) -> str:
    return ", ".join(map(str.upper, formats))


class RunningServer:
    """A process of a message server at `url`, with these push secrets."""

    def __init__(self, server, folder, *, appid, token, aes_key):
        self._server, self._folder = server, folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/wechat"
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "APPID": appid,
            "TOKEN": token,
            "AES_KEY": aes_key,
            "PORT": str(self.port),
        }

    def __enter__(self):
        make = {"PyPI": self._python, "npm": self._node}[self._server.source]
        with (self._folder / "server.log").open("wb") as log:
            self.process = subprocess.Popen(
                make(),
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait()
        return self

    def __exit__(self, failure=None, *_):
        self.process.terminate()
        try:
            self.process.wait(END)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(END)
        if failure:
            print(self.log())

    def log(self):
        """Return what the program has printed."""
        return (self._folder / "server.log").read_text(errors="replace")

    def _python(self):
        return [python(), PROGRAMS / self._server.program]

    def _node(self):
        node, modules = shutil.which("node"), cache() / "node_modules"
        if node is None or not (modules / self._server.name).exists():
            missing(f"node, or {self._server.name}")
        # Node looks for modules beside the program.
        (self._folder / "node_modules").symlink_to(modules)
        shutil.copy(PROGRAMS / self._server.program, self._folder)
        return [node, self._server.program]

    def _wait(self):
        end = time.monotonic() + BEGIN
        while time.monotonic() < end and self.process.poll() is None:
            try:
                urllib3.request("GET", self.url, timeout=5, retries=False)
            except urllib3.exceptions.HTTPError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError(self.log())


if __name__ == "__main__":
    print("\n".join(table()))
