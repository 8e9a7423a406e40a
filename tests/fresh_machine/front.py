"""Names of other machines that lead here: a TLS server for all, and plain ports."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress

ADDRESS = "127.77.0.1"
"""On loopback, and not the one on which this machine's own services listen."""


class Front:
    """Passes a connection on to a port by the host name for which it asks."""

    def __init__(self, ports, certificate, key):
        self._ports, self._named = ports, threading.local()
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate, key)
        self._tls.sni_callback = self._name
        self._listeners = []

    def listen(self, port, *, to=None):
        """Listen on a port: with TLS for the named hosts, or plainly for one port."""
        listener = socket.create_server((ADDRESS, port), backlog=64)
        self._listeners.append(listener)
        threading.Thread(target=self._accept, args=(listener, to), daemon=True).start()

    def close(self):
        for each in self._listeners:
            each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _name(self, connection, name, _):
        self._named.host = name

    def _accept(self, listener, to):
        with suppress(OSError):
            while True:
                caller, _ = listener.accept()
                threading.Thread(
                    target=self._join, args=(caller, to), daemon=True
                ).start()

    def _join(self, caller, to):
        with suppress(OSError, KeyError), caller:
            if to is None:
                # Closed by its reader: the plain socket has no descriptor any more.
                caller = self._tls.wrap_socket(caller, server_side=True)
                to = self._ports[self._named.host]
            with caller, socket.create_connection(("127.0.0.1", to)) as other:
                back = threading.Thread(target=_pump, args=(other, caller), daemon=True)
                back.start()
                _pump(caller, other)
                back.join()


def _pump(source, target):
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        socket.socket.shutdown(target, socket.SHUT_RDWR)
