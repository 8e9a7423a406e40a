"""Bodies of strangers at each route of a whole host: what one costs in memory.

The peak of a single request is at most twice its allowed body and a megabyte, whatever
the body holds: the forms and JSON that cost a parser most, with a length and in chunks.
"""

from __future__ import annotations

import sys

import pytest

from runtime.entry.routing import MEDIUM_BODY, SMALL_BODY, UNREAD_BODY
from tests.attacks.resources.memory import forget_peak, memory_mb, peak_mb
from tests.end_to_end.raw_host import APPID, RawHost, get

MB = 1024 * 1024
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
ROUTES = {
    "/login": UNREAD_BODY,
    "/logout": SMALL_BODY,
    "/login/me": UNREAD_BODY,
    "/login/miniprogram": SMALL_BODY,
    "/connect/oauth2/authorize": UNREAD_BODY,
    "/connect/qrconnect": UNREAD_BODY,
    f"/oauth_callback/{APPID}": UNREAD_BODY,
    "/oidc/authorize": SMALL_BODY,
    "/oidc/token": SMALL_BODY,
    "/oidc/revoke": SMALL_BODY,
    "/oidc/userinfo": SMALL_BODY,
    "/oidc/logout": SMALL_BODY,
    "/oidc/jwks": UNREAD_BODY,
    "/cgi-bin/token": UNREAD_BODY,
    "/cgi-bin/stable_token": SMALL_BODY,
    "/sns/jscode2session": SMALL_BODY,
    "/sns/userinfo": UNREAD_BODY,
    f"/wechat_api/{APPID}/access_token/reject": SMALL_BODY,
    f"/wechat_api/{APPID}/decrypt": MEDIUM_BODY,
    "/admin/app/list": MEDIUM_BODY,
}
PROXIED = ("/cgi-bin/menu/create", f"/wechat_api/{APPID}/cgi-bin/menu/create")
"""They take 32 MB, from a client that proves itself."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="writes to /proc")


def repeated(text, size, *, begin="", end=""):
    """Return this text repeated to a body of so many bytes."""
    room = size - len(begin) - len(end)
    return begin + (text * (room // len(text) + 1))[:room] + end


BODIES = {
    "escapes": (FORM, lambda size: repeated("%41", size, begin="a=")),
    "many fields": (FORM, lambda size: repeated("a&", size)),
    "many names": (FORM, lambda size: repeated("a=1&b=2&", size)),
    "objects": (JSON, lambda size: repeated("{},", size, begin="[", end="{}]")),
    "depth": (JSON, lambda size: repeated("[", size)),
    "names": (JSON, lambda size: repeated('{"a":', size)),
    "numbers": (JSON, lambda size: repeated("9", size, begin="[", end="]")),
    "characters": (JSON, lambda size: repeated("\\u4e2d", size, begin='"', end='"')),
}


@pytest.fixture(scope="module")
def host(tmp_path_factory, shared_redis):
    """A host that has answered each kind of request once."""
    shared_redis.empty()
    folder = tmp_path_factory.mktemp("host")
    with RawHost(folder, shared_redis.url) as running:
        running.begin()
        for path in (*ROUTES, *PROXIED):
            for kind, make in BODIES.values():
                running.ask(request(path, make(3000), kind))
        yield running


def request(path, body, kind, *, chunked=False):
    lines = [f"Content-Type: {kind}", "Content-Encoding: identity"]
    if chunked:
        lines.append("Transfer-Encoding: chunked")
        body = f"{len(body):x}\r\n{body}\r\n0\r\n\r\n"
    else:
        lines.append(f"Content-Length: {len(body)}")
    return (get(path, *lines, method="POST") + body).encode()


def cost_mb(host, text):
    """Return the answer and the memory that it took, in MB."""
    pid = host.process.pid
    forget_peak(pid)
    before = memory_mb(pid)
    answer = host.ask(text)
    return answer, peak_mb(pid) - before


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunks"])
def test_the_largest_body(host, path, chunked):
    """Of each kind; none of them is an error of ours."""
    allowed = ROUTES[path]
    for name, (kind, make) in BODIES.items():
        text = request(path, make(allowed), kind, chunked=chunked)
        answer, cost = cost_mb(host, text)

        assert b"HTTP/1.1 " == answer[:9], name
        assert answer[9:12] not in (b"413", b"500", b"502", b"504"), name
        assert cost <= 2 * allowed / MB + 1, name


@pytest.mark.parametrize("path", [*ROUTES, *PROXIED])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunks"])
def test_a_body_of_many_megabytes(host, path, chunked):
    """It is refused, and not kept; by its head if that tells its length."""
    size, empty = 31 * MB, b"0\r\n\r\n0\r\n\r\n"
    text = request(path, "", FORM, chunked=chunked)
    if chunked:
        assert text.endswith(empty)
        text = text.removesuffix(empty) + b"%x\r\n" % size + bytes(size)
        text += b"\r\n0\r\n\r\n"
    else:
        text = text.replace(b"Length: 0", b"Length: %d" % size) + bytes(size)
    answer, cost = cost_mb(host, text)

    assert answer[9:12] in (b"405", b"413", b"401", b"403", b"404", b"200", b""), path
    assert cost <= 2 * ROUTES.get(path, MB) / MB + 1
