"""Request handler of a function: its hooks for errors and for the access line."""

import asyncio
import logging

from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

from host.server.application import make_application
from host.server.request_body import BodyBudget
from template.served import read_template
from tests.support.local_hosts import SITE


class FaultyWorkers:
    """Workers that break down instead of calling the function."""

    def __init__(self):
        self.in_flight = set()

    async def load(self, instance):
        pass

    async def run(self, instance, call, **more):
        raise RuntimeError("the-secret-in-the-text")


async def ask(path, workers, **more):
    """Serve the small site for one request; return its answer."""
    options = {
        "workers": workers,
        "trusted_hops": 0,
        "body_budget": BodyBudget(1000),
    }
    made = make_application(read_template(SITE), process={}, settings=options)
    listening, port = bind_unused_port()
    server = HTTPServer(made)
    server.add_socket(listening)
    try:
        client = AsyncHTTPClient(force_instance=True)
        url = f"http://127.0.0.1:{port}{path}"
        return await client.fetch(url, raise_error=False, **more)
    finally:
        server.stop()
        await server.close_all_connections()


def test_an_error_of_the_host_itself_is_answered_as_fc_does(caplog):
    """Text and stack go only to the log, under the request's id; none is in flight."""
    caplog.set_level(logging.INFO)
    workers = FaultyWorkers()
    answer = asyncio.run(ask("/echo", workers))
    request_id = answer.headers["X-Fc-Request-Id"]
    failed, access = caplog.records

    assert (502, b"HostError", set()) == (
        answer.code,
        answer.body.partition(b'"errorType": "')[2].strip(b'"}'),
        workers.in_flight,
    )
    assert b"the-secret" not in answer.body
    assert (f"{request_id} failed in the host", RuntimeError) == (
        failed.getMessage(),
        failed.exc_info[0],
    )
    assert ("access", True) == (access.name, request_id in access.getMessage())


def test_a_method_that_nobody_knows_is_no_error_of_the_host(caplog):
    """Anybody can send one: it must not fill the log with stacks."""
    caplog.set_level(logging.INFO)
    answer = asyncio.run(
        ask("/echo", FaultyWorkers(), method="BREW", allow_nonstandard_methods=True)
    )

    assert answer.code == 405
    assert [("access", "WARNING")] == [
        (record.name, record.levelname) for record in caplog.records
    ]
