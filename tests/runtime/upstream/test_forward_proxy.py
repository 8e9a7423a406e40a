"""Calls to WeChat through a forward proxy: a real one, and ones that misbehave."""

from __future__ import annotations

import ssl

import pytest

from runtime.errors import ForwardProxyFailed, SettingsError, WeChatUnavailable
from runtime.settings import settings_from
from runtime.upstream.forward_proxy import forward_proxy
from runtime.upstream.transport import pooled_transport
from runtime.wechat.api import WeChat
from tests.support.gateway_environ import make_environ
from tests.support.ports import free_port
from tests.support.raw_server import RawServer, make_answer
from tests.support.recording_proxy import make_certificate
from tests.support.tiny_proxy import PASSWORD, TinyProxy

ANSWER = make_answer(b'{"errcode":0}')


@pytest.fixture
def tiny(tmp_path):
    with TinyProxy(tmp_path / "proxy") as running:
        yield running


def ask(url, proxy, *, transport=None, seconds=5.0):
    transport = transport or pooled_transport(proxy=forward_proxy(proxy))
    return transport("GET", f"{url}/cgi-bin/a", headers={}, body=None, seconds=seconds)


def test_a_call_goes_through_it(tiny):
    """One tunnel serves the calls that follow, and WeChat sees no header of it."""
    transport = pooled_transport(proxy=forward_proxy(tiny.url))
    with RawServer(ANSWER) as server:
        for _ in range(3):
            assert 200 == ask(server.url, "", transport=transport).status

        assert [server.url.removeprefix("http://")] == tiny.tunnels()
    assert "proxy" not in "".join(head for head, _ in server.requests).lower()


def test_tls_ends_at_wechat(tiny, tmp_path, monkeypatch):
    """The certificate is checked by the name of WeChat, not by that of the proxy."""
    certificate = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with RawServer(ANSWER, tls=context) as server:
        url = server.url.replace("http:", "https:")
        with pytest.raises(WeChatUnavailable) as untrusted:
            ask(url, tiny.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

        assert 200 == ask(url, tiny.url).status
    assert untrusted.value.nothing_sent


def test_a_wrong_password(tiny):
    """Nothing was sent, and the reason is named without the password."""
    with RawServer(ANSWER) as server:
        with pytest.raises(ForwardProxyFailed) as refused:
            ask(server.url, tiny.url.replace(PASSWORD, "another-password"))

        assert [] == server.requests
    assert tiny.name in refused.value.explanation
    assert "user and a password" in refused.value.explanation
    assert "another-password" not in refused.value.explanation


def test_what_wechat_refuses_through_it(tiny):
    """A proxy that cannot reach WeChat says so before anything was sent."""
    with pytest.raises(ForwardProxyFailed) as refused:
        ask(f"http://127.0.0.1:{free_port()}", tiny.url)

    assert refused.value.nothing_sent


def hangs_up(connection):
    connection.close()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (make_answer(b"", status="407 Proxy Authentication Required"), "answered 407"),
        (make_answer(b"no", status="403 Forbidden"), "its rules do not allow"),
        (make_answer(b"", status="405 Method Not Allowed"), "does not know CONNECT"),
        (make_answer(b"", status="502 Bad Gateway"), "it cannot reach WeChat"),
        (make_answer(b"", status="301 Moved"), "it refuses the tunnel"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "is no HTTP proxy"),
        (b"HTTP/1.1 200 OK\r\n\r\nmore", "sent more than an answer"),
        (b"HTTP/1.1 200 OK\r\nX : y\r\n\r\n", "is no HTTP proxy"),
        (hangs_up, "has hung up"),
    ],
)
def test_a_proxy_that_opens_no_tunnel(answer, reason, caplog):
    """Even a write may be repeated, and the log names the proxy, not its password."""
    with RawServer(answer) as proxy:
        name = proxy.url
        url = name.replace("http://", "http://user:p%40ss@")
        with pytest.raises(ForwardProxyFailed) as refused:
            ask("https://api.weixin.qq.com", url)

    assert refused.value.nothing_sent
    assert reason in refused.value.explanation
    assert f"the proxy {name} (WECHAT_PROXY_URL)" in caplog.text
    assert "p%40ss" not in caplog.text
    ((head, _),) = proxy.requests
    assert head.startswith("CONNECT api.weixin.qq.com:443 HTTP/1.1\r\n")
    assert "\r\nProxy-Authorization: Basic dXNlcjpwQHNz\r\n" in head


def test_a_proxy_that_is_away():
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(ForwardProxyFailed, match="wechat_unreachable") as refused:
        ask("https://api.weixin.qq.com", url)

    assert f"the proxy {url} (WECHAT_PROXY_URL) takes no connection" == (
        refused.value.explanation
    )


def test_a_proxy_that_hangs():
    """The deadline of the call is that of the tunnel too."""
    waits = RawServer(lambda connection: connection.recv(1))
    with waits as proxy, pytest.raises(ForwardProxyFailed) as refused:
        ask("https://api.weixin.qq.com", proxy.url, seconds=0.3)

    assert "did not answer in time" in refused.value.explanation


def test_the_reason_outlives_the_other_hosts():
    """WeChat's client tries its other hosts, and tells of the proxy in the end."""
    url = f"http://127.0.0.1:{free_port()}"
    wechat = WeChat(
        "https://api.weixin.qq.com",
        pooled_transport(proxy=forward_proxy(url)),
        seconds=2,
    )
    with pytest.raises(ForwardProxyFailed):
        wechat.call("GET", "/cgi-bin/token", hosts=("api2.weixin.qq.com",))


@pytest.mark.parametrize(
    "text",
    [
        *("proxy.example.com:3128", "https://proxy.example.com:3128"),
        *("http://proxy.example.com", "http://proxy.example.com:3128/path"),
        *("http://us er@proxy.example.com:1", "http://u:p@w@proxy.example.com:1"),
        *("http://u:p%zz@proxy.example.com:1", "http://proxy.example.com:99999"),
        *("socks5://127.0.0.1:1", "http://a\r\nb@proxy.example.com:1"),
    ],
)
def test_a_setting_that_is_none(text):
    with pytest.raises(SettingsError) as refused:
        settings_from(make_environ("nowhere", "redis://h/0", WECHAT_PROXY_URL=text))

    assert "WECHAT_PROXY_URL must be http://" in str(refused.value)
    assert "p%zz" not in str(refused.value)


def test_neither_user_nor_password_is_shown():
    url = "http://us%3Aer:p%40ss@[::1]:3128"
    made = settings_from(make_environ("nowhere", "redis://h/0", WECHAT_PROXY_URL=url))
    proxy = forward_proxy(made.wechat_proxy_url)

    assert "http://[::1]:3128" == proxy.name
    assert "p%40ss" not in f"{made!r}{proxy!r}"
    assert proxy.authorization not in repr(proxy)
