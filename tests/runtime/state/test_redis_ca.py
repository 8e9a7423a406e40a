"""Redis behind TLS with a certificate of a company's own authority: REDIS_CA."""

from __future__ import annotations

import base64
import datetime

import pytest

from runtime.errors import SettingsError, UntrustedRedis
from runtime.gateway import Gateway
from runtime.settings import settings_from
from runtime.state.redis_clients import connect
from runtime.state.redis_store import RedisStore
from tests.runtime.custody.deployments import Server, low_port, running, wait_for
from tests.support.gateway_environ import make_environ
from tests.support.private_ca import DAY, PrivateCa

TRUSTING = {"ssl": True, "ssl_cert_reqs": "none", "ssl_check_hostname": False}


@pytest.fixture
def ca(tmp_path):
    return PrivateCa(tmp_path / "ca")


def tls_server(folder, files, *options, sentinel=None):
    """Return a server that speaks TLS alone."""
    port = low_port()
    certificate, key = files
    if sentinel:
        lines = (
            f"port 0\ntls-port {port}\ntls-cert-file {certificate}\n"
            f"tls-key-file {key}\ntls-ca-cert-file {certificate}\n"
            "tls-auth-clients no\ntls-replication yes\n"
        )
        return Server(folder, port=port, sentinel=lines + sentinel)
    return Server(
        folder,
        *("--port", "0", "--tls-port", str(port), "--tls-auth-clients", "no"),
        *("--tls-cert-file", str(certificate), "--tls-key-file", str(key)),
        *("--tls-ca-cert-file", str(certificate.parent / "ca.pem")),
        *options,
        port=port,
    )


def use(url, ca):
    settings = settings_from(make_environ("nowhere", url, REDIS_CA=ca))
    store = RedisStore(lambda: connect(url, ca=settings.redis_ca))
    store.put("a", b"1", seconds=60)
    return store.get("a")


def test_a_single_server(tmp_path, ca):
    """By base64 on one line as on Function Compute, and by the path of a file."""
    server = tls_server(tmp_path / "redis", ca.sign("127.0.0.1"))
    with running(server):
        server.ready(**TRUSTING).close()
        url = f"rediss://127.0.0.1:{server.port}/0"

        assert b"1" == use(url, ca.setting) == use(url, str(ca.pem))
        for wrong in (PrivateCa(tmp_path / "other").setting, ""):
            with pytest.raises(UntrustedRedis) as refused:
                use(url, wrong)
            assert "that REDIS_CA does not name" in refused.value.explanation


def test_sentinel_and_its_master(tmp_path, ca):
    """Both are asked over TLS, and both have a certificate of that authority."""
    files = ca.sign("127.0.0.1")
    master = tls_server(tmp_path / "master", files, "--tls-replication", "yes")
    watch = f"sentinel monitor gateway 127.0.0.1 {master.port} 1\n"
    sentinel = tls_server(tmp_path / "sentinel", files, sentinel=watch)
    with running(master, sentinel):
        master.ready(**TRUSTING).close()
        sentinel.ready(**TRUSTING).close()
        url = f"rediss+sentinel://127.0.0.1:{sentinel.port}/gateway"

        assert b"1" == use(url, ca.setting)


def test_a_cluster(tmp_path, ca):
    """Each node's certificate is checked, also that of the first one asked."""
    options = ("--cluster-enabled", "yes", "--tls-cluster", "yes")
    node = tls_server(tmp_path / "node", ca.sign("127.0.0.1"), *options)
    with running(node), node.ready(**TRUSTING) as client:
        client.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383)
        url = f"rediss+cluster://127.0.0.1:{node.port}"
        wait_for(lambda: client.cluster("info")["cluster_state"] == "ok")

        assert b"1" == use(url, ca.setting)
        with pytest.raises(UntrustedRedis):
            use(url, PrivateCa(tmp_path / "other").setting)


@pytest.mark.parametrize(
    ("name", "ends", "reason"),
    [
        ("other.example.com", DAY, "another address than the host in the URL"),
        ("127.0.0.1", -datetime.timedelta(hours=1), "has expired"),
    ],
)
def test_health_says_what_is_wrong(tmp_path, ca, caplog, name, ends, reason):
    """Red, and the log names the reason; the password and the host stay out."""
    server = tls_server(tmp_path / "redis", ca.sign(name, ends=ends))
    with running(server):
        server.ready(**TRUSTING).close()
        url = f"rediss://:the-password@127.0.0.1:{server.port}/0"
        environ = make_environ(tmp_path, url, REDIS_CA=ca.setting)
        health = Gateway(settings_from(environ)).health

        assert "untrusted" == health.find()["redis"]
        assert reason in health.explanations()["redis"]
    assert reason in caplog.text
    assert "the-password" not in caplog.text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("/no/such/file", "names no readable file"),
        ("MIIB" + "A" * 40, "holds no certificate"),
        (base64.b64encode(b"\x30\x82" + b"x" * 40).decode(), "holds no certificate"),
        ("MIIBA", "is not base64"),
    ],
)
def test_a_setting_that_is_none(tmp_path, text, reason):
    """It is named at the start, and its value is not shown."""
    environ = make_environ(tmp_path, "rediss://127.0.0.1/0", REDIS_CA=text)

    with pytest.raises(SettingsError) as refused:
        settings_from(environ)
    assert reason in str(refused.value)
    assert text not in str(refused.value)


def test_without_tls_it_would_do_nothing(tmp_path, ca):
    environ = make_environ(tmp_path, "redis://127.0.0.1/0", REDIS_CA=ca.setting)

    with pytest.raises(SettingsError, match="REDIS_CA needs rediss://"):
        settings_from(environ)
