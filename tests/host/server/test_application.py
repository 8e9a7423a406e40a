"""Application: the handler of each path."""

from pathlib import Path

import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from host.server.application import make_application
from host.server.function_handler import NoFunctionHandler
from template.served import read_template

SITE = Path(__file__).parents[1] / "site" / "template.yml"
PROXY = "/2016-08-15/proxy"


@pytest.fixture(scope="module")
def application():
    return make_application(read_template(SITE), process={})


def found_for(application, path):
    """Return the handler's class for a path, and the prefix that it does not pass."""
    line = RequestStartLine("GET", path, "HTTP/1.1")
    request = HTTPServerRequest(start_line=line, headers=HTTPHeaders({"Host": "a"}))
    found = application.find_handler(request)
    return found.handler_class, (found.handler_kwargs or {}).get("prefix", "")


@pytest.mark.parametrize(
    ("path", "function", "told"),
    [
        pytest.param("/echo", "echo", "/echo", id="exact"),
        pytest.param("/echo/x", "echo", "/echo/x", id="wildcard"),
        pytest.param("/echo/", "echo", "/echo/", id="wildcard, nothing behind"),
        pytest.param("/echo/answers/x", "answers", "/echo/answers/x", id="longest"),
        pytest.param(
            "/echo/answers/exact", "echo", "/echo/answers/exact", id="exact beats it"
        ),
        pytest.param("/echo/%E4%BD%A0", "echo", "/echo/%E4%BD%A0", id="not decoded"),
        pytest.param(f"{PROXY}/site/echo/a/b", "echo", "/a/b", id="default form"),
        pytest.param(f"{PROXY}/site/echo/", "echo", "/", id="default form, root"),
        pytest.param(f"{PROXY}/site/echo", "echo", "/", id="default form, bare"),
    ],
)
def test_a_path_has_one_function(application, path, function, told):
    """Exact routes go before wildcards, and the longest prefix before others."""
    handler, prefix = found_for(application, path)

    assert (function, told) == (handler.name, path[len(prefix) :] or "/")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/echoes",
        "/guarded",
        "/brokenly",
        "/ECHO",
        "",
        "*",
        "http://127.0.0.1/echo",
        "//echo",
        f"{PROXY}/site/nothing/x",
        f"{PROXY}/nowhere/echo/x",
        f"{PROXY}/site/sweep/x",
        f"{PROXY}/",
    ],
)
def test_any_other_path_has_none(application, path):
    """A prefix is not an exact path, and an event function has no URL."""
    assert found_for(application, path) == (NoFunctionHandler, "")


def test_each_function_has_a_class_of_its_own(application):
    """A debugger and a traceback show which function a request is for."""
    handlers = {found_for(application, path)[0] for path in ("/echo", "/answers/x")}

    assert {"EchoHandler", "AnswersHandler"} == {each.__name__ for each in handlers}
