"""One instance under CPython 3.10: loading, environ, results, errors as FC's."""

from __future__ import annotations

import base64
import json

import pytest

from tests.deployment.function_compute.instance import Instance

SOURCE = """
import json, os, sys

def handler(environ, start_response):
    shown = {k: v for k, v in environ.items() if isinstance(v, (str, bool, tuple))}
    shown["body"] = environ["wsgi.input"].read().decode()
    shown["request_id"] = environ["fc.context"].request_id
    shown["memory"] = environ["fc.context"].function.memory
    shown["path"] = sys.path
    shown["cwd"] = os.getcwd()
    cookies = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
    start_response("200 OK", [("Content-Type", "text/plain"), *cookies])
    return [json.dumps(shown)[:5], json.dumps(shown)[5:].encode()]

def nothing(environ, start_response):
    start_response("204", [])

def fails(environ, start_response):
    return 1 / 0

def event(event, context):
    return {"got": event.decode(), "by": context.function.name}
"""
CALL = {
    "method": "POST",
    "uri": "/p%20q?a=1",
    "path": "/p%20q",
    "headers": {"content-type": ["text/x"], "cookie": ["a=1", "b=2"]},
    "client_ip": "192.0.2.9",
}


@pytest.fixture
def instance(python310, tmp_path):
    """Start an instance of a handler in a folder that is /code to it."""
    code, running = tmp_path / "code", []
    (code / "functions/shop").mkdir(parents=True)
    (code / "functions/shop/index.py").write_text(SOURCE)
    (code / "functions/shop/typo.py").write_text("def handler(:")
    (code / "functions/shop/lost.py").write_text("import nowhere_to_be_found")
    (code / "functions/shop/broken.py").write_text("{}['key']")

    def start(handler):
        function = {
            "functionName": "shop",
            "handler": handler,
            "memorySize": 256,
            "runtime": "python3.10",
            "timeout": 20,
            "environmentVariables": {
                "OURS": "kept",
                "PYTHONUSERBASE": "/code/.fun/python",
            },
        }
        made = Instance(
            python310,
            service="s",
            function=function,
            code=code,
            log=tmp_path / "log",
        )
        running.append(made)
        return made

    yield start
    for each in running:
        each.end()


def test_an_http_call(instance, tmp_path):
    """The environ is FC's, bodies are joined, and two cookies stay two."""
    told = instance("functions/shop/index.handler").call("http", body=b"hi", **CALL)
    shown = json.loads(base64.b64decode(told["body"]))
    expected = {
        **{"OURS": "kept", "FC_FUNCTION_NAME": "shop", "SCRIPT_NAME": ""},
        **{"SERVER_NAME": "FCRUNTIME", "SERVER_PORT": "9000", "HTTP": "on"},
        **{"PATH_INFO": "/p%20q", "QUERY_STRING": "a=1", "CONTENT_LENGTH": "2"},
        **{"CONTENT_TYPE": "text/x", "HTTP_COOKIE": "a=1,b=2", "body": "hi"},
        **{"REMOTE_ADDR": "192.0.2.9", "wsgi.url_scheme": "http", "memory": 256},
        **{"fc.request_uri": "/p%20q?a=1", "REQUEST_METHOD": "POST"},
        "cwd": str(tmp_path / "code"),
    }

    assert (200, ["a=1", "b=2"]) == (told["status"], told["headers"]["Set-Cookie"])
    assert expected == {name: shown[name] for name in expected}
    assert shown["request_id"]
    assert "_FC_HIDDEN" not in shown


def test_nothing_of_this_machine_is_on_the_path(instance, tmp_path):
    """sys.path has /code, the standard library and fun's user site."""
    (tmp_path / "code/.fun/python/lib/python3.10/site-packages").mkdir(parents=True)
    told = instance("functions/shop/index.handler").call("http", **CALL)
    path = json.loads(base64.b64decode(told["body"]))["path"]
    code = str(tmp_path / "code")

    assert f"{code}/" == path[0]
    assert f"{code}/.fun/python/lib/python3.10/site-packages" == path[-1]
    assert [] == [each for each in path[1:-1] if "site-packages" in each or not each]


def test_an_event(instance):
    """A handler gets bytes and returns what JSON can hold."""
    told = instance("functions/shop/index.event").call("event", body=b"tick")

    assert {"result": '{"got": "tick", "by": "shop"}'} == told


@pytest.mark.parametrize(
    ("handler", "error_type"),
    [
        ("functions/shop/index", "InvalidHandleName"),
        ("handler", "InvalidHandleName"),
        ("functions/shop/gone.handler", "ImportModuleError"),
        ("functions.shop.index.handler", "ImportModuleError"),
        ("functions/shop/lost.handler", "ImportModuleError"),
        ("functions/shop/typo.handler", "UserCodeSyntaxError"),
        ("functions/shop/broken.handler", "UserCodeError"),
        ("functions/shop/index.gone", "HandlerNotFound"),
        ("functions/shop/index.fails", "ZeroDivisionError"),
        ("functions/shop/index.nothing", "TypeError"),
    ],
)
def test_an_error_has_fcs_name(instance, tmp_path, handler, error_type):
    """An error has FC's name, and the log reports the failed call."""
    told = instance(handler).call("http", **CALL)

    assert error_type == told["error"]["errorType"]
    assert ", Error: Unhandled function error" in (tmp_path / "log").read_text()
