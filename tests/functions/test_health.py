"""/healthz of every function: what it tells, how soon, and to whom."""

from __future__ import annotations

import importlib
import json
import socket
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from runtime.crypto.envelope import Envelope
from runtime.documents.documents import Documents
from runtime.documents.folder import FolderStore
from runtime.entry.dialects import api_dialect
from runtime.entry.entrypoint import entrypoint
from runtime.errors import ServiceUnavailable, SettingsError
from runtime.gateway import Gateway
from runtime.health import FRESH_SECONDS, Health
from runtime.settings import settings_from
from runtime.version import VERSION, version
from template.served import read_template
from tests.support.fc_calls import call_event, call_wsgi, make_environ_fc, make_event_fc
from tests.support.gateway_environ import make_environ
from tests.support.ports import free_port
from tests.support.routes_of_template import function_at
from tests.support.scripted_wechat import NOW

TEMPLATE = read_template(Path(__file__).parents[2] / "template.yml")
FUNCTIONS = {function.name: function for function in TEMPLATE.functions}
WELL = {"redis": "ok", "config": "ok"}


def handler_of(name):
    return importlib.import_module(f"functions.{name}.index").handler


def method_of(name):
    return "GET" if "GET" in FUNCTIONS[name].methods else "POST"


@pytest.fixture
def ask(gateway):
    """Ask a function for its health as FC does; return status, headers and JSON."""

    def run(name="login", path=None, *, of=gateway, method=None, **more):
        method = method or method_of(name)
        path = path or f"/{name}/healthz"
        environ = make_environ_fc(method=method, path=path, **more)
        status, headers, body = call_wsgi(handler_of(name).with_gateway(of), environ)
        return status, dict(headers), json.loads(body or b"null")

    return run


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_function_forgets_it(ask, name):
    """Each HTTP function of template.yml answers below its mount and without it."""
    told = {"function": name, "version": version(), **WELL, "time": NOW}
    told |= {"calls_in_flight": 0, "login_client": "ok"}

    for path in (f"/{name}/healthz", "/healthz"):
        status, headers, answer = ask(name, path)
        assert (200, "no-store", told) == (status, headers["Cache-Control"], answer)


