"""SDKs from PyPI and npm, unmodified, in programs of their own."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.end_to_end.sdks import SDKS
from tests.support.recording_proxy import RecordingProxy, make_certificate

HOST = "api.weixin.qq.com"
JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 8 + b"\xff\xd9"
TIMEOUT = 60
ISOLATED = Path(__file__).parent / "isolated_network.py"
UNSHARE = (["unshare", "-m", "-n"], ["unshare", "-U", "-r", "-m", "-n"])


EACH = pytest.mark.parametrize("sdk", SDKS)


@pytest.fixture
def surroundings(host, tmp_path):
    """What each script is told, and where it may leave files."""
    appid = host.app("service")["appid"]
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "APPID": appid,
        "SECRET": host.secret,
        "OPENID": host.user()["openid"][appid],
        "PICTURE": base64.b64encode(JPEG).decode(),
        "GATEWAY_URL": "",
    }


def start(command, surroundings, **more):
    """Start the script in the folder that is its home."""
    return subprocess.Popen(
        command,
        cwd=surroundings["HOME"],
        env={name: str(value) for name, value in surroundings.items()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **more,
    )


def told(process):
    """Return what the script tells of its work."""
    try:
        output, errors = process.communicate(timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    assert 0 == process.returncode, errors.decode()
    return json.loads(output)


def check_work(result):
    """A user, a template message, a menu, media and a refusal, as WeChat has them."""
    errcode, errmsg = result.pop("error")
    assert result.pop("msgid") > 0
    assert result == {
        "subscribe": 1,
        "button": "今日歌曲",
        "picture": base64.b64encode(JPEG).decode(),
    }
    assert 40003 == errcode
    assert "rid:" in errmsg


def check_secrets(host, proxy):
    """The program sent its own secret, one fetch at WeChat served it, and neither the
    AppSecret nor WeChat's token ever came its way."""
    app = host.app("service")
    assert 1 == len(host.journal("/cgi-bin/stable_token"))
    assert [] == host.journal("/cgi-bin/token")
    real = requests.post(
        f"{host.sandbox_url}/cgi-bin/stable_token",
        json={
            "grant_type": "client_credential",
            "appid": app["appid"],
            "secret": app["secret"],
        },
        timeout=20,
    ).json()["access_token"]
    passed = bytes(proxy.sent + proxy.answered)

    assert host.secret.encode() in passed
    assert app["secret"].encode() not in passed
    assert real.encode() not in passed
    assert not any(each in host.log() for each in (app["secret"], real, host.secret))


@EACH
def test_it_works_with_another_host_and_secret(host, surroundings, sdk):
    """By the SDK's own setting; WeChat sees one fetch of a token, and it no secret."""
    command, more = SDKS[sdk]()
    with RecordingProxy(host.port) as proxy:
        url = f"http://127.0.0.1:{proxy.port}"
        result = told(start(command, {**surroundings, **more, "GATEWAY_URL": url}))

    check_work(result)
    check_secrets(host, proxy)


@pytest.fixture
def other_network():
    """Return a command before another one: no network but a loopback, own mounts."""
    for command in UNSHARE:
        try:
            if subprocess.run([*command, "true"], capture_output=True).returncode == 0:
                return command
        except OSError:
            break
    return pytest.skip("no namespaces for network and mounts may be made here")


@EACH
def test_it_works_by_hosts_file_alone(host, surroundings, tmp_path, other_network, sdk):
    """WeChat's host is the gateway, behind TLS: the SDK is told of the certificate
    and has the client's secret, and nothing else has changed."""
    command, more = SDKS[sdk]()
    certificate = make_certificate(tmp_path, HOST)
    hosts = tmp_path / "hosts"
    hosts.write_text(f"127.0.0.1 localhost {HOST}\n")
    trusted = {"REQUESTS_CA_BUNDLE": certificate, "NODE_EXTRA_CA_CERTS": certificate}
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(TIMEOUT)
        inside = [sys.executable, ISOLATED, str(theirs.fileno()), hosts, *command]
        process = start(
            [*other_network, *inside],
            {**surroundings, **more, **trusted},
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        _, descriptors, _, _ = socket.recv_fds(ours, 3, 1)
    assert descriptors, told(process)
    listener = socket.socket(fileno=descriptors[0])
    with RecordingProxy(host.port, certificate=certificate, listener=listener) as proxy:
        result = told(process)

    check_work(result)
    check_secrets(host, proxy)
    assert f"Host: {HOST}".encode() in proxy.sent
