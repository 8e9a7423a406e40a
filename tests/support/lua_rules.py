"""Rules of a managed Redis cluster's proxy for Lua scripts and commands.

They are those that Aliyun publishes for the proxy of a Tair cluster, read strictly. Of
a script:

- Each key is `KEYS[n]` with a literal number, at the place of a key: no variable, no
  expression, no KEYS[i], and KEYS nowhere else.
- The name of a command is one literal string.
- No call is nested in the arguments of another one, and `unpack` is not used.
- No command of publish and subscribe, and none that blocks.
- It is called with a key, and all its keys are in one slot.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PUBLISH = {"publish", "subscribe", "psubscribe", "pubsub", "unsubscribe"}
PUBLISH |= {"punsubscribe", "spublish", "ssubscribe", "sunsubscribe"}

UNSUPPORTED = {"swapdb", "cluster", "wait", "monitor", "migrate", "move", "keys"}
UNSUPPORTED |= {"acl", "config", "debug", "shutdown", "replicaof", "slaveof", "client"}
UNSUPPORTED |= {"multi", "exec", "discard", "watch", "unwatch", "function", "fcall"}
UNSUPPORTED |= {"hello", "reset", "quit", "command", "sync", "psync", "save"}

BAD_KEYS = (
    "ERR bad lua script for redis cluster, all the keys that the script uses should be"
    " passed using the KEYS array, and KEYS should not be in expression"
)
BAD_NAME = (
    "ERR bad lua script for redis cluster, first parameter of redis.call/redis.pcall"
    " must be a single literal string"
)
BAD_CALL = "ERR bad lua script for redis cluster, {} is not supported"
NO_KEY = "ERR for redis cluster, eval/evalsha number of keys can't be negative or zero"
ONE_SLOT = "ERR eval/evalsha command keys must be in same slot"

_TOKEN = re.compile(
    r"""(?P<space>\s+|--\[\[.*?\]\]|--[^\n]*)
    |(?P<string>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|\[\[.*?\]\])
    |(?P<name>[A-Za-z_]\w*)
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<sign>\.\.\.|\.\.|[=~<>]=|.)""",
    re.VERBOSE | re.DOTALL,
)


class Refused(Exception):
    """The proxy refuses this; the text is its answer."""


@dataclass(frozen=True)
class Command:
    """Where a command has its keys, as COMMAND tells, and its flags."""

    first: int
    last: int
    step: int
    flags: frozenset[str]

    def places(self, count):
        """Return the places of the keys among this many words, the name being 0."""
        if not self.first:
            return range(0)
        last = self.last if self.last >= 0 else count + self.last
        return range(self.first, last + 1, self.step)


class Commands:
    """The commands of a real server, read from its answer to COMMAND."""

    def __init__(self, client):
        # In RESP2 and without redis-py's own parsing, which differs by version.
        client.response_callbacks = {}
        self._known = {}
        for found in client.execute_command("COMMAND"):
            self._read(found)

    def of(self, words):
        """Return the command of these words; Refused if the proxy does not know it."""
        name = words[0].lower()
        command = self._known.get(name)
        if len(words) > 1 and command and not command.first:
            command = self._known.get(f"{name}|{words[1].lower()}", command)
        if command is None or name in UNSUPPORTED:
            raise Refused(f"ERR unknown command `{name}`")
        if "blocking" in command.flags or "admin" in command.flags:
            raise Refused(f"ERR command '{name}' not support for normal user")
        return command

    def _read(self, found):
        name, _, flags, first, last, step = found[:6]
        words = frozenset(_text(each).lower() for each in flags)
        self._known[_text(name)] = Command(first, last, step, words)
        for each in found[9] if len(found) > 9 else []:
            self._read(each)


def judge(script, commands):
    """Raise Refused if the proxy would refuse the script; return its commands."""
    tokens = [
        (each.lastgroup, each[0])
        for each in _TOKEN.finditer(script)
        if each.lastgroup != "space"
    ]
    texts = [text for _, text in tokens]
    used, allowed = [], set()
    if "unpack" in texts:
        raise Refused(BAD_CALL.format("unpack"))
    for at, text in enumerate(texts):
        if text != "redis":
            continue
        if texts[at + 1 : at + 2] != ["."] or texts[at + 3] != "(":
            raise Refused(BAD_NAME)
        if texts[at + 2] in ("call", "pcall"):
            words, keys = _call(tokens, at + 4, commands)
            used.append(words)
            allowed |= keys
    for at, text in enumerate(texts):
        if text == "KEYS" and at not in allowed:
            raise Refused(BAD_KEYS)
    return used


def _call(tokens, start, commands):
    arguments = _arguments(tokens, start)
    first = [tokens[at] for at in arguments[0]]
    if len(first) != 1 or first[0][0] != "string":
        raise Refused(BAD_NAME)
    words = [_words(tokens, places) for places in arguments]
    name = words[0].lower()
    if name in PUBLISH:
        raise Refused(BAD_CALL.format(name))
    keys = set()
    for place in commands.of(words).places(len(arguments)):
        key = [tokens[at][1] for at in arguments[place]]
        is_plain = len(key) == 4 and key[:2] == ["KEYS", "["] and key[3] == "]"
        if not is_plain or tokens[arguments[place][2]][0] != "number":
            raise Refused(BAD_KEYS)
        keys.add(arguments[place][0])
    return name, keys


def _words(tokens, places):
    return "".join(tokens[at][1] for at in places).strip("'\"")


def _arguments(tokens, start):
    arguments, depth = [[]], 0
    for at in range(start, len(tokens)):
        text = tokens[at][1]
        if text == "redis":
            raise Refused(BAD_CALL.format("a nested call"))
        if not depth and text == ")":
            return arguments
        if not depth and text == ",":
            arguments.append([])
            continue
        depth += (text in "([{") - (text in ")]}")
        arguments[-1].append(at)
    raise Refused("ERR a script that does not end")


def slot_of(key):
    """Return the slot of a key, by its hash tag if it has one."""
    begin = key.find(b"{")
    end = key.find(b"}", begin + 1)
    if begin >= 0 and end > begin + 1:
        key = key[begin + 1 : end]
    return _crc16(key) % 16384


def _crc16(data):
    # CRC-16/XMODEM, by which Redis Cluster makes slots.
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1
    return crc & 0xFFFF


def _text(value):
    return value.decode() if isinstance(value, bytes) else str(value)
