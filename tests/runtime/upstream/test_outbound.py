"""Calls to addresses of documents, against real servers on loopback."""

import socket
import threading
import time
from contextlib import contextmanager

import pytest

from runtime.gateway import Gateway
from runtime.settings import settings_from
from runtime.upstream.address_rules import parse_networks
from runtime.upstream.outbound import LARGEST_ANSWER, Outbound, TargetFault
from tests.support.gateway_environ import make_environ

LOOPBACK = parse_networks("127.0.0.0/8")
OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 7\r\n\r\nsuccess"


@contextmanager
def target(answer=OK, *, delay=0.0):
    """Run a server with one answer to each connection; yield port and requests."""
    listener = socket.create_server(("127.0.0.1", 0))
    seen = []

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                seen.append(connection.recv(65536))
                time.sleep(delay)
                with _no_error():
                    connection.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1], seen
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@contextmanager
def _no_error():
    try:
        yield
    except OSError:
        return


def resolves_to(*addresses):
    """Return a resolver with one answer after the other."""
    left = list(addresses)

    def resolve(host, port):
        address = left.pop(0) if len(left) > 1 else left[0]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        where = (address, port, 0, 0) if ":" in address else (address, port)
        return [(family, socket.SOCK_STREAM, 6, "", where)]

    return resolve


def post(outbound, url, *, seconds=5.0):
    return outbound.call(
        url, headers={"Content-Type": "text/xml"}, body=b"<xml/>", seconds=seconds
    )


def fault(outbound, url, *, seconds=5.0):
    with pytest.raises(TargetFault) as raised:
        post(outbound, url, seconds=seconds)
    return raised.value.reason


def test_an_allowed_address_is_called():
    """With its own Host, path and query."""
    outbound = Outbound(private=LOOPBACK, resolve=resolves_to("127.0.0.1"))
    with target() as (port, seen):
        answer = post(outbound, f"http://bot.example:{port}/wx?a=%2f&b=1#part")
    assert (200, b"success") == (answer.status, answer.body)
    first, *lines = seen[0].split(b"\r\n")
    assert b"POST /wx?a=%2f&b=1 HTTP/1.1" == first
    assert b"Host: bot.example:%d" % port in lines


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "169.254.169.254",
        "100.100.100.200",
        "64:ff9b::7f00:1",
        "::ffff:127.0.0.1",
        "192.168.1.1",
    ],
)
def test_an_address_that_is_not_allowed_is_not_called(address):
    with target() as (port, seen):
        outbound = Outbound(resolve=resolves_to(address))
        for scheme in ("http", "https"):
            assert "not_allowed" == fault(outbound, f"{scheme}://bot.example:{port}/")
    assert [] == seen


def test_one_address_of_several_that_is_not_allowed():
    def resolve(host, port):
        return resolves_to("8.8.8.8")(host, port) + resolves_to("10.0.0.1")(host, port)

    assert "not_allowed" == fault(Outbound(resolve=resolve), "https://bot.example/")


def test_http_to_a_global_address():
    """Plain text goes to allowed networks only."""
    outbound = Outbound(private=LOOPBACK, resolve=resolves_to("8.8.8.8"))
    assert "not_allowed" == fault(outbound, "http://bot.example/")


def test_a_name_that_resolves_to_another_address_a_moment_later():
    """The address that was checked is the one that is called."""
    with target() as (port, seen):
        outbound = Outbound(
            private=LOOPBACK, resolve=resolves_to("127.0.0.1", "10.0.0.1")
        )
        url = f"http://bot.example:{port}/"
        assert 200 == post(outbound, url).status
        assert "not_allowed" == fault(outbound, url)
    assert 1 == len(seen)


def test_redis_is_never_called():
    """Nor by another name of its address; another port of it may be called."""
    with target() as (redis, at_redis), target() as (port, seen):
        outbound = Outbound(
            private=LOOPBACK,
            never=[("redis.internal", redis)],
            resolve=resolves_to("127.0.0.1"),
        )
        assert "not_allowed" == fault(outbound, f"http://bot.example:{redis}/")
        assert 200 == post(outbound, f"http://bot.example:{port}/").status
    assert ([], 1) == (at_redis, len(seen))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://bot.example/",
        "file:///etc/passwd",
        "http://user@bot.example/",
        "http://user:word@bot.example/",
        "//bot.example/",
        "bot.example",
    ],
)
def test_a_url_that_is_not_called(url):
    outbound = Outbound(private=LOOPBACK, resolve=resolves_to("127.0.0.1"))
    assert "not_allowed" == fault(outbound, url)


def test_a_redirect_is_an_answer():
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
    outbound = Outbound(private=LOOPBACK)
    with target(moved + b"Content-Length: 0\r\n\r\n") as (port, seen):
        assert 302 == post(outbound, f"http://127.0.0.1:{port}/").status
    assert 1 == len(seen)


def test_no_proxy_of_the_environment(monkeypatch):
    with target() as (proxy, at_proxy), target() as (port, _):
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy}")
        outbound = Outbound(private=LOOPBACK)
        assert 200 == post(outbound, f"http://127.0.0.1:{port}/").status
    assert [] == at_proxy


