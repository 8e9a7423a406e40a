"""A local host, a browser, and services that are made of clients as they come."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.browser.sign_in.user import User
from tests.clients.catalogue import WECHAT
from tests.clients.services import Service, make_wechat_port
from tests.support.chromium import chromium
from tests.support.developer_host import DeveloperHost
from tests.support.manage_process import run_manage


@pytest.fixture(scope="session")
def host(tmp_path_factory):
    """A local host with nothing configured, in a folder of its own."""
    with DeveloperHost(tmp_path_factory.mktemp("host")) as running:
        yield running


@pytest.fixture(scope="session")
def wechat_port(host, tmp_path_factory):
    """The gateway behind TLS, with a certificate for WeChat's host."""
    with make_wechat_port(host, tmp_path_factory.mktemp("wechat")) as port:
        yield port


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium."""
    with chromium() as running:
        yield running


@pytest.fixture
def new_user(browser, host):
    """Return a function that makes users, each with a browser of their own."""
    users = []

    def make(**looks):
        users.append(User(browser, host, **looks))
        return users[-1]

    yield make
    for each in users:
        each.leave()


@pytest.fixture
def entered(host):
    """The user, entered among those whom a product admits."""
    sub = host.user()["unionid"]
    for verb in ("add", "remove"):
        done = run_manage(host.folder, "person", verb, sub)
        assert done.returncode == 0, done.stderr
        if verb == "add":
            yield


@pytest.fixture
def start(host, tmp_path, request):
    """Start a service that is made of a client of the catalogue."""
    running = []

    def run(client, **more):
        service = Service(host, client, tmp_path, **more)
        if client.protocol == WECHAT:
            service.environment |= request.getfixturevalue("wechat_port")
        if client.source == "Debian":
            service.environment["BEHIND"] = request.getfixturevalue("claims_page")
        running.append(service)
        return service.start()

    yield run
    for each in running:
        each.stop()


@pytest.fixture
def claims_page():
    """A service behind Apache that shows the claims in its request's headers."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            names = [name for name in self.headers if name.startswith("OIDC_CLAIM_")]
            content = {
                # Apache passes bytes on; this server takes them for Latin-1.
                name[11:]: self.headers[name].encode("latin-1").decode()
                for name in names
            }
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/me"
    server.shutdown()
    server.server_close()
