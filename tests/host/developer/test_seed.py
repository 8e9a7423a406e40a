"""Documents of a developer's first start: the sandbox's apps and a client."""

from __future__ import annotations

import http.server
import json
import threading
from typing import ClassVar

import pytest

from host.developer.seed import CLIENT_ID, seed
from runtime.gateway import Gateway
from tests.support.scripted_wechat import APP_SECRET, SERVICE, WEBSITE

APPS = [
    {
        "appid": appid,
        "kind": kind,
        "secret": APP_SECRET,
        "js_domain": "127.0.0.1",
        "token": "word",
    }
    for appid, kind in ((SERVICE, "service"), (WEBSITE, "website"))
]


class Sandbox(http.server.BaseHTTPRequestHandler):
    """Lists two apps, and takes where one pushes to."""

    told: ClassVar[list[dict[str, str]]] = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.told.append(json.loads(body))
        self.do_GET()

    def do_GET(self):
        body = json.dumps(APPS).encode()
        self.send_response(200 if self.path == "/_sandbox/apps" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def sandbox():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sandbox) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def gateway(settings):
    return Gateway(settings)


@pytest.fixture
def seeded(sandbox, gateway, tmp_path, monkeypatch):
    """Return a function that writes the documents, as each start of the host does."""
    monkeypatch.chdir(tmp_path)
    url = "http://127.0.0.1:8080"
    Sandbox.told.clear()
    return lambda: seed(gateway.documents, sandbox_url=sandbox, gateway_url=url)


def test_the_example_service_works_with_the_client(seeded, gateway):
    """The demo client has the example service's origin and redirect URI."""
    made = seeded()
    client = gateway.registry.client(CLIENT_ID)

    assert (SERVICE, WEBSITE) == made.appids == tuple(client.scopes_by_app)
    assert client.client_id == gateway.registry.client_of(made.secret).client_id
    assert (
        ("http://127.0.0.1:8090",),
        ("http://127.0.0.1:8090/signed_in",),
        ("http://127.0.0.1:8090/",),
        "",  # a page would link to it, and nobody may be there
        False,
    ) == (
        client.origins,
        client.redirect_uris,
        client.post_logout_redirect_uris,
        client.home,
        client.session_key,
    )


def test_what_is_right_stays(seeded, gateway):
    """A second start writes no document and returns the same secret."""
    first, second = seeded(), seeded()
    documents = gateway.documents

    assert first == second
    assert [1, 1, 1] == [
        documents.version("clients", CLIENT_ID),
        documents.version("apps", SERVICE),
        documents.version("apps", WEBSITE),
    ]


def test_what_a_developer_has_added_stays(seeded, gateway):
    """A start keeps fields that it does not set, such as routes and homes."""
    seeded()
    added = {"clients": (CLIENT_ID, {"rate": {"per_second": 5, "burst": 5}})}
    added["apps"] = (SERVICE, {"oauth_scope": "snsapi_base"})
    for kind, (id_, fields) in added.items():
        document = gateway.documents.read(kind, id_)
        content = {**document.content, **fields}
        gateway.documents.write(kind, id_, content, after=document.version)
    seeded()

    for kind, (id_, fields) in added.items():
        assert fields.items() <= gateway.documents.read(kind, id_).content.items()


def test_the_sandbox_pushes_to_the_gateway(seeded):
    """Of the accounts to whose URL WeChat pushes."""
    seeded()

    url = f"http://127.0.0.1:8080/wechat_event/{SERVICE}"
    assert [{"appid": SERVICE, "callback_url": url}] == Sandbox.told
