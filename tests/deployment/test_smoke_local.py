"""`make smoke` at a local host: no app yet, an app that fails, no Redis."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from deploy.smoke.__main__ import main
from management.endpoint import Endpoint
from management.parser import FUNCTION, SERVICE
from runtime.state.deployment import KEY as DEPLOYMENT
from tests.support.local_hosts import SETTINGS, LocalHost
from tests.support.rsa_keys import oidc_key, private_key

KEY = {"ACCESS_KEY_ID": "AKtest", "ACCESS_KEY_SECRET": "SKtest"}
WELL, FROZEN = "wx" + "a" * 16, "wx" + "b" * 16


@pytest.fixture
def wechat():
    """WeChat's token of every app but one, whose AppSecret is frozen."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            told = {"access_token": "75_real", "expires_in": 7200}
            if asked["appid"] == FROZEN:
                told = {"errcode": 40243, "errmsg": "AppSecret frozen"}
            content = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def start(tmp_path, own_redis, wechat):
    """Start a host on an empty store, with a key for its function admin."""
    running = []

    def run(**more):
        own = {"REDIS_URL": own_redis.url, "WECHAT_API_URL": wechat, **more}
        key = ["--access_key_id=AKtest", "--access_key_secret=SKtest"]
        environment = {**SETTINGS, **own}
        running.append(LocalHost(tmp_path, "--port=0", *key, environment=environment))
        return running[-1].__enter__()

    yield run
    for host in running:
        host.__exit__()


@pytest.fixture
def smoke(capsys):
    """Look at a host with its key; return the exit code and the lines."""

    def run(host, *words):
        code = main([host.url, *words], {**KEY, "FC_ENDPOINT": host.url})
        return code, capsys.readouterr().out.splitlines()

    return run


def test_before_there_is_an_app(start, smoke):
    """Nothing fails: nobody can sign in yet, and what does not apply is skipped."""
    code, said = smoke(start())

    assert 0 == code, said
    page = "501, nobody can sign in yet: there is no client with an app"
    assert f"ok           sign-in page: {page}" in said
    assert "ok           token: no app has a token yet" in said
    assert [
        "skipped      OpenID Connect: no OIDC_KEY",
        "skipped      refresh: this URL does not invoke functions",
        "skipped      deliver: this URL does not invoke functions",
        "all checks passed",
    ] == [each for each in said if not each.startswith("ok  ")]


def test_openid_connect_is_looked_at_where_there_is_a_key(start, smoke):
    """With OIDC_KEY the issuer is reported."""
    code, said = smoke(start(OIDC_KEY=oidc_key({1: private_key()})))
    issuer = SETTINGS["PUBLIC_BASE_URL"]

    assert 0 == code
    assert any(
        each.startswith(f"ok           OpenID Connect: {issuer}") for each in said
    )


def test_redis_is_away(start, smoke, own_redis):
    """Every function reports Redis; clock and lock of admin are still ok."""
    host = start()
    own_redis.stop()
    code, said = smoke(host)

    assert 1 == code
    for name in (
        "login",
        "oauth_callback",
        "wechat_event",
        "wechat_api",
        "oidc",
        "admin",
    ):
        assert f"FAILED       {name}: redis away" in said
    assert any(each.startswith("ok           clock: ") for each in said)
    assert "ok           lock of admin: 403 for an unsigned call" in said


def test_redis_belongs_to_another_deployment(start, smoke, own_redis):
    """Every function that is asked says so."""
    host = start()
    with own_redis.client() as client:
        client.hset(DEPLOYMENT, "fingerprint", "0123456789abcdef")
    code, said = smoke(host)

    assert 1 == code
    assert "FAILED       login: Redis belongs to another deployment" in said


def test_master_keys_are_wrong(start, smoke):
    """Every function says that nobody can sign in."""
    admin = Endpoint(start().url, service=SERVICE, function=FUNCTION, environ=KEY)
    admin.perform("app", "add", {"appid": WELL, "kind": "website", "secret": "f" * 32})
    client = {"client_id": SETTINGS["LOGIN_CLIENT"], "name": "Demo"}
    admin.perform("client", "add", {**client, "scopes": {WELL: ["/*"]}})
    code, said = smoke(start(MASTER_KEYS="1:" + "bm5u" * 10 + "bm4="))

    assert 1 == code
    assert "FAILED       oidc: LOGIN_CLIENT or one of its apps cannot be read" in said


def test_every_apps_token_counts(start, smoke):
    """A second app that WeChat refuses fails, each time by what WeChat says now."""
    host = start()
    admin = Endpoint(host.url, service=SERVICE, function=FUNCTION, environ=KEY)
    for appid in (WELL, FROZEN):
        app = {"appid": appid, "kind": "service", "secret": "f" * 32}
        admin.perform("app", "add", app)
    refused, again = smoke(host), smoke(host)
    told = "FAILED       token: no token from WeChat: "
    words = "WeChat refused the request. (40243: AppSecret frozen)"

    assert [1, 1] == [code for code, _ in (refused, again)]
    assert f"{told}{WELL}: fetched, {FROZEN}: {words}" in refused[1]
    assert f"{told}{WELL}: fresh, {FROZEN}: {words}" in again[1]
    assert ["failed: token"] * 2 == [said[-1] for _, said in (refused, again)]


def test_unsigned_skips_what_needs_a_signature(start, smoke):
    """--unsigned skips the signed checks even if there is a key."""
    code, said = smoke(start(), "--unsigned")

    assert 0 == code
    assert (
        "skipped      admin, documents, token, refresh, deliver, nudge: --unsigned"
        in said
    )
    assert not [each for each in said if "ok           admin: " in each]
