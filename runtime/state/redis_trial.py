"""Trial of a Redis: each command that the gateway needs is used once, by a real script.

A PING, and even a write, works where an ACL user lacks a command, and where the proxy
of a cluster refuses scripts; then every sign-in would fail. What is tried lives for a
minute under keys of one hash tag.
"""

from __future__ import annotations

import re
from typing import Any

from runtime.errors import RefusedByRedis
from runtime.state.needed_commands import BLOCKING, OWN_KEYS
from runtime.state.redis_calls import digest_of

_STATES = re.compile(
    r"(?:-|ERR |.*: -)?(?:OOM|READONLY|MISCONF|NOREPLICAS|MASTERDOWN|LOADING|BUSY"
    r"|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|EXECABORT)\b"
)
"""What says that a server is not well now, and not that it refuses a command."""

_KEYS_DENIED = re.compile(r"access (?:at least )?one of the keys|key permissions", re.I)

_SCRIPT = """
if ARGV[1] == '0' then return {} end
local refused = {}
local function note(name, answer)
  if type(answer) == 'table' and answer.err then
    table.insert(refused, name)
    table.insert(refused, answer.err)
  end
end
note('del', redis.pcall('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]))
note('set', redis.pcall('SET', KEYS[1], '1'))
note('get', redis.pcall('GET', KEYS[1]))
note('incr', redis.pcall('INCR', KEYS[1]))
note('exists', redis.pcall('EXISTS', KEYS[1]))
note('pttl', redis.pcall('PTTL', KEYS[1]))
note('time', redis.pcall('TIME'))
note('hset', redis.pcall('HSET', KEYS[2], 'a', '1'))
note('hsetnx', redis.pcall('HSETNX', KEYS[2], 'b', '1'))
note('hget', redis.pcall('HGET', KEYS[2], 'a'))
note('hmget', redis.pcall('HMGET', KEYS[2], 'a', 'b'))
note('hgetall', redis.pcall('HGETALL', KEYS[2]))
note('hkeys', redis.pcall('HKEYS', KEYS[2]))
note('hlen', redis.pcall('HLEN', KEYS[2]))
note('hexists', redis.pcall('HEXISTS', KEYS[2], 'a'))
note('hincrby', redis.pcall('HINCRBY', KEYS[2], 'a', '1'))
note('hincrbyfloat', redis.pcall('HINCRBYFLOAT', KEYS[2], 'a', '1'))
note('hdel', redis.pcall('HDEL', KEYS[2], 'b'))
note('zadd', redis.pcall('ZADD', KEYS[3], '0', 'a'))
note('zcard', redis.pcall('ZCARD', KEYS[3]))
note('zscore', redis.pcall('ZSCORE', KEYS[3], 'a'))
note('zrange', redis.pcall('ZRANGE', KEYS[3], '0', '-1'))
note('zrangebyscore', redis.pcall('ZRANGEBYSCORE', KEYS[3], '-inf', '+inf'))
note('zrangebylex', redis.pcall('ZRANGEBYLEX', KEYS[3], '-', '+'))
note('zrevrangebylex', redis.pcall('ZREVRANGEBYLEX', KEYS[3], '+', '-'))
note('zlexcount', redis.pcall('ZLEXCOUNT', KEYS[3], '-', '+'))
note('zrem', redis.pcall('ZREM', KEYS[3], 'b'))
note('zremrangebyscore', redis.pcall('ZREMRANGEBYSCORE', KEYS[3], '1', '2'))
note('zremrangebyrank', redis.pcall('ZREMRANGEBYRANK', KEYS[3], '1', '2'))
note('zremrangebylex', redis.pcall('ZREMRANGEBYLEX', KEYS[3], '[b', '[c'))
note('xadd', redis.pcall('XADD', KEYS[4], '*', 'a', '1'))
note('xlen', redis.pcall('XLEN', KEYS[4]))
note('xrange', redis.pcall('XRANGE', KEYS[4], '-', '+', 'COUNT', '1'))
note('xrevrange', redis.pcall('XREVRANGE', KEYS[4], '+', '-', 'COUNT', '1'))
note('xinfo|stream', redis.pcall('XINFO', 'STREAM', KEYS[4]))
note('xdel', redis.pcall('XDEL', KEYS[4], '0-1'))
note('rpush', redis.pcall('RPUSH', KEYS[5], 'a'))
note('lindex', redis.pcall('LINDEX', KEYS[5], '0'))
note('pexpire', redis.pcall('PEXPIRE', KEYS[1], '60000'))
redis.pcall('PEXPIRE', KEYS[2], '60000')
redis.pcall('PEXPIRE', KEYS[3], '60000')
redis.pcall('PEXPIRE', KEYS[4], '60000')
redis.pcall('PEXPIRE', KEYS[5], '60000')
return refused
"""


