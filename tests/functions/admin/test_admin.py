"""The admin function behind its trigger: verbs by POST, JSON, a line in the log."""

from __future__ import annotations

import json
import logging
from types import SimpleNamespace

import pytest

from functions.admin.index import METHODS, handler
from runtime.operations.verbs import OPERATIONS
from runtime.web.messages import NOSNIFF
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.scripted_wechat import APP_SECRET, CLIENT_SECRET, SERVICE

JSON = "application/json"
SIGNED = ("authorization", "FC AKoperator:c2lnbmF0dXJl")
FRESH = "wx0123456789abcdef"
APP = {"appid": FRESH, "kind": "service", "secret": "0123456789abcdef" * 2}


@pytest.fixture
def post(gateway):
    """Post to the function; return status, header pairs and JSON."""
    over = handler.with_gateway(gateway)

    def run(path, content=None, *, kind=JSON, body=None, method="POST", headers=()):
        environ = make_environ_fc(
            method=method,
            path=path,
            headers=[("content-type", kind), SIGNED, *headers],
            body=json.dumps(content or {}).encode() if body is None else body,
        )
        status, pairs, answer = call_wsgi(over, environ)
        return status, pairs, json.loads(answer)

    return run


@pytest.mark.parametrize("path", ["/admin/client/show", "/client/show"])
def test_a_verb_is_performed(post, path):
    """By the custom domain's path and by the default form's."""
    status, pairs, content = post(path, {"client_id": "demo"})

    assert (200, "Demo", 1) == (status, content["name"], content["secrets"])
    assert ("Cache-Control", "no-store") in pairs
    assert NOSNIFF in pairs


def test_a_trial_answers_as_the_command_would_and_writes_nothing(post, caplog):
    """Neither a document nor a line of the log; another verb knows no trial."""
    caplog.set_level(logging.INFO)
    tried = post("/admin/app/add", {**APP, "dry_run": True})
    assert (200, {"dry_run": True}) == (tried[0], tried[2])
    faulty = post("/admin/app/add", {**APP, "kind": "shop", "dry_run": True})
    assert (400, "invalid_document") == (faulty[0], faulty[2]["error"])
    assert faulty[2]["message"].startswith("kind must be ")
    assert 404 == post("/admin/app/show", {"appid": FRESH})[0]
    assert not [each for each in caplog.records if "AKoperator" in each.getMessage()]

    for more in ({"dry_run": 1}, {"dry_run": False}):
        assert 400 == post("/admin/app/add", {**APP, **more})[0]
    assert 200 == post("/admin/app/add", APP)[0]
    assert 409 == post("/admin/app/add", {**APP, "dry_run": True})[0]
    assert 400 == post("/admin/app/remove", {"appid": FRESH, "dry_run": True})[0]
    assert 200 == post("/admin/app/show", {"appid": FRESH})[0]


def test_what_changes_something_is_written_down(post, caplog):
    """The log has caller, verb, name and outcome; the answer alone the new secret."""
    caplog.set_level(logging.INFO)
    *_, made = post("/admin/client/add", {"name": "Order desk", "scopes": {}})
    post("/admin/client/add", {"name": "Order desk", "scopes": {}})
    post("/admin/app/add", APP)
    post("/admin/client/show", {"client_id": "order-desk"})
    post("/admin/document/rollback", {"kind": "apps", "id": FRESH, "to": 1})
    post("/admin/key/rotate")

    lines = [each.getMessage() for each in caplog.records]
    own = [line.split(" ", 1)[1] for line in lines if "AKoperator" in line]
    assert [
        "AKoperator client add order-desk: done",
        "AKoperator client add -: conflict",
        f"AKoperator app add {FRESH}: done",
        f"AKoperator document rollback apps/{FRESH}: done",
        "AKoperator key rotate -: done",
    ] == own
    assert not any(
        hush in caplog.text
        for hush in (made["secret"], APP["secret"], APP_SECRET, "c2lnbmF0dXJl")
    )


@pytest.mark.parametrize("hush", [CLIENT_SECRET, APP["secret"], "a\nb", 5, None, ["x"]])
def test_a_secret_in_a_names_place_is_not_logged(post, caplog, hush):
    """A caller that mixes up two arguments does not put a secret into the log."""
    caplog.set_level(logging.INFO)
    status, _, content = post("/client/disable", {"client_id": hush, "written": 5})

    assert (400, "invalid_document") == (status, content["error"])
    assert "client disable -: invalid_document" in caplog.text
    assert not isinstance(hush, str) or hush not in caplog.text + json.dumps(content)


