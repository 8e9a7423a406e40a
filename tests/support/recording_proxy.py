"""A proxy in front of a port: it can speak TLS, and records what passes."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
from contextlib import suppress
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class RecordingProxy:
    """Passes everything on to `port`; `sent` and `answered` keep what it was."""

    def __init__(self, port, *, certificate=None, listener=None):
        self._target = port
        self._tls = None
        if certificate:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate)
        self._listener = listener or socket.create_server(("127.0.0.1", 0))
        self._open, self._pumps = [], []
        self.port = self._listener.getsockname()[1]
        self.sent, self.answered = bytearray(), bytearray()

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        # Closed by the threads that use them: a number of a closed one is used again.
        for each in self._open:
            with suppress(OSError):
                socket.socket.shutdown(each, socket.SHUT_RDWR)
        for each in self._pumps:
            each.join(5)
        for each in self._open:
            each.close()

    def _accept(self):
        with suppress(OSError):
            while True:
                caller, _ = self._listener.accept()
                threading.Thread(target=self._join, args=[caller], daemon=True).start()

    def _join(self, caller):
        with suppress(OSError):
            if self._tls:
                caller = self._tls.wrap_socket(caller, server_side=True)
            other = socket.create_connection(("127.0.0.1", self._target))
            self._open += [caller, other]
            back = threading.Thread(
                target=_pump, args=(other, caller, self.answered), daemon=True
            )
            self._pumps += [threading.current_thread(), back]
            back.start()
            _pump(caller, other, self.sent)


def _pump(source, target, seen):
    with suppress(OSError):
        while data := source.recv(65536):
            seen += data
            target.sendall(data)
    with suppress(OSError):
        socket.socket.shutdown(target, socket.SHUT_RDWR)


def make_certificate(folder, *names, key=None, days=90):
    """Write a self-signed certificate for 127.0.0.1 and names, of an EC key.

    Return the file, key included, which has the form of PKCS#8.
    """
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    others = [x509.IPAddress(ip_address("127.0.0.1")), *map(x509.DNSName, names)]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + days * day)
        .add_extension(x509.SubjectAlternativeName(others), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file