class Trial:
    """The trial of one Redis; `name` tells keys of versions apart."""

    def __init__(self, name: str, *, blocking: bool) -> None:
        tag = f"gateway:health:{{{name}}}"
        self._keys = [
            f"{tag}:{kind}" for kind in ("text", "hash", "set", "log", "list")
        ]
        self._blocking = blocking

    def make(self, client: Any) -> None:
        """Use each command; RefusedByRedis names those that are refused."""
        found = [*self._in_a_script(client), *self._directly(client)]
        refused = [(name, text) for name, text in found if "no such key" not in text]
        for _, text in refused:
            if _STATES.match(text):
                raise _not_well(text)
        if not refused:
            return
        if all(_KEYS_DENIED.search(text) for _, text in refused):
            raise RefusedByRedis([OWN_KEYS], refused[0][1])
        names = sorted({name for name, _ in refused})
        raise RefusedByRedis(names, refused[0][1])

    def _in_a_script(self, client: Any) -> list[tuple[str, str]]:
        from redis import ResponseError
        from redis.exceptions import NoScriptError

        count = len(self._keys)
        try:
            answer = client.eval(_SCRIPT, count, *self._keys, "1")
        except ResponseError as error:
            return [("eval", _refusal(error))]
        words = [each.decode("utf-8", "replace") for each in answer]
        found = list(zip(words[0::2], words[1::2], strict=True))
        try:
            client.evalsha(digest_of(_SCRIPT), count, *self._keys, "0")
        except NoScriptError:
            pass  # it was lost in this moment, and the command may be used
        except ResponseError as error:
            found.append(("evalsha", _refusal(error)))
        return found

    def _directly(self, client: Any) -> list[tuple[str, str]]:
        from redis import ResponseError

        # A proxy may know fewer commands than the server behind it.
        text, hash_, _, _, list_ = self._keys
        asked = [
            ("get", text),
            ("hget", hash_, "a"),
            ("hmget", hash_, "a", "b"),
            ("hgetall", hash_),
            ("hincrby", hash_, "a", "1"),
            ("hlen", hash_),
            ("hset", hash_, "a", "1"),
            ("pexpire", hash_, "60000"),
            ("lindex", list_, "0"),
            ("set", text, "", "PX", "60000"),
        ]
        if self._blocking:
            asked.append((BLOCKING, list_, list_, "LEFT", "LEFT", "0.01"))
        asked.append(("del", text))
        with client.pipeline(transaction=False) as pipeline:
            for words in asked:
                pipeline.execute_command(*words)
            answers = pipeline.execute(raise_on_error=False)
        found = [
            (words[0], _refusal(answer))
            for words, answer in zip(asked, answers, strict=True)
            if isinstance(answer, Exception)
        ]
        try:
            client.scan(match=text, count=1)  # no pipeline of a cluster takes it
        except ResponseError as error:
            found.append(("scan", _refusal(error)))
        return found


def _refusal(error: Exception) -> str:
    """Return the text; raise what says that the server is not well now."""
    from redis import ResponseError
    from redis.exceptions import NoPermissionError

    # redis-py has an exception for each of those, and cuts the word off.
    if type(error) not in (ResponseError, NoPermissionError):
        raise error
    return str(error)


def _not_well(text: str) -> Exception:
    from redis import ResponseError

    return ResponseError(text)
