"""A message server behind a route, as a company has one: its crypto is wechatpy's."""

from __future__ import annotations

import itertools
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from wechatpy import create_reply, parse_message
from wechatpy.crypto import WeChatCrypto

from tests.support.scripted_wechat import SERVICE

TOKEN, AES_KEY = "routeToken", "R" * 42 + "A"


def route_to(service, route_id="r1", **fields):
    """Return the route of a document that leads to a service."""
    return {
        "id": route_id,
        "client": "demo",
        "url": service.url,
        "token": TOKEN,
        "encoding_aes_key": AES_KEY,
        **fields,
    }


class MessageService:
    """Remembers the messages that came, opened; `answer` makes what it answers of one.

    That is a text for the user, bytes as they are, a status, or None for `success`. It
    may wait: each request has a thread.
    """

    def __init__(self, url, *, appid=SERVICE):
        self.url = url
        self.messages = []
        self.paths = []
        self.connections = 0
        self.answer = lambda message: None
        self.crypto = WeChatCrypto(TOKEN, AES_KEY, appid)
        self._lock = threading.Lock()

    @property
    def contents(self):
        """Return the texts that came, in their order."""
        return [each.content for each in self.messages]

    def take(self, query, body):
        """Return status and body of the answer to a push."""
        opened = self.crypto.decrypt_message(
            body, query["msg_signature"], query["timestamp"], query["nonce"]
        )
        message = parse_message(opened)
        with self._lock:
            self.messages.append(message)
        answer = self.answer(message)
        if isinstance(answer, int):
            return answer, b"no"
        if isinstance(answer, str):
            reply = create_reply(answer, message).render()
            sealed = self.crypto.encrypt_message(reply, query["nonce"])
            return 200, sealed.encode()
        return 200, b"success" if answer is None else answer


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def setup(self):
        super().setup()
        self.server.service.connections += 1

    def do_POST(self):
        parts = urlsplit(self.path)
        self.server.service.paths.append(parts.path)
        query = dict(parse_qsl(parts.query))
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, answer = self.server.service.take(query, body)
        self.send_response(status)
        if status // 100 == 3:
            self.send_header("Location", self.path)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments):
        pass


@contextmanager
def message_service(*, port=0, appid=SERVICE):
    """Yield a service that listens."""
    server = _Server(("127.0.0.1", port), _Handler)
    server.service = MessageService(
        f"http://127.0.0.1:{server.server_port}/wx", appid=appid
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.service
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


_nonces = itertools.count()


def next_nonce():
    """Return a nonce that nobody had."""
    return f"n{next(_nonces)}"
