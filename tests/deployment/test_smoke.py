"""`make smoke` against the deployment: healthy, or which function fails."""

from __future__ import annotations

import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from deploy.smoke.__main__ import main
from runtime.version import VERSION, version


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
    code = main([elsewhere], {})
    said = capsys.readouterr().out

    assert (1, 0) == (code, said.count("ok  "))
    assert re.search("FAILED       clock: \\+(3600|3599) s from this machine's", said)


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


def test_nobody_answers(capsys):
    """An unreachable deployment is reported without a traceback."""
    code = main(["http://127.0.0.1:1"], {})

    assert 1 == code
    assert 10 == capsys.readouterr().out.count("no answer: ConnectionRefusedError")


@pytest.mark.parametrize(
    "url", ["", "gateway.example.com", "http://[::1", "http://a:b", "https://"]
)
def test_an_address_that_is_none(url, capsys):
    """An invalid URL is reported, and nothing is requested."""
    code = main([url], {})
    said = capsys.readouterr()

    assert (2, "") == (code, said.out)
    assert "make smoke: give the deployed URL, URL=https://...\n" == said.err
