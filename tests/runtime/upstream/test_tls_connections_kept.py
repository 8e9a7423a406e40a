"""TLS connections that are kept: only the first burst of calls costs handshakes."""

from __future__ import annotations

import ssl
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from runtime.upstream.transport import pooled_transport
from tests.support.raw_server import RawServer, make_answer, read_head
from tests.support.recording_proxy import make_certificate

CALLS = 64
BURSTS = 20
TIMEOUT = 60


class TlsServer(RawServer):
    """Counts handshakes; answers when so many requests are in flight at once."""

    def __init__(self, tls):
        super().__init__(tls=tls)
        self.handshakes = []
        self.answered = []
        self._all = threading.Barrier(CALLS)

    def converse(self, connection, reader):
        self.handshakes.append(connection.session_reused)
        while read_head(reader):
            self._all.wait(TIMEOUT)
            self.answered.append(1)
            connection.sendall(make_answer(b'{"errcode":0}'))


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_64_calls_in_flight_need_64_handshakes(tmp_path, monkeypatch, version):
    """However often they are: at WeChat a handshake costs more than a call."""
    certificate = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    context.load_cert_chain(certificate)
    transport = pooled_transport()

    def call(_):
        url = server.url.replace("http:", "https:") + "/cgi-bin/menu/get"
        return transport("GET", url, headers={}, body=None, seconds=TIMEOUT).status

    with TlsServer(context) as server, ThreadPoolExecutor(CALLS) as callers:
        for _ in range(BURSTS):
            assert {200} == set(callers.map(call, range(CALLS), timeout=TIMEOUT))

    assert CALLS * BURSTS == len(server.answered)
    assert CALLS <= len(server.handshakes) <= CALLS * 2