def test_it_says_how_many_calls_wait_for_wechat(ask, gateway):
    """The figure that means load, also where it is 0: an autoscaler needs a number."""
    calls, sign_ins = gateway.calls_in_flight, gateway.sign_ins_in_flight
    with calls.counted("a"), calls.counted("b"), sign_ins.counted("b"):
        assert 3 == ask("wechat_api")[2]["calls_in_flight"]

    assert 0 == ask("wechat_api")[2]["calls_in_flight"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_its_address_leads_to_it(name):
    """By the domain's routes; /healthz itself is login's."""
    assert name == function_at(TEMPLATE, f"/{name}/healthz")[0]
    assert "login" == function_at(TEMPLATE, "/healthz")[0]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_event_is_answered_too(gateway, name):
    """FC 3.0's form of the same."""
    event = make_event_fc(method=method_of(name), path=f"/{name}/healthz")
    status, _, body = call_event(handler_of(name).with_gateway(gateway), event)

    assert (200, name) == (status, json.loads(body)["function"])


def test_head_is_answered_without_a_body(ask):
    """With the status, which is what a probe looks at."""
    assert (200, None) == ask(method="HEAD")[::2]


@pytest.mark.parametrize(
    ("name", "method", "allowed"),
    [
        ("oidc", "POST", "GET"),
        ("oidc", "OPTIONS", "GET"),
        ("admin", "GET", "POST"),  # its trigger takes POST alone
    ],
)
def test_another_method_is_refused(ask, name, method, allowed):
    """It is no verb, and no preflight."""
    status, headers, _ = ask(name, method=method)

    assert (405, allowed) == (status, headers["Allow"])


def with_redis(tmp_path, url):
    return Gateway(settings_from(make_environ(tmp_path, url)))


def look_for(gateway, seconds):
    store, documents = gateway.redis_store, gateway.documents
    gateway.health = Health(store, documents, look_seconds=seconds)


def test_a_redis_that_is_away(ask, tmp_path, caplog):
    """503, and neither its address nor its password is told or logged."""
    url = f"redis://:the-password@127.0.0.1:{free_port()}/0"
    status, _, answer = ask(of=with_redis(tmp_path, url))
    told = f"{answer}{caplog.text}"

    assert (503, "away", "ok") == (status, answer["redis"], answer["config"])
    assert not [each for each in ("the-password", "127.0.0.1") if each in told]


def test_a_redis_that_refuses_a_command(ask, tmp_path, redis_server, caplog):
    """Red, with the command's name, though every key could be written."""
    user = "lacking"
    client = redis_server.client()
    rule = ("on", ">the-password", "allkeys", "allcommands", "-zadd")
    client.execute_command("ACL", "SETUSER", user, *rule)
    url = f"redis://{user}:the-password@127.0.0.1:{redis_server.port}/0"
    status, _, answer = ask(of=with_redis(tmp_path, url))
    client.execute_command("ACL", "DELUSER", user)
    client.close()

    assert (503, "refused", ["zadd"], "ok") == (
        status,
        *(answer[name] for name in ("redis", "redis_refused", "config")),
    )
    assert "Redis refuses zadd" in caplog.text
    assert "the-password" not in caplog.text


def test_a_redis_that_takes_no_writes_is_away(ask, tmp_path, own_redis):
    """A replica answers a PING, and yet nobody could sign in by it."""
    client = own_redis.client()
    client.replicaof("127.0.0.1", free_port())
    status, _, answer = ask(of=with_redis(tmp_path, own_redis.url))

    assert (True, 503, "away") == (client.ping(), status, answer["redis"])
    client.close()


def test_a_redis_of_another_deployment(ask, tmp_path, redis_server, caplog):
    """Whoever used it first keeps it; the answer names neither, the log both."""
    one = with_redis(tmp_path, redis_server.url)
    other = Gateway(
        replace(one.settings, public_base_url="https://staging.example.com")
    )
    assert 200 == ask(of=one)[0]
    status, _, answer = ask(of=other)

    assert (503, "other_deployment", "ok") == (
        status,
        answer["redis"],
        answer["config"],
    )
    assert "example.com" not in json.dumps(answer)
    assert "https://gateway.example.com" in caplog.text


def test_a_redis_that_was_taken_over(ask, tmp_path, redis_server):
    """A process that has used it for long notices, too."""
    one = with_redis(tmp_path, redis_server.url)
    assert 200 == ask(of=one)[0]
    other = replace(one.settings, public_base_url="https://staging.example.com")
    Gateway(other).redis_store.take_over()
    one.health = Health(one.redis_store, one.documents)

    assert "other_deployment" == ask(of=one)[2]["redis"]


def test_a_bucket_that_is_away(ask, tmp_path, redis_server, monkeypatch):
    """It is asked itself, not Redis' copy of what it holds."""
    bucket = {
        "CONFIG_URL": "s3://bucket/prefix",
        "S3_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}",
    }
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    environ = make_environ(tmp_path, redis_server.url, **bucket)
    gateway = Gateway(settings_from(environ))
    look_for(gateway, 30.0)  # boto3 is slow to import
    status, _, answer = ask(of=gateway)

    assert (503, "ok", "away") == (status, answer["redis"], answer["config"])


def test_a_redis_that_hangs_holds_up_no_probe(ask, tmp_path):
    """It takes connections and says nothing, for longer than a probe would wait."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        gateway = with_redis(tmp_path, url)
        look_for(gateway, 0.2)
        began = time.monotonic()
        status, _, answer = ask(of=gateway)
        took = time.monotonic() - began

    assert (503, "away", "ok") == (status, answer["redis"], answer["config"])
    assert took < 2


class Counted:
    """A store and a config service in one, which count how often they are asked."""

    def __init__(self, *, away=False, pause=0.0):
        self.asked = 0
        self._away = away
        self._pause = pause

    def check_deployment(self):
        """Belong to whoever asks."""

    def try_commands(self, name):
        self.asked += 1
        threading.Event().wait(self._pause)
        if self._away:
            raise ServiceUnavailable

    def version(self, kind, id_):
        self.asked += 1


@pytest.mark.parametrize("keys", [{1: b"x" * 32}, {2: b"m" * 32}])
def test_wrong_master_keys(ask, gateway, keys, caplog):
    """Nobody could sign in: 503, although Redis and the folder are well."""
    assert 200 == ask()[0]
    wrong = Gateway(replace(gateway.settings, master_keys=keys))
    status, _, answer = ask(of=wrong)

    assert (503, "ok", "ok", "unreadable") == (
        status,
        *(answer[each] for each in ("redis", "config", "login_client")),
    )
    assert "version 1 cannot be read" in caplog.text


def test_one_of_the_apps_cannot_be_read(ask, gateway):
    """Those of LOGIN_CLIENT are opened; another client's app stops nothing."""
    other = Envelope({1: b"x" * 32})
    sealed = Documents(FolderStore(folder_of(gateway)), other)
    content = {"kind": "website", "secret": "5" * 32}
    sealed.write("apps", "wx" + "d" * 16, content, after=0)
    assert "ok" == ask(of=Gateway(gateway.settings))[2]["login_client"]

    client = gateway.settings.login_client
    document = gateway.documents.read("clients", client)
    scopes = {**document.content["scopes"], "wx" + "d" * 16: ["/*"]}
    content = {**document.content, "scopes": scopes}
    gateway.documents.write("clients", client, content, after=document.version)
    status, _, answer = ask(of=Gateway(gateway.settings))

    assert (503, "unreadable") == (status, answer["login_client"])


def test_a_deployment_without_clients_is_well(ask, gateway):
    """The first client is added by a running pod, so that one has to start."""
    settings = replace(gateway.settings, login_client="not_yet")
    status, _, answer = ask(of=Gateway(settings))

    assert (200, "missing") == (status, answer["login_client"])


def folder_of(gateway):
    return Path(gateway.settings.config_url.removeprefix("file:"))


def test_a_flood_of_probes_asks_once(clock):
    """The finding of this process counts for two seconds, good or bad."""
    for away, found in ((False, "ok"), (True, "away")):
        counted = Counted(away=away)
        one = Health(counted, counted, clock=clock)
        for _ in range(100):
            assert {"redis": found, "config": "ok"} == one.find()
        assert 2 == counted.asked

        clock.now += FRESH_SECONDS
        one.find()
        assert 4 == counted.asked


def test_probes_at_once_ask_once(clock):
    """Who comes while somebody looks gets the same finding."""
    counted = Counted(pause=0.2)
    one = Health(counted, counted, clock=clock)
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(one.find())) for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert ([WELL] * 20, 2) == (found, counted.asked)


