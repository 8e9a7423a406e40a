"""Failures of the transport: the right error for each, and no URL in any of them."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import traceback
from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from runtime.errors import WeChatTimeout, WeChatUnavailable, WeChatUnreachable
from runtime.upstream.transport import pooled_transport
from tests.support.raw_server import (
    RawServer,
    close,
    make_answer,
    reset,
    send_and_close,
)

HUSH = "s3cr3t-of-an-app"
TARGET = f"/cgi-bin/token?appid=wx-hush&secret={HUSH}"


def exchange(server, *, method="GET", body=None):
    return pooled_transport()(
        method, server.url + TARGET, headers={}, body=body, seconds=0.3
    )


CLOSE = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}"


BROKEN = {
    "nothing": close,
    "reset": reset,
    "half-a-body": send_and_close(CLOSE),
    "half-a-chunk": send_and_close(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{}"
    ),
    "odd-chunk": send_and_close(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n"
    ),
    "no-http": send_and_close(b"220 smtp.example.com ESMTP\r\n"),
    "tls": send_and_close(b"\x15\x03\x01\x00\x02\x02\x46"),
    "odd-status": send_and_close(b"HTTP/1.1 abc OK\r\n\r\n"),
    "endless-line": send_and_close(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000),
}


def silent(connection):
    """Send nothing until the test is over."""
    connection.recv(1)


def dripping(connection):
    """Send a byte now and then, each well within any timeout of a socket."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1000):
        connection.sendall(b"x")
        threading.Event().wait(0.05)


def stuck(connection):
    """Send half of what was announced and then nothing."""
    connection.sendall(CLOSE)
    connection.recv(1)


LATE = {"silent": silent, "dripping": dripping, "stuck": stuck}


FAILURES = {
    **{name: (answer, WeChatUnavailable) for name, answer in BROKEN.items()},
    **{name: (answer, WeChatTimeout) for name, answer in LATE.items()},
}


@pytest.mark.case(53)
@pytest.mark.parametrize(("answer", "kind"), FAILURES.values(), ids=FAILURES)
def test_failures(answer, kind, caplog):
    """Each way of failing has its error, which holds neither address nor secret, and
    nothing is tried again."""
    caplog.set_level(logging.DEBUG)
    with RawServer(answer) as server:
        with pytest.raises(WeChatUnavailable) as caught:
            exchange(server, method="POST", body=b"{}")
        port = server.url.rpartition(":")[2]

    told = "".join(traceback.format_exception(caught.type, caught.value, caught.tb))
    assert kind is caught.type
    assert not caught.value.nothing_sent
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert not any(each in told + caplog.text for each in (HUSH, "wx-hush", port))
    assert 1 == len(server.requests)


def test_nobody_listens():
    """A refused connection means unreachable: WeChat has seen nothing of the call."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}{TARGET}"

    with pytest.raises(WeChatUnavailable) as caught:
        pooled_transport()("GET", url, headers={}, body=None, seconds=1.0)
    assert WeChatUnreachable is caught.type
    assert caught.value.nothing_sent


def self_signed(folder):
    """Return a server's TLS context with a certificate that nobody has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(key.private_bytes(*form) + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def test_a_server_with_an_untrusted_certificate(tmp_path):
    """Without a certificate of WeChat's nothing is sent at all."""
    with RawServer(make_answer(), tls=self_signed(tmp_path)) as server:
        url = server.url.replace("http:", "https:") + TARGET
        with pytest.raises(WeChatUnavailable) as caught:
            pooled_transport()("GET", url, headers={}, body=None, seconds=5.0)

    assert WeChatUnavailable is caught.type
    assert caught.value.nothing_sent
    assert (1, []) == (server.connections, server.requests)


@pytest.mark.case(121)
def test_urls_stay_out_of_the_log(caplog):
    """Neither a good request nor one with odd headers writes its URL to the log."""
    caplog.set_level(logging.DEBUG)
    odd = b"HTTP/1.1 200 OK\r\n folded\r\nodd\r\nContent-Length: 2\r\n\r\n{}"
    with RawServer(make_answer()) as well, RawServer(send_and_close(odd)) as badly:
        exchange(well)
        with pytest.raises(WeChatUnavailable):
            exchange(badly)

    assert HUSH not in caplog.text
