"""A proxy of an HTTP server that holds back a call, before or after it is answered."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import urllib3

SECONDS = 30


class HeldServer:
    """Passes requests on to `target`; `hold` stops the next one of a path.

    `reached` is set when it is there; `release` lets it go on, or drops it.
    """

    def __init__(self, target):
        self.target = target
        self.reached, self.released = threading.Event(), threading.Event()
        self._path, self._when, self._drops = "", "", False
        self._http = urllib3.PoolManager(retries=False, timeout=SECONDS)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.held = self
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.release()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._http.clear()

    def hold(self, path, when):
        """Hold the next call of this path, `before` or `after` the server has it."""
        self.reached.clear()
        self.released.clear()
        self._path, self._when = path, when

    def release(self, *, drop=False):
        self._path, self._drops = "", drop
        self.released.set()

    def pass_on(self, handler):
        length = int(handler.headers.get("Content-Length") or 0)
        body = handler.rfile.read(length) if length else None
        path = handler.path.partition("?")[0]
        self._wait_if(path, "before")
        answer = self._http.request(
            handler.command,
            self.target + handler.path,
            headers={"Content-Type": handler.headers.get("Content-Type", "")},
            body=body,
            redirect=False,
        )
        self._wait_if(path, "after")
        return answer

    def _wait_if(self, path, when):
        if (path, when) == (self._path, self._when):
            self.reached.set()
            self.released.wait(SECONDS)
            if self._drops:
                raise ConnectionResetError


class _Handler(BaseHTTPRequestHandler):
    def answer(self):
        try:
            answer = self.server.held.pass_on(self)
        except ConnectionResetError:
            self.close_connection = True
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers.get("Content-Type", ""))
        self.send_header("Content-Length", str(len(answer.data)))
        self.end_headers()
        self.wfile.write(answer.data)

    do_GET = do_POST = answer

    def log_message(self, *arguments):
        pass
