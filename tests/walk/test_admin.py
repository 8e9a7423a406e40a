"""manage.py as a process against a real host: beside it, and through its admin trigger."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from email.utils import formatdate
from pathlib import Path
from urllib.parse import urlsplit

import fc2
import pytest
from fc2.auth import Auth

from tests.conftest import make_environ
from tests.host.processes import ROOT, LocalHost

APPID = "wx0123456789abcdef"
APP_SECRET = "0123456789abcdef" * 2
KEY_ID, KEY_SECRET = "AKoperator", "SK-operators-own"
PATH = "/2016-08-15/proxy/wechat_gateway/admin/client/list"


@pytest.fixture(scope="module")
def host(tmp_path_factory, shared_redis):
    """A host on complete settings, whose admin trigger knows one key."""
    folder = tmp_path_factory.mktemp("admin")
    environment = make_environ(folder, shared_redis.url, PUBLIC_BASE_URL="http://a")
    nowhere = dict.fromkeys(
        ("WECHAT_API_URL", "WECHAT_OPEN_URL", "WECHAT_MP_URL"), "http://127.0.0.1:1"
    )
    config = folder / "server.conf"
    config.touch(0o600)
    config.write_text(
        f"access_key_id = {KEY_ID!r}\naccess_key_secret = {KEY_SECRET!r}\n"
    )
    options = ("--port=0", "--config=server.conf")
    with LocalHost(folder, *options, environment={**environment, **nowhere}) as host:
        yield host


def run_manage(folder, *words, typed="", **environment):
    """Run manage.py as a process of its own, which sees nothing else of this one."""
    kept = ("PATH", "HOME", "LANG", "COVERAGE_PROCESS_CONFIG")
    inherited = {name: os.environ[name] for name in kept if name in os.environ}
    return subprocess.run(
        [sys.executable, ROOT / "manage.py", *words],
        cwd=folder,
        env={**inherited, **environment},
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def manage(host, tmp_path):
    """manage.py with the endpoint and the key in its environment."""
    key = {"ACCESS_KEY_ID": KEY_ID, "ACCESS_KEY_SECRET": KEY_SECRET}

    def run(words, *, typed="", **environment):
        words = [*words.split(), "--endpoint", host.url]
        return run_manage(tmp_path, *words, typed=typed, **{**key, **environment})

    return run


def test_an_operators_day_through_the_endpoint(manage, host, tmp_path):
    """Secrets go in by stdin and come out once; the host's log has names alone."""
    added = manage(f"app add {APPID} --kind service --secret-stdin", typed=APP_SECRET)
    assert (0, "") == (added.returncode, added.stderr)
    words = f"client add Orders --app {APPID} --scope /cgi-bin/user/* --json"
    made = json.loads(manage(words).stdout)
    query = f"grant_type=client_credential&appid={APPID}&secret={made['secret']}"
    issued = json.loads(host.get(f"/cgi-bin/token?{query}").data)
    assert 7200 == issued["expires_in"]
    table = manage("client list").stdout
    assert "orders" == table.splitlines()[1].split()[0]

    disabled = json.loads(manage("client disable orders --json").stdout)
    assert disabled["disabled"]
    assert 40125 == json.loads(host.get(f"/cgi-bin/token?{query}").data)["errcode"]
    exported = manage("store export all.json --json")
    assert {"file": "all.json", "documents": 2, "sealed": True} == json.loads(
        exported.stdout
    )
    assert 0 == manage("client remove orders").returncode
    assert 0 == manage(f"app remove {APPID}").returncode
    imported = json.loads(manage("store import all.json --json").stdout)
    assert [f"apps/{APPID}", "clients/orders"] == imported["written"]
    log = host.log()
    assert f"{KEY_ID} client disable orders: done" in log
    hushed = (APP_SECRET, made["secret"], KEY_SECRET, issued["access_token"])
    kept = "".join(
        file.read_text() for file in Path(host.folder).glob("config/**/*.json")
    )
    texts = (log, kept, table, exported.stdout, (tmp_path / "all.json").read_text())
    assert not [text for text in texts for hush in hushed if hush in text]


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        (
            {"ACCESS_KEY_SECRET": "wrong"},
            "The platform refused the call: SignatureNotMatch.",
        ),
        ({"ACCESS_KEY_ID": "AKx"}, "The platform refused the call: SignatureNotMatch."),
        (
            {"ACCESS_KEY_ID": ""},
            "--endpoint needs ACCESS_KEY_ID and ACCESS_KEY_SECRET.",
        ),
    ],
)
def test_another_key_is_refused(manage, environment, said):
    """In a sentence, with exit code 1 and without the key."""
    done = manage("client list", **environment)

    assert (1, "", f"manage.py: {said}\n") == (
        done.returncode,
        done.stdout,
        done.stderr,
    )


