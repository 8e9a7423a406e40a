"""A WeChat that ignores the body of a GET takes it for the next request (CL.0).

A client with one path smuggles a request, or the beginning of one that the next
client's request would complete. No body goes up with GET or HEAD, so there is nothing
to ignore, and each client gets the answer to its own request.
"""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from runtime.registry.client_secrets import hash_secret
from tests.end_to_end.raw_host import APPID, TOKEN, RawHost, get
from tests.support.raw_server import RawServer, make_answer, read_head

NARROW_SECRET = "narrow_" + "5" * 32
NARROW = {
    "name": "Narrow",
    "scopes": {APPID: ["/cgi-bin/menu/get"]},
    "secret_hashes": [hash_secret(NARROW_SECRET)],
}
WRITE = "/cgi-bin/message/custom/send"
WHOLE = f"POST {WRITE} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{{}}"
SMUGGLED = {
    "a whole request": WHOLE,
    "two": WHOLE + WHOLE,
    "a head that goes on": f"POST {WRITE} HTTP/1.1\r\nHost: a\r\nX-Swallowed: ",
    "a body that goes on": WHOLE.replace("Length: 2", "Length: 400"),
}


class IgnoringWeChat(RawServer):
    """It answers every head it reads with the path; `heads` has those by connection."""

    def __init__(self):
        super().__init__()
        self.heads = []
        self._lock = threading.Lock()

    def converse(self, connection, reader):
        heads = []
        with self._lock:
            self.heads.append(heads)
        while head := read_head(reader):
            heads.append(head.decode("latin-1"))
            method, target = heads[-1].split(" ")[:2]
            if "/cgi-bin/stable_token" in target:
                connection.sendall(TOKEN)
                continue
            body = json.dumps({"errcode": 0, "path": target.partition("?")[0]})
            answer = make_answer(body.encode())
            connection.sendall(
                answer.partition(b"{")[0] if method == "HEAD" else answer
            )


@pytest.fixture(scope="module")
def host(tmp_path_factory, shared_redis):
    shared_redis.empty()
    wechat = IgnoringWeChat()
    more = {("clients", "narrow"): NARROW}
    options = ("--timeouts=false",)
    with RawHost(
        tmp_path_factory.mktemp("host"),
        shared_redis.url,
        wechat=wechat,
        more=more,
        options=options,
    ) as running:
        running.token = token_of(running, "demo_" + "1" * 32)
        running.narrow = token_of(running, NARROW_SECRET)
        yield running


def token_of(host, secret):
    who = f"grant_type=client_credential&appid={APPID}&secret={secret}"
    answer = host.ask(get(f"/cgi-bin/token?{who}").encode())
    return json.loads(answer.partition(b"\r\n\r\n")[2])["access_token"]


def victims(host, count):
    """Call so many different paths, and check that each gets its own answer."""

    def call(number):
        path = f"/cgi-bin/victim/{number}"
        answer = host.ask(get(f"{path}?access_token={host.token}").encode())
        return path, json.loads(answer.partition(b"\r\n\r\n")[2])["path"]

    with ThreadPoolExecutor(8) as callers:
        for asked, told in callers.map(call, range(count)):
            assert asked == told


@pytest.mark.parametrize("text", SMUGGLED.values(), ids=SMUGGLED)
@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_is_smuggled_meets_nobody(host, text, framing, method):
    """Before, between and after the calls of others, which use kept connections."""
    victims(host, 8)
    line, body = f"Content-Length: {len(text)}", text
    if framing == "chunked":
        line, body = (
            "Transfer-Encoding: chunked",
            f"{len(text):x}\r\n{text}\r\n0\r\n\r\n",
        )
    target = f"/cgi-bin/menu/get?access_token={host.narrow}"
    attack = get(target, line, "Content-Type: text/plain", method=method) + body
    for _ in range(4):
        host.ask(attack.encode())
        victims(host, 8)

    assert not any(WRITE in head for heads in host.wechat.heads for head in heads)


def test_credentials_are_fetched_on_connections_of_their_own(host):
    """Which no client's bytes have been on."""
    victims(host, 8)

    assert [
        heads for heads in host.wechat.heads if "stable_token" in "".join(heads)
    ] == [heads for heads in host.wechat.heads if "stable_token" in heads[0]]
    assert all(
        "victim" not in "".join(heads)
        for heads in host.wechat.heads
        if "stable_token" in heads[0]
    )
