"""`make smoke` against the deployment: healthy, or which function fails."""

from __future__ import annotations

import json
import re
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer

import pytest

from deploy.smoke.__main__ import main
from deploy.smoke.public import public_steps
from deploy.smoke.web import CheckFailed, Web
from runtime.version import VERSION, version
from tests.support.developer_host import DeveloperHost
from tests.support.recording_proxy import make_certificate


@pytest.mark.usefixtures("client")
def test_a_deployment_that_is_well(smoke, appids):
    """All functions, Redis, documents and the token are ok."""
    code, said = smoke()

    assert 0 == code, said
    assert 14 == said.count("ok  ")
    assert f"ok           token: {appids['service']}: f" in said
    assert "all checks passed" == said.splitlines()[-1]


@pytest.mark.usefixtures("client")
def test_without_a_key_it_says_what_it_left_out(smoke):
    """Without an access key the signed checks are skipped."""
    code, said = smoke(ACCESS_KEY_ID="")

    assert (0, 9) == (code, said.count("ok  "))
    assert "skipped      admin, documents, token, refresh, deliver, nudge: " in said


@pytest.mark.usefixtures("client")
def test_a_wrong_key(smoke):
    """FC's refusal is reported without a traceback."""
    code, said = smoke(ACCESS_KEY_SECRET="wrong")

    assert 1 == code
    for name in ("admin", "refresh", "deliver"):
        assert f"FAILED       {name}: SignatureNotMatch\n" in said
    assert (
        "failed: admin, documents, token, refresh, deliver, nudge"
        == said.splitlines()[-1]
    )


@pytest.mark.usefixtures("client")
def test_an_older_version_is_told_from_the_last_build(deployment, smoke):
    """With --built every function must have the version of the build."""
    built = deployment.tree / ".fun/build/code"
    code, said = smoke("--built", built=built)
    assert 0 == code, said
    (built / "REVISION").write_text("0123456789abcdef" * 2 + "01234567\n")
    version.cache_clear()
    code, said = smoke("--built", built=built)
    (built / "REVISION").unlink()
    version.cache_clear()

    assert (1, 9) == (code, said.count(f"version {VERSION} instead of {VERSION}+"))


def test_at_an_address_of_its_own(tmp_path):
    """At another host than that of PUBLIC_BASE_URL the sign-in page is looked at."""
    with DeveloperHost(tmp_path) as host:
        url = f"http://localhost:{host.port}"
        page = {"accept": "text/html"}
        led = host.http.request("GET", f"{url}/login", headers=page, redirect=False)
        said = dict(public_steps(Web(url), ""))["sign-in page"]()

    assert (303, f"{host.url}/login?_moved=1") == (led.status, led.headers["Location"])
    assert re.fullmatch(r"200, \d+ ms", said)


@pytest.fixture
def elsewhere():
    """Serve something that is no gateway, with a clock of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response_only(200)
            self.end_headers()
            told = {"hello": "you", "time": time.time() + 3600}
            self.wfile.write(json.dumps(told).encode())

        do_POST = do_GET

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_every_check_of_another_server_fails(elsewhere, capsys):
    """An answer of another server passes no check."""
    said = {}
    for name, look in public_steps(Web(elsewhere), ""):
        with pytest.raises(CheckFailed) as failed:
            look()
        said[name] = str(failed.value)

    assert re.fullmatch("\\+(3600|3599) s from this machine's", said["clock"])
    assert main([elsewhere], {}) == 1
    place = elsewhere.removeprefix("http://")
    expected = f"make smoke: {place} answers 200, but it is no gateway\n"
    assert capsys.readouterr().err == expected


@pytest.mark.parametrize("missing", ["ACCESS_KEY_SECRET", "ACCOUNT_ID", "REGION"])
def test_half_a_key(missing, capsys):
    """An incomplete access key is reported before any request."""
    whole = dict.fromkeys(("ACCESS_KEY_SECRET", "ACCOUNT_ID", "REGION"), "a")
    code = main(["http://127.0.0.1:1"], {**whole, "ACCESS_KEY_ID": "a", missing: ""})
    said = capsys.readouterr()

    assert (2, "") == (code, said.out)
    assert missing in said.err
    lent = {**whole, "ACCESS_KEY_ID": "a", "FC_ENDPOINT": "http://example.com"}
    assert 2 == main(["http://127.0.0.1:1"], lent)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:1", "no answer: nothing listens at 127.0.0.1:1"),
        ("http://gateway.invalid", "no answer: DNS knows no host gateway.invalid"),
    ],
)
def test_nobody_answers(capsys, url, why):
    """An unreachable deployment is reported in one sentence."""
    assert main([url], {}) == 1
    assert capsys.readouterr().err == f"make smoke: {why}\n"


def test_the_other_scheme(tmp_path, elsewhere, capsys, tls_server):
    """https where http is spoken, http where https is, and a strange certificate."""
    place = elsewhere.removeprefix("http://")
    assert main([f"https://{place}"], {}) == 1
    assert f"no answer: {place} does not speak https\n" in capsys.readouterr().err
    assert main([f"http://{tls_server}"], {}) == 1
    assert f"{tls_server} does not speak http, but perhaps" in capsys.readouterr().err
    assert main([f"https://{tls_server}"], {}) == 1
    said = capsys.readouterr().err
    assert said.startswith("make smoke: no answer: the certificate of 127.0.0.1 is not")


@pytest.mark.parametrize(
    ("tls_server", "expected"),
    [(13.5, "it ends in 13 days: get a new one"), (14.5, "14 days left")],
    indirect=["tls_server"],
)
def test_the_end_of_the_certificate(tls_server, expected, tmp_path, monkeypatch):
    """14 days before it there is time to get a new one."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    steps = dict(public_steps(Web(f"https://{tls_server}"), ""))
    try:
        said = steps["certificate"]()
    except CheckFailed as fault:
        said = str(fault)

    assert expected == said
    assert "certificate" not in dict(public_steps(Web(f"http://{tls_server}"), ""))


@pytest.fixture
def tls_server(request, tmp_path):
    """Serve by TLS with a certificate that nobody knows; return host and port."""
    days = getattr(request, "param", 90)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(make_certificate(tmp_path, days=days))
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.handle_error = lambda *_: None
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("location", "why"),
    [
        ("https://{}/login", "http://{} leads to https: use the https:// URL"),
        ("http://x.example/", "{} redirects to another place: 'http://x.example/'"),
    ],
)
def test_an_address_that_leads_elsewhere(capsys, location, why):
    """A proxy for http, or a parked domain."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response_only(301)
            self.send_header("Location", location.format(place))
            self.end_headers()

    server = HTTPServer(("127.0.0.1", 0), Handler)
    place = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    assert main([f"http://{place}"], {}) == 1
    thread.join()
    server.server_close()
    assert capsys.readouterr().err == f"make smoke: {why.format(place)}\n"


@pytest.mark.parametrize(
    "url", ["", "gateway.example.com", "http://[::1", "http://a:b", "https://"]
)
def test_an_address_that_is_none(url, capsys):
    """An invalid URL is reported, and nothing is requested."""
    code = main([url], {})
    said = capsys.readouterr()

    assert (2, "") == (code, said.out)
    assert "make smoke: give the deployed URL, URL=https://...\n" == said.err
