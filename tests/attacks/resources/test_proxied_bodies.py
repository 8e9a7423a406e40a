"""Large bodies through the proxy, both ways, between raw sockets."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest

from tests.attacks.resources.memory import peak_mb
from tests.end_to_end.raw_host import APPID, CLIENT_SECRET, OK, REAL, RawHost
from tests.support.local_hosts import eventually
from tests.support.raw_server import RawServer, make_answer, read_head

MB = 1024 * 1024
UPLOAD = "/cgi-bin/media/upload?type=file&access_token="
DOWNLOAD = "/cgi-bin/media/get?media_id=m&access_token="
NAMED = (
    "Content-Type: image/jpeg",
    'Content-disposition: attachment; filename="m.jpg"',
)
REJECTED = make_answer(b'{"errcode":40001,"errmsg":"invalid credential"}')
RATED_SECRET = "rated_" + "2" * 32

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


class WeChat(RawServer):
    """Gives out tokens, and answers each other request by the next of `others`.

    `uploads` has the head, size and hash of each body.
    """

    def __init__(self, *others):
        super().__init__()
        self.others = list(others)
        self.uploads = []
        self.tokens = -1
        self.ended = threading.Event()

    def next_token(self):
        """Return the next token, of which each begins with REAL."""
        self.tokens += 1
        return {"access_token": REAL + "+" * self.tokens, "expires_in": 7200}

    def converse(self, connection, reader):
        while head := read_head(reader):
            lines = head.decode("latin-1").split("\r\n")
            named = dict(each.partition(": ")[::2] for each in lines[1:] if each)
            left, digest = int(named.get("Content-Length", 0)), hashlib.sha256()
            size = left
            while left and (piece := reader.read(min(left, MB))):
                digest.update(piece)
                left -= len(piece)
            if "/cgi-bin/stable_token" in lines[0]:
                connection.sendall(make_answer(json.dumps(self.next_token()).encode()))
                continue
            self.uploads.append((head.decode("latin-1"), size, digest.hexdigest()))
            answer = self.others[0]
            if len(self.others) > 1:
                self.others.pop(0)
            try:
                if callable(answer):
                    answer(connection)
                else:
                    connection.sendall(answer)
            except OSError:
                self.ended.set()
                return


def rated():
    from runtime.registry.client_secrets import hash_secret

    return {
        ("clients", "rated"): {
            "name": "Rated",
            "scopes": {APPID: ["/*"]},
            "secret_hashes": [hash_secret(RATED_SECRET)],
            "rate": {"per_second": 0.01, "burst": 2},
        }
    }


@contextmanager
def running(folder, redis, *others, options=("--fc_limits=false",)):
    """Yield the host; its `token` is one of the client without a rate."""
    redis.empty()
    wechat = WeChat(*others)
    with RawHost(
        folder, redis.url, wechat=wechat, options=options, more=rated()
    ) as host:
        host.token = token_of(host, CLIENT_SECRET)
        yield host


def token_of(host, secret):
    who = f"grant_type=client_credential&appid={APPID}&secret={secret}"
    text = f"GET /cgi-bin/token?{who} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    answer = host.ask(text.encode())
    return json.loads(answer.partition(b"\r\n\r\n")[2])["access_token"]


def head(method, target, *lines):
    return "\r\n".join(
        [f"{method} {target} HTTP/1.1", "Host: a", *lines, "", ""]
    ).encode()


def send(connection, body):
    """Send a body; the host may have answered, and hung up."""
    try:
        connection.sendall(body)
    except (BrokenPipeError, ConnectionResetError):
        return False
    return True


def received(connection):
    """Return head and body of one answer with a length, or what comes until the end."""
    told = b""
    while b"\r\n\r\n" not in told:
        if not (piece := connection.recv(65536)):
            return told.decode("latin-1"), b""
        told += piece
    first, _, body = told.partition(b"\r\n\r\n")
    lines = first.decode("latin-1").lower().split("\r\n")
    lengths = [each.split()[1] for each in lines if each.startswith("content-length")]
    body = bytearray(body)
    while not lengths or len(body) < int(lengths[0]):
        if not (piece := connection.recv(MB)):
            break
        body += piece
    return first.decode("latin-1"), bytes(body)


def upload(host, body, *, token=None, chunked=False):
    framing = (
        "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    )
    with host.connect() as connection:
        connection.sendall(head("POST", UPLOAD + (token or host.token), framing))
        if chunked:
            for start in range(0, len(body), MB):
                piece = body[start : start + MB]
                connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
            connection.sendall(b"0\r\n\r\n")
        else:
            send(connection, body)
        return received(connection)


def memory_of(host):
    return peak_mb(host.pid)


@pytest.mark.parametrize("framing", [f"Content-Length: {31 * MB}", None])
def test_a_strangers_body_is_not_taken(tmp_path, shared_redis, framing):
    """The answer comes before the body; an honest upload finds all the room."""
    body = os.urandom(20 * MB)
    framing = framing or "Transfer-Encoding: chunked"
    options = ("--fc_limits=false", "--body_mb=21")
    made = running(tmp_path, shared_redis, OK, options=options)
    with made as host, ExitStack() as stack:
        upload(host, body[:MB])
        before = memory_of(host)
        strangers = [stack.enter_context(host.connect()) for _ in range(12)]
        for each in strangers:
            each.sendall(head("POST", UPLOAD + "nobody", framing))
        for each in strangers:
            assert b"40001" in each.recv(65536)
            send(each, b"100000\r\n" + bytes(MB))
        _, answer = upload(host, body)

        assert b'"errcode":0' in answer
        assert host.wechat.uploads[-1][1:] == (len(body), sha(body))
        assert len(host.wechat.uploads) == 2
        assert memory_of(host) - before < 32


def sha(body):
    return hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("size", [100_000, 900_000, 30 * MB])
def test_an_upload_is_sent_again_after_a_rejected_token(
    tmp_path, shared_redis, size, chunked
):
    """All of it, with a Content-Length, from memory or from its file."""
    body = os.urandom(size)
    with running(tmp_path, shared_redis, REJECTED, OK) as host:
        before = memory_of(host)
        _, answer = upload(host, body, chunked=chunked)
        first, second = host.wechat.uploads

        assert b'"errcode":0' in answer
        assert first[1:] == second[1:] == (size, sha(body))
        assert (first[0] + second[0]).count("access_token=" + REAL) == 2
        assert "transfer-encoding" not in (first[0] + second[0]).lower()
        assert memory_of(host) - before < 24


def test_a_large_upload_counts_once_and_before_its_body(tmp_path, shared_redis):
    """A burst of two are two uploads; the third is told so from its head."""
    with running(tmp_path, shared_redis, OK) as host:
        token = token_of(host, RATED_SECRET)
        for _ in range(2):
            assert b'"errcode":0' in upload(host, bytes(3 * MB), token=token)[1]
        with host.connect() as connection:
            lines = (f"Content-Length: {30 * MB}", "Expect: 100-continue")
            connection.sendall(head("POST", UPLOAD + token, *lines))
            first, answer = received(connection)

        assert b'"errcode":45009' in answer
        assert "100" not in first.splitlines()[0]
        assert len(host.wechat.uploads) == 2


def test_a_caller_who_waits_for_a_word_gets_it(tmp_path, shared_redis):
    """100 Continue comes once the caller is known."""
    with running(tmp_path, shared_redis, OK) as host, host.connect() as connection:
        lines = (f"Content-Length: {3 * MB}", "Expect: 100-continue")
        connection.sendall(head("POST", UPLOAD + host.token, *lines))
        assert connection.recv(65536).startswith(b"HTTP/1.1 100 ")
        connection.sendall(bytes(3 * MB))

        assert b'"errcode":0' in received(connection)[1]


def test_a_large_body_with_get_is_dropped(tmp_path, shared_redis):
    """The proxy sends none up, so none is kept, and the connection goes on."""
    with running(tmp_path, shared_redis, OK, options=("--body_mb=1",)) as host:
        with host.connect() as connection:
            for _ in range(2):
                target = f"/cgi-bin/user/get?access_token={host.token}"
                connection.sendall(head("GET", target, f"Content-Length: {5 * MB}"))
                connection.sendall(bytes(5 * MB))
                assert b'"errcode":0' in received(connection)[1]

        assert [size for _, size, _ in host.wechat.uploads] == [0, 0]


def whole(content):
    return make_answer(content, headers=NAMED)


def in_chunks(content):
    chunks = [content[at : at + MB] for at in range(0, len(content), MB)]
    framed = b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in chunks)
    lines = ["HTTP/1.1 200 OK", *NAMED, "Transfer-Encoding: chunked", "", ""]
    return "\r\n".join(lines).encode() + framed + b"0\r\n\r\n"


def joined(chunked):
    content = bytearray()
    while chunked:
        size, _, chunked = chunked.partition(b"\r\n")
        if not int(size, 16):
            return bytes(content), True
        content += chunked[: int(size, 16)]
        chunked = chunked[int(size, 16) + 2 :]
    return bytes(content), False


def test_downloads_of_any_size_take_little_memory(tmp_path, shared_redis):
    """Four of 60 MB at once, byte by byte, with their name and their length."""
    content = os.urandom(60 * MB)
    with running(tmp_path, shared_redis, whole(content)) as host:
        download(host)
        before = memory_of(host)
        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(lambda _: download(host), range(4)))

        assert memory_of(host) - before < 24
        for first, body in answers:
            assert sha(body) == sha(content)
            assert f"Content-Length: {len(content)}" in first.splitlines()
            assert 'Content-Disposition: attachment; filename="m.jpg"' in first
        assert audited(host)[-1] == ("answered", len(content))


def test_a_download_without_a_length_ends_cleanly(tmp_path, shared_redis):
    """In chunks, of which the last says that it is whole."""
    content = os.urandom(9 * MB)
    with running(tmp_path, shared_redis, in_chunks(content)) as host:
        first, body = download(host, "Connection: close")

        assert "Transfer-Encoding: chunked" in first
        assert joined(body) == (content, True)


def download(host, *lines):
    with host.connect() as connection:
        connection.sendall(head("GET", DOWNLOAD + host.token, *lines))
        return received(connection)


def audited(host):
    """Return outcome and bytes of each call that the log tells of."""
    lines = [each for each in host.log().splitlines() if '"bytes_down"' in each]
    calls = [json.loads(each[each.index("{") :]) for each in lines]
    return [(each["outcome"], each["bytes_down"]) for each in calls]


@pytest.mark.parametrize("answer", [whole, in_chunks])
@pytest.mark.parametrize("at", [2 * MB - 4, 3 * MB])
def test_a_real_token_cuts_the_answer(tmp_path, shared_redis, answer, at):
    """Wherever pieces end: no byte of it leaves, and no caller takes it for whole."""
    content = bytes(at) + REAL.encode() + bytes(3 * MB)
    with running(tmp_path, shared_redis, answer(content)) as host:
        _, body = download(host)
        eventually(lambda: audited(host))

        assert REAL.encode()[:3] not in body
        assert at - 65536 < len(body) < at + 1000
        if answer is in_chunks:
            assert not joined(body)[1]
        assert audited(host)[-1][0] == "token_in_answer"
        assert "WeChat showed the real token" in host.log()
        host.wechat.others = [OK]
        host.check_well()


def test_an_answer_that_is_cut_short_at_wechat_is_cut_here(tmp_path, shared_redis):
    """No caller takes it for whole."""

    def cut(connection):
        connection.sendall(in_chunks(bytes(9 * MB))[: 5 * MB])
        connection.shutdown(socket.SHUT_RDWR)

    with running(tmp_path, shared_redis, cut) as host:
        _, body = download(host)
        eventually(lambda: audited(host))

        assert not joined(body)[1]
        assert audited(host)[-1][0] == "wechat_unavailable"


@pytest.mark.parametrize("is_read", [False, True])
def test_a_caller_who_hangs_up_ends_the_download(tmp_path, shared_redis, is_read):
    """At once, also while WeChat keeps it waiting; its place is free again."""
    told = threading.Event()

    def endless(connection):
        lines = ["HTTP/1.1 200 OK", *NAMED, f"Content-Length: {1 << 40}", "", ""]
        connection.sendall("\r\n".join(lines).encode() + bytes(MB))
        told.set()
        if is_read:
            while True:
                connection.sendall(bytes(MB))
        assert connection.recv(1) == b""
        raise OSError

    options = ("--fc_limits=false", "--calls_in_flight=2")
    with running(tmp_path, shared_redis, endless, OK, options=options) as host:
        with host.connect() as connection:
            connection.sendall(head("GET", DOWNLOAD + host.token))
            assert told.wait(20)
            left = MB - 65536  # of what WeChat sent, some may be held back
            while left > 0:
                left -= len(connection.recv(65536))
            assert b"overloaded" in host.call()  # one of two places is this client's
        assert host.wechat.ended.wait(10)
        eventually(lambda: audited(host)[-1][0] == "caller_gone")
        host.check_well()


def test_function_computes_limit_is_told(tmp_path, shared_redis):
    """In development the host is no laxer, and says what to do about it."""
    with running(tmp_path, shared_redis, whole(bytes(6 * MB + 1)), options=()) as host:
        first, body = download(host)

        assert first.startswith("HTTP/1.1 502 ")
        assert b'"errcode":45001' in body
        assert b"6 MB, the limit of Function Compute" in body
        assert "X-Gateway-Error: answer_too_large" in first
        host.wechat.others = [whole(bytes(6 * MB))]
        first, body = download(host)
        assert len(body) == 6 * MB
        assert "\r\ncontent-disposition: " not in first.lower()
        assert 'X-Gateway-Content-Disposition: attachment; filename="m.jpg"' in first