def test_without_a_signature_in_sight_the_line_says_so(gateway, caplog):
    """A platform may not pass the header on; the log then has `-`."""
    caplog.set_level(logging.INFO)
    environ = make_environ_fc(
        method="POST", path="/key/rotate", headers=[("content-type", JSON)], body=b"{}"
    )

    assert 200 == call_wsgi(handler.with_gateway(gateway), environ)[0]
    assert " - key rotate -: done" in caplog.text


@pytest.mark.parametrize(
    ("path", "more", "status", "code"),
    [
        ("/admin/client/list", {"method": "GET"}, 405, "method_not_allowed"),
        ("/admin/client/list", {"kind": "text/plain"}, 400, "invalid_request"),
        (
            "/admin/client/list",
            {"kind": "application/x-www-form-urlencoded"},
            400,
            "invalid_request",
        ),
        ("/admin/client/list", {"body": b""}, 400, "invalid_request"),
        ("/admin/client/list", {"body": b"[]"}, 400, "invalid_request"),
        ("/admin/client/list", {"body": b"{"}, 400, "invalid_request"),
        ("/admin/client/list", {"body": b"\xff{}"}, 400, "invalid_request"),
        ("/admin/client/list", {"content": {"all": 1}}, 400, "invalid_document"),
        ("/admin/client/destroy", {}, 404, "unknown_verb"),
        ("/admin/client", {}, 404, "not_found"),
        ("/admin/", {}, 404, "not_found"),
        ("/admin/client/list/all", {}, 404, "not_found"),
        ("/admin/Client/List", {}, 404, "not_found"),
        (
            "/admin/client/show",
            {"content": {"client_id": "x"}},
            404,
            "unknown_document",
        ),
        (
            "/admin/client/rotate",
            {"content": {"client_id": "demo", "finish": True}},
            409,
            "conflict",
        ),
        (
            "/admin/store/export",
            {"content": {"with_secrets": True}},
            400,
            "invalid_document",
        ),
    ],
)
def test_what_is_refused(post, path, more, status, code):
    """The answer is JSON for every caller and Accept header, without CORS headers."""
    accept = ("accept", "text/html")
    origin = ("origin", "https://evil.example")
    given, pairs, content = post(path, headers=[accept, origin], **more)

    assert (status, code) == (given, content["error"])
    assert {"error", "message", "request_id"} == set(content)
    names = {name.lower() for name, _ in pairs}
    assert not {each for each in names if each.startswith("access-control")}
    assert "set-cookie" not in names


@pytest.mark.parametrize(("noun", "verb"), OPERATIONS)
def test_every_verb_has_its_path(post, noun, verb):
    """Without arguments a verb succeeds or names the missing argument."""
    status, _, content = post(f"/admin/{noun}/{verb}")

    assert status == 200 or content["error"] == "invalid_document"
    assert {"POST"} == METHODS


def test_a_fault_of_ours_shows_nothing(post, gateway, monkeypatch, caplog):
    """The answer is a plain 500; the log has the stack and the caller."""
    caplog.set_level(logging.INFO)

    def broken(*_):
        raise RuntimeError("hush")

    monkeypatch.setattr(gateway.documents, "read", broken)
    status, _, content = post("/admin/client/disable", {"client_id": "demo"})

    assert (500, "internal_error") == (status, content["error"])
    assert "hush" not in json.dumps(content)
    assert "client disable demo: internal_error" in caplog.text


@pytest.mark.parametrize(
    ("verb", "starts"),
    [("pause", []), ("resume", ["deliver"]), ("list", [])],
)
def test_deliver_is_started_where_something_may_be_due(gateway, verb, starts):
    """What is replayed or resumed is delivered now, not with the next minute."""
    started = []
    environ = make_environ_fc(
        method="POST",
        path=f"/admin/push/{verb}",
        headers=[("content-type", JSON), SIGNED],
        body=json.dumps({"appid": SERVICE}).encode(),
        context=SimpleNamespace(start_function=started.append, request_id="r"),
    )
    status, *_ = call_wsgi(handler.with_gateway(gateway), environ)

    assert (200, starts) == (status, started)


@pytest.mark.parametrize(
    ("path", "waits"),
    [
        ("/admin/push/listen", True),
        ("/admin/app/check", True),
        ("/push/listen", True),
        ("/admin/push/list", False),
    ],
)
def test_what_waits_for_wechat_keeps_nobody_else_waiting(path, waits):
    """It has threads of its own on the local host."""
    assert waits is handler.waits("POST", path)
