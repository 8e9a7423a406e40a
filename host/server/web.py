"""Connection delegate: Tornado's server calls it for each request."""

from __future__ import annotations

from tornado.httputil import HTTPConnection, HTTPServerConnectionDelegate

from host.fc.front import Front
from host.server.delegate import RequestDelegate
from host.server.workers import Workers


class FunctionSite(HTTPServerConnectionDelegate):
    """The functions of a template, as Tornado's server calls them."""

    def __init__(self, front: Front, workers: Workers, *, trusted_hops: int) -> None:
        self._front = front
        self._workers = workers
        self._trusted_hops = trusted_hops

    def start_request(
        self, server_conn: object, request_conn: HTTPConnection
    ) -> RequestDelegate:
        """Take the next request of a connection."""
        return RequestDelegate(
            request_conn,
            front=self._front,
            workers=self._workers,
            trusted_hops=self._trusted_hops,
        )
