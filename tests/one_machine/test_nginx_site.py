"""deploy/nginx: what its logs do not show, and how it passes requests on."""

import contextlib
import json
import re
import socket
import threading

import pytest

from host.fc.limits import MAX_BODY
from template.served import read_template
from tests.deploy_files.readers import address_seen, run, tool
from tests.support.local_hosts import SITE, LocalHost
from tests.support.nginx_server import ROOT, NginxServer
from tests.support.nginx_server import SITE as NGINX_SITE
from tests.support.ports import free_port

SECRET = "a-secret-of-a-client-0123456789abcdef"
LONG = "x" * 40 + SECRET
PATHS = (
    f"/cgi-bin/token?grant_type=client_credential&appid=wx1&secret={SECRET}",
    f"/login/scan/{SECRET}",
    f"/wechat_api/media/{LONG}/file.png",
    f"/?{SECRET}",
)


@contextlib.contextmanager
def broken_upstream(answer):
    """Listen, and answer each request by these bytes, or with None not at all."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        kept = []

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    kept.append(connection)
                    if answer is not None:
                        connection.recv(65536)
                        connection.sendall(answer)
                        connection.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(10)
        for each in kept:
            each.close()


@contextlib.contextmanager
def dead_upstream():
    yield f"127.0.0.1:{free_port()}"


IMPATIENT = (("proxy_read_timeout 65s;", "proxy_read_timeout 1s;"),)
SICK = {
    "dead": (dead_upstream, (), 502),
    "hangs up": (lambda: broken_upstream(b""), (), 502),
    "no HTTP": (lambda: broken_upstream(b"HTTP/1.1 200 OK\r\n\0: a\r\n\r\n"), (), 502),
    "is silent": (lambda: broken_upstream(None), IMPATIENT, 504),
    "says too much": (
        lambda: broken_upstream(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000),
        (),
        502,
    ),
}


def ask_all(nginx):
    """Ask for each path, with the secret in the Referer too; return the statuses."""
    referer = {"Referer": f"https://service.example.com/?code={SECRET}"}
    return {nginx.get(path, headers=referer).status for path in PATHS}


@pytest.mark.parametrize("sick", SICK.values(), ids=SICK)
def test_no_log_shows_a_query(tmp_path, sick):
    """Neither log has a secret of the URL, whatever is wrong with the host."""
    upstream, changes, status = sick
    with upstream() as place, NginxServer(tmp_path, place, changes=changes) as nginx:
        statuses = ask_all(nginx)
        nginx.get(PATHS[0], plain=True)
        nginx.request("POST", PATHS[0], headers={"Content-Length": str(10**9)})
    lines = [line for line in nginx.logs().splitlines() if line.startswith("{")]
    told = [json.loads(line) for line in lines]

    assert {status} == statuses
    assert SECRET not in nginx.logs()
    assert {"/cgi-bin/token", "/login/scan/***", "/wechat_api/media/***/file.png"} <= {
        each["path"] for each in told
    }
    # What the error log would have said stands here.
    failed = {(each["status"], each["upstream"]) for each in told}
    assert (str(status), place) in failed


def test_what_nobody_can_read_is_not_logged(tmp_path):
    """A malformed request, or one for another host, shows its query nowhere."""
    head = f"GET /?secret={SECRET} HTTP/1.1\r\n".encode()
    with dead_upstream() as place, NginxServer(tmp_path, place) as nginx:
        for rest in (
            b"Host: a b\r\n\r\n",
            b"Host: a\r\nHost: b\r\n\r\n",
            b"\x00\r\n\r\n",
            b"X: " + b"y" * 50_000 + b"\r\n\r\n",
            b"Host: other.example.com\r\nContent-Length: a\r\n\r\n",
        ):
            with socket.create_connection(("127.0.0.1", nginx.plain_port), 10) as one:
                one.sendall(head + rest)
                with contextlib.suppress(ConnectionResetError):
                    one.recv(65536)

    assert SECRET not in nginx.logs()


UNMASKED = ("map $uri $path_without_secrets", "map $uri $masked")
LEAKS = {
    "error": [("-error.log emerg;", "-error.log error;")],
    # A socket that is not there is reported at a level above error.
    "crit": [
        ("-error.log emerg;", "-error.log crit;"),
        ("server {place};", "server unix:/nowhere/socket;"),
    ],
    "request_uri": [UNMASKED, ("$path_without_secrets", "$request_uri")],
    "uri": [UNMASKED, ("$path_without_secrets", "$uri")],
}


@pytest.mark.parametrize("changes", LEAKS.values(), ids=LEAKS)
def test_a_leak_would_be_found(tmp_path, changes):
    """Each other setting that comes to mind shows the secret."""
    with dead_upstream() as place:
        filled = [(old.format(place=place), new) for old, new in changes]
        with NginxServer(tmp_path, place, changes=filled) as nginx:
            ask_all(nginx)

    assert SECRET in nginx.logs()


def test_requests_pass_as_they_are(tmp_path):
    """Path, query, host, body and the caller's address reach the host unchanged."""
    with LocalHost(tmp_path, "--port=0", f"--template={SITE}") as host:
        folder = tmp_path / "nginx"
        folder.mkdir()
        place = host.url.removeprefix("http://")
        with NginxServer(folder, place) as nginx:
            forged = {"X-Forwarded-For": "203.0.113.7", "Host": "gateway.example.com"}
            answer = nginx.request(
                "POST", "/echo/%E4%BD%A0?q=%20&q=2", body=b"1" * 70_000, headers=forged
            )
            plain = nginx.get(PATHS[0], plain=True)
            large = nginx.request(
                "POST", "/echo/", headers={"Content-Length": str(MAX_BODY + 1)}
            )
    seen = answer.json()

    assert ("/echo/%E4%BD%A0?q=%20&q=2", "gateway.example.com", "70000") == (
        seen["fc.request_uri"],
        seen["HTTP_HOST"],
        seen["CONTENT_LENGTH"],
    )
    assert "127.0.0.1" == address_seen(seen["HTTP_X_FORWARDED_FOR"], hops=1)
    assert (308, 413) == (plain.status, large.status)
    assert plain.headers["Location"].startswith("https://127.0.0.1")
    assert plain.headers["Location"].endswith(PATHS[0])


def test_its_times_fit_the_host():
    """It waits longer than the slowest function, and takes the host's largest body."""
    text = NGINX_SITE.read_text("utf-8")
    (seconds,) = re.findall(r"proxy_read_timeout (\d+)s;", text)
    (megabytes,) = re.findall(r"client_max_body_size (\d+)m;", text)
    functions = read_template(ROOT / "template.yml").functions
    slowest = max(each.timeout for each in functions)

    assert int(seconds) > slowest
    assert int(megabytes) * 1024 * 1024 == MAX_BODY


@pytest.mark.parametrize(
    ("version", "code"), [("tls1", 1), ("tls1_1", 1), ("tls1_2", 0), ("tls1_3", 0)]
)
def test_old_tls_is_refused(tmp_path, version, code):
    """Only TLS 1.2 and 1.3 are spoken."""
    openssl = tool("openssl")
    with dead_upstream() as place, NginxServer(tmp_path, place) as nginx:
        found, said = run(
            *(openssl, "s_client", "-connect", f"127.0.0.1:{nginx.port}"),
            *(f"-{version}", "-cipher", "ALL:@SECLEVEL=0"),
        )

    assert code == found, said