def test_the_clouds_own_names_of_the_key(manage):
    """As a function with a role has them."""
    given = {
        "ACCESS_KEY_ID": "",
        "ALIBABA_CLOUD_ACCESS_KEY_ID": KEY_ID,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": KEY_SECRET,
        "ALIBABA_CLOUD_SECURITY_TOKEN": "token",
    }

    assert 0 == manage("client list", **given).returncode


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("client show nobody", "There is no clients/nobody."),
        ("client list --function login", "The platform refused the call:"),
        ("client list --service other", "The platform refused the call:"),
        ("store export x --with-secrets", "--with-secrets works offline only."),
        ("token show", "none"),
    ],
)
def test_what_the_endpoint_refuses(manage, words, said):
    """The function's own sentence, or the platform's code."""
    done = manage(words)

    assert said in (done.stderr or "none")
    assert len(done.stderr.splitlines()) <= 1
    assert (1 if done.stderr else 0) == done.returncode


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://gateway.example.com", "--endpoint is https://"),
        ("https://user@gateway.example.com", "--endpoint is https://"),
        ("ftp://127.0.0.1", "--endpoint is https://"),
        ("http://127.0.0.1:1", "The endpoint does not answer: ConnectionError."),
    ],
)
def test_an_endpoint_that_cannot_be(tmp_path, url, said):
    """A new client's secret never comes over a line that others read."""
    key = {"ACCESS_KEY_ID": KEY_ID, "ACCESS_KEY_SECRET": KEY_SECRET}
    done = run_manage(tmp_path, "client", "list", "--endpoint", url, **key)

    assert 1 == done.returncode
    assert done.stderr.startswith(f"manage.py: {said}")
    assert 1 == len(done.stderr.splitlines())


def call(host, path=PATH, *, date=None, key=KEY_SECRET, sign=True, body=b"{}"):
    """Post with a signature by the vendor's own code; return status and JSON."""
    headers = {"content-type": "application/json", "date": date or now()}
    if sign:
        signature = Auth(KEY_ID, key).sign_request("POST", path, headers, {})
        headers["authorization"] = signature
    parts = urlsplit(host.url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    connection.request("POST", path, body=body, headers=headers)
    answer = connection.getresponse()
    told = answer.status, json.loads(answer.read())
    connection.close()
    return told


def now(seconds=0):
    import time

    return formatdate(time.time() + seconds, usegmt=True)


@pytest.mark.parametrize("path", [PATH, "/admin/client/list"])
@pytest.mark.parametrize(
    ("more", "code"),
    [
        pytest.param({"sign": False}, "SignatureNotMatch", id="unsigned"),
        pytest.param({"key": "wrong"}, "SignatureNotMatch", id="wrong key"),
        pytest.param({"date": now(-1000)}, "AccessDenied", id="old"),
        pytest.param({"date": now(1000)}, "AccessDenied", id="from the future"),
    ],
)
def test_nobody_else_comes_in(host, path, more, code):
    """By the default form and by the custom domain alike: 403, as FC has it."""
    status, content = call(host, path, **more)

    assert (403, code) == (status, content["ErrorCode"])


def test_who_signs_comes_in_and_may_repeat_it(host):
    """Within fifteen minutes the same request passes again, and with another body.

    So it is on FC: the signature covers neither a serial number nor the body.
    """
    date = now(-600)
    answers = [call(host, date=date), call(host, date=date)]
    assert [200, 200] == [status for status, _ in answers]
    status, content = call(host, date=date, body=b'{"all": true}')
    assert (400, "invalid_document") == (status, content["error"])
    assert 200 == call(host, "/admin/client/list", date=date)[0]


def test_the_vendors_client_reads_the_answer(host):
    """What manage.py stands on, by itself."""
    client = fc2.Client(
        endpoint=host.url, accessKeyID=KEY_ID, accessKeySecret=KEY_SECRET
    )
    answer = client.do_http_request(
        "POST",
        "wechat_gateway",
        "admin",
        "/store/check",
        headers={"content-type": "application/json"},
        body=b"{}",
    )

    assert (200, []) == (answer.status_code, answer.json()["faults"])


def test_beside_a_host_without_settings(house):
    """In its folder the host's own documents, Redis and sandbox are used."""
    folder = house.folder
    listed = run_manage(folder, "app", "list", "--json")
    appid = house.app("service")["appid"]
    assert appid in {each["appid"] for each in json.loads(listed.stdout)["apps"]}
    made = run_manage(
        folder, *f"client add Beside --app {appid} --scope /* --json".split()
    )
    secret = json.loads(made.stdout)["secret"]
    query = f"grant_type=client_credential&appid={appid}&secret={secret}"
    assert "access_token" in json.loads(house.get(f"/cgi-bin/token?{query}").data)

    fetched = run_manage(folder, "token", "refresh", appid, "--json")
    first = json.loads(fetched.stdout)["tokens"][0]
    assert f"access_token:{appid}" == first["name"]
    shown = run_manage(folder, "token", "show", appid, "--json")
    assert json.loads(shown.stdout)["tokens"][0]["remaining"] > 0
    assert "" == listed.stderr + made.stderr + fetched.stderr + shown.stderr
    assert "client add" not in house.log()
    assert secret not in house.log()