def test_a_fault_of_ours_is_away_and_logged(clock, caplog):
    """A bug of ours counts as away and is logged."""
    counted = Counted()
    counted.version = None
    one = Health(counted, counted, clock=clock)

    assert {"redis": "ok", "config": "away"} == one.find()
    assert "config cannot be asked" in caplog.text


def no_settings():
    raise SettingsError("MASTER_KEYS is missing")


def probe_of(handler, query):
    environ = make_environ_fc(path="/login/healthz", query=query)
    status, _, body = call_wsgi(handler, environ)
    return status, json.loads(body)


def test_a_quick_probe_touches_nothing():
    """Not even the settings: the process is there, and says of which version."""
    handler = entrypoint(None, mount="/login", dialect=api_dialect, gateway=no_settings)

    assert (200, {"function": "login", "version": version()}) == probe_of(
        handler, "quick=1"
    )


def test_settings_that_are_at_fault(caplog):
    """The log names them, the caller is told no more than of any other fault."""

    handler = entrypoint((), mount="/login", dialect=api_dialect, gateway=no_settings)
    status, answer = probe_of(handler, "quick=0")

    assert (500, "internal_error") == (status, answer["error"])
    assert "MASTER_KEYS is missing" in caplog.text


def test_a_probe_may_name_any_host(ask, settings):
    """A probe may use a node's name, as a kubelet does; other requests are refused."""
    allowed = replace(settings, allowed_hosts=("gateway.example.com",))
    wired = Gateway(allowed, clock=lambda: NOW)
    headers = [("host", "10.0.0.7:8080")]

    assert 200 == ask(of=wired, headers=headers)[0]
    assert 421 == ask(of=wired, path="/login/me", headers=headers)[0]


def test_the_version_is_the_projects():
    """pyproject.toml is the other place that names it."""
    project = (Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8")

    assert f'\nversion = "{VERSION}"\n' in project


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (None, VERSION),
        ("6d1af7a0" * 5 + "\n", f"{VERSION}+6d1af7a06d1a"),
        ("6d1af7a", f"{VERSION}+6d1af7a"),
        ("main\n", VERSION),
        ("", VERSION),
        ("\xff", VERSION),
    ],
)
def test_the_commit_is_what_the_build_wrote(tmp_path, text, shown):
    """Its first digits; what is no commit is not shown."""
    if text is not None:
        (tmp_path / "REVISION").write_text(text, "latin-1")

    assert shown == version(tmp_path)


def test_an_old_verify_ticket_is_amber(ask, gateway, redis_server):
    """A component whose tickets do not come stops nothing that has a token."""
    content = {"kind": "component", "secret": "5" * 32}
    component = "wx" + "c" * 16
    gateway.documents.write("apps", component, content, after=0)
    push = {"token": "componentToken", "encoding_aes_key": "K" * 43}

    def tickets(of):
        status, _, told = ask(of=Gateway(of.settings))
        assert status == 200
        return told.get("verify_ticket"), told.get("verify_ticket_age")

    assert tickets(gateway) == (None, None)
    gateway.documents.write("apps", component, {**content, **push}, after=1)
    assert tickets(gateway) == ("amber", None)
    gateway.verify_tickets.put(component, "ticket@@@1", created=1)
    state, age = tickets(gateway)
    assert state == "ok"
    assert 0 <= age < 60
    with redis_server.client() as redis:
        key = f"gateway:verify_ticket:{{{component}}}"
        redis.hincrby(key, "received", -1_801_000)
    state, age = tickets(gateway)
    assert (state, age > 1800) == ("amber", True)