@pytest.mark.parametrize("size", [LARGEST_ANSWER, LARGEST_ANSWER + 1, 50_000_000])
def test_a_large_answer(size):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size
    outbound = Outbound(private=LOOPBACK)
    with target(head + b"x" * min(size, 1_000_000)) as (port, _):
        url = f"http://127.0.0.1:{port}/"
        if size == LARGEST_ANSWER:
            assert size == len(post(outbound, url).body)
        else:
            assert "too_large" == fault(outbound, url)


def test_a_slow_target():
    with target(delay=3) as (port, _):
        outbound = Outbound(private=LOOPBACK)
        assert "timeout" == fault(outbound, f"http://127.0.0.1:{port}/", seconds=0.3)


def test_a_dead_target():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    outbound = Outbound(private=LOOPBACK)
    assert "unreachable" == fault(outbound, f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("answer", [b"hello", b"", OK[:-1]])
def test_an_answer_that_is_no_http(answer):
    with target(answer) as (port, _):
        outbound = Outbound(private=LOOPBACK)
        assert "no_http" == fault(outbound, f"http://127.0.0.1:{port}/")


def test_an_unknown_name():
    def resolve(host, port):
        raise socket.gaierror

    assert "unreachable" == fault(Outbound(resolve=resolve), "https://bot.example/")


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1", "127.0.0.9"])
def test_redis_by_another_form_of_its_address(address):
    """A machine calls itself by many addresses."""
    networks = parse_networks("127.0.0.0/8,::1/128")

    def resolve(host, port):
        return resolves_to("::1" if host == "redis" else address)(host, port)

    outbound = Outbound(private=networks, never=[("redis", 6379)], resolve=resolve)
    assert "not_allowed" == fault(outbound, "http://bot.example:6379/")


def test_a_bucket_by_a_name_that_leads_elsewhere():
    """Its addresses change from one answer of the resolver to the next."""
    addresses = (f"10.0.0.{number}" for number in range(1, 99))
    outbound = Outbound(
        private=parse_networks("10.0.0.0/8"),
        never=[("bucket.example", 80)],
        resolve=lambda host, port: resolves_to(next(addresses))(host, port),
    )
    for name in ("bucket.example", "BUCKET.example."):
        assert "not_allowed" == fault(outbound, f"http://{name}/")


def test_a_port_that_no_private_host_may_have():
    """For servers that Sentinel or a cluster names."""
    never = [("", 6379)]
    with target() as (port, seen):
        outbound = Outbound(private=LOOPBACK, never=[*never, ("", port)])
        assert "not_allowed" == fault(outbound, f"http://127.0.0.1:{port}/")
        outbound = Outbound(private=LOOPBACK, never=never)
        assert 200 == post(outbound, f"http://127.0.0.1:{port}/").status
    assert 1 == len(seen)


def test_a_name_of_redis_that_is_unknown_forbids_nothing_else():
    def resolve(host, port):
        if host == "redis":
            raise socket.gaierror
        return resolves_to("127.0.0.1")(host, port)

    with target() as (port, _):
        outbound = Outbound(private=LOOPBACK, never=[("redis", port)], resolve=resolve)
        assert 200 == post(outbound, f"http://bot.example:{port}/").status


@pytest.mark.parametrize(
    ("setting", "url", "port"),
    [
        ("REDIS_URL", "redis://127.0.0.1:{}/0", None),
        ("REDIS_URL", "redis://127.0.0.1", 6379),
        ("PUSH_REDIS_URL", "rediss://:word@localhost:{}", None),
        ("REDIS_URL", "redis+sentinel://127.0.0.1:{}/main", None),
        ("REDIS_URL", "redis+sentinel://10.0.0.1:26379/main", 6379),
        ("REDIS_URL", "redis+cluster://10.0.0.1:{}", None),
        ("S3_ENDPOINT_URL", "http://127.0.0.1:{}", None),
    ],
)
def test_the_gateway_forbids_what_its_settings_name(tmp_path, setting, url, port):
    """At the gateway's own Redis and bucket nothing arrives, next to them it does."""
    with target() as (its_port, at_it), target() as (other, at_other):
        environ = {
            **make_environ(tmp_path, "redis://10.0.0.1:6379"),
            "CONFIG_URL": "s3://documents/gateway",
            "S3_ENDPOINT_URL": "https://10.0.0.1",
            "PUSH_PRIVATE_NETWORKS": "127.0.0.0/8",
            setting: url.format(its_port),
        }
        outbound = Gateway(settings_from(environ)).outbound
        never = f"http://127.0.0.1:{port or its_port}/"
        assert "not_allowed" == fault(outbound, never)
        assert 200 == post(outbound, f"http://127.0.0.1:{other}/").status
    assert ([], 1) == (at_it, len(at_other))


def test_without_the_setting_no_private_address_is_called(settings):
    with target() as (port, seen):
        outbound = Gateway(settings).outbound
        assert "not_allowed" == fault(outbound, f"http://127.0.0.1:{port}/")
    assert [] == seen
