"""Proxy before a redis-server, as strict as that of a managed cluster.

`python -m tests.support.strict_proxy REDIS_PORT LOG` prints its port, and serves until
its input ends. What it refuses by lua_rules.py it also writes into the file LOG.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import subprocess
import sys
from pathlib import Path

from redis import Redis

from tests.support.lua_rules import (
    NO_KEY,
    ONE_SLOT,
    Commands,
    Refused,
    judge,
    slot_of,
)

ROOT = Path(__file__).parents[2]

SWITCH = "TEST_REDIS_BEHIND_STRICT_PROXY"
"""A variable of the environment: with it the tests' Redis is behind this proxy."""


class StrictProxy:
    """The proxy as a process of its own."""

    def __init__(self, redis_port, log):
        self._log = log
        log.touch()
        command = [sys.executable, "-m", __name__, str(redis_port), str(log.absolute())]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.port = int(self._process.stdout.readline())
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def refused(self):
        """Return what it has refused, a line each."""
        return self._log.read_text().splitlines()

    def stop(self):
        """End the process."""
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


class _Judge:
    """What passes: commands by their words, scripts by the vendor's rules."""

    def __init__(self, redis_port):
        with Redis(port=redis_port) as client:
            self._commands = Commands(client)
        self._scripts = {}

    def check(self, words):
        """Raise Refused, unless Redis may get this command."""
        texts = [each.decode("latin-1") for each in words]
        name = texts[0].lower()
        if name in ("auth", "select", "ping", "echo"):
            return
        if name in ("eval", "evalsha"):
            keys = self._keys_of_script(name, words)
        elif name == "script":
            if texts[1].lower() == "load":
                self._learn(words[2])
            return
        else:
            command = self._commands.of(texts)
            keys = [words[at] for at in command.places(len(words))]
        if len({slot_of(key) for key in keys}) > 1:
            raise Refused(ONE_SLOT if name.startswith("eval") else "CROSSSLOT keys")

    def _keys_of_script(self, name, words):
        count = int(words[2])
        if count < 1:
            raise Refused(NO_KEY)
        if name == "eval":
            self._learn(words[1])
        return words[3 : 3 + count]

    def _learn(self, script):
        digest = hashlib.sha1(script).hexdigest()  # noqa: S324 - EVALSHA's
        if digest not in self._scripts:
            judge(script.decode(), self._commands)
            self._scripts[digest] = True


class _Client(asyncio.Protocol):
    """The connection of a client, with one of its own to Redis.

    Answers keep the order of their commands: one is read before the next is sent.
    """

    def __init__(self, port, judge_, log):
        self._port, self._judge, self._log = port, judge_, log
        self._buffer = bytearray()
        self._commands = asyncio.Queue()

    def connection_made(self, transport):
        self._transport = transport
        self._task = asyncio.ensure_future(self._serve())

    def data_received(self, data):
        self._buffer += data
        while (found := _command(self._buffer)) is not None:
            words, size = found
            self._commands.put_nowait((words, bytes(self._buffer[:size])))
            del self._buffer[:size]

    def connection_lost(self, error):
        self._task.cancel()

    async def _serve(self):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", self._port, limit=2**26
            )
            try:
                while True:
                    words, sent = await self._commands.get()
                    self._transport.write(
                        await self._answer(words, sent, reader, writer)
                    )
            finally:
                writer.close()
        self._transport.close()

    async def _answer(self, words, sent, reader, writer):
        try:
            self._judge.check(words)
        except Refused as refused:
            shown = b" ".join(words)[:400].decode("latin-1")
            with open(self._log, "a") as log:
                print(f"{refused}: {shown!r}", file=log)
            return f"-{refused}\r\n".encode()
        writer.write(sent)
        return await _whole_answer(reader)


async def _whole_answer(reader):
    line = await reader.readuntil(b"\r\n")
    kind, length = line[:1], line[1:-2]
    if kind == b"$" and length != b"-1":
        return line + await reader.readexactly(int(length) + 2)
    if kind == b"*" and length != b"-1":
        return line + b"".join(
            [await _whole_answer(reader) for _ in range(int(length))]
        )
    return line


def _command(buffer):
    """Return the words of the first command and its bytes, None if it is not all."""
    end = buffer.find(b"\r\n")
    if end < 0:
        return None
    words, at = [], end + 2
    for _ in range(int(buffer[1:end])):
        end = buffer.find(b"\r\n", at)
        if end < 0:
            return None
        begin, at = end + 2, end + 4 + int(buffer[at + 1 : end])
        if at > len(buffer):
            return None
        words.append(bytes(buffer[begin : at - 2]))
    return words, at


async def main(redis_port, log):
    """Serve until the input ends."""
    judge_ = _Judge(int(redis_port))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: _Client(int(redis_port), judge_, log), "127.0.0.1", 0
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
