"""The environ, key by key, as FC 2.0's Python runtime builds it."""

import sys
from pathlib import Path

import pytest

from host.fc.context import Context, fixed_context
from host.fc.environ import base_environ, make_environ
from host.fc.function_call import Call, forwarded_headers
from template.served import read_template

TEMPLATE = read_template(Path(__file__).parents[1] / "site" / "template.yml")
ECHO = next(each for each in TEMPLATE.functions if each.name == "echo")


def make_call(**changes):
    call = {
        "method": "GET",
        "uri": "/echo/x?a=1&a=%20",
        "path": "/echo/x",
        "request_id": "r-1",
    }
    return Call(**{**call, **changes})


def environ_of(call, **process):
    fixed = fixed_context(ECHO, process)
    context = Context(call.request_id, fixed=fixed)
    base = base_environ(process, function=ECHO, template=TEMPLATE)
    return make_environ(call, base=base, context=context)


def test_the_environ_is_exactly_fcs():
    """The environ has exactly FC's keys, and the variables of the process."""
    headers = {"host": "gateway.example.com", "cookie": "a=1,b=2"}
    environ = environ_of(
        make_call(method="POST", headers=headers, body=b"xyz", peer_ip="10.0.0.9"),
        REDIS_URL="redis://",
    )
    stream, context = environ.pop("wsgi.input"), environ.pop("fc.context")

    assert (b"xyz", "r-1") == (stream.read(), context.request_id)
    assert environ == {
        "REDIS_URL": "redis://",
        "FC_FUNC_CODE_PATH": str(TEMPLATE.root),
        "FC_FUNCTION_HANDLER": "functions/echo/index.handler",
        "FC_FUNCTION_MEMORY_SIZE": "512",
        "FC_FUNCTION_NAME": "echo",
        "FC_SERVICE_NAME": "site",
        "HTTP": "on",
        "SCRIPT_NAME": "",
        "SERVER_NAME": "FCRUNTIME",
        "SERVER_PORT": "9000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_SOFTWARE": "FCRUNTIME/1.0",
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/echo/x",
        "QUERY_STRING": "a=1&a=%20",
        "CONTENT_LENGTH": "3",
        "CONTENT_TYPE": "application/octet-stream",
        "REMOTE_ADDR": "10.0.0.9",
        "HTTP_HOST": "gateway.example.com",
        "HTTP_COOKIE": "a=1,b=2",
        "HTTP_X_FC_FUNCTION_HANDLER": "functions/echo/index.handler",
        "wsgi.version": (1, 0),
        "wsgi.errors": sys.stderr,
        "wsgi.url_scheme": "http",
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "fc.request_uri": "/echo/x?a=1&a=%20",
    }


@pytest.mark.parametrize(
    ("headers", "name", "value"),
    [
        pytest.param({"x-a": "1"}, "HTTP_X_A", "1", id="any header"),
        pytest.param({"content-type": "a/b"}, "CONTENT_TYPE", "a/b", id="type"),
        pytest.param({"content-length": "9"}, "CONTENT_LENGTH", "0", id="real length"),
        pytest.param({"content-length": "9"}, "HTTP_CONTENT_LENGTH", None, id="once"),
        pytest.param({"content-type": "a/b"}, "HTTP_CONTENT_TYPE", None, id="only one"),
        pytest.param(
            {"proxy": "evil"}, "HTTP_PROXY", "evil", id="header over process variable"
        ),
        pytest.param({}, "HTTP_PROXY", "mine", id="a variable looks like a header"),
    ],
)
def test_a_header_has_its_place(headers, name, value):
    """Headers get CGI's names, with FC's exceptions."""
    environ = environ_of(make_call(headers=headers), HTTP_PROXY="mine")

    assert value == environ.get(name)


def test_two_calls_share_nothing():
    """A change of one call's environ is not seen by another call."""
    base = base_environ({}, function=ECHO, template=TEMPLATE)
    context = Context("r", fixed=fixed_context(ECHO, {}))
    first = make_environ(make_call(), base=base, context=context)
    first["mark"] = first["HTTP"] = "x"
    second = make_environ(make_call(), base=base, context=context)

    assert ("on", None) == (second["HTTP"], second.get("mark"))


@pytest.mark.parametrize(
    ("pairs", "passed"),
    [
        pytest.param([("X-A", "1"), ("x-a", "2")], {"x-a": "1,2"}, id="joined"),
        pytest.param(
            [("Cookie", "a=1"), ("Cookie", "b=2")],
            {"cookie": "a=1,b=2"},
            id="Cookie too",
        ),
        pytest.param([("X-Fc-Request-Id", "mine"), ("x-fc-a", "1")], {}, id="x-fc"),
        pytest.param(
            [("X_Forwarded_For", "1"), ("X-Forwarded-For", "2"), ("x_a", "3")],
            {"x-forwarded-for": "2"},
            id="underscores",
        ),
        pytest.param(
            [("Connection", "close"), ("Keep-Alive", "5")], {}, id="connection"
        ),
        pytest.param([("X-Forwarded-For", "1")], {"x-forwarded-for": "1"}, id="proxy"),
    ],
)
def test_headers_pass_as_fc_passes_them(pairs, passed):
    """Repeated headers are joined, and FC's own are removed."""
    assert passed == forwarded_headers(pairs)


def test_the_context_has_fcs_attributes():
    """A function may read every attribute that FC's context has."""
    process = {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": "id",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret",
        "ALIBABA_CLOUD_SECURITY_TOKEN": "token",
    }
    context = environ_of(make_call(), **process)["fc.context"]
    function, service = context.function, context.service
    credentials = context.credentials

    assert ("r-1", "r-1") == (context.request_id, context.requestId)
    assert ("echo", ECHO.handler, 512, 10) == (
        function.name,
        function.handler,
        function.memory,
        function.timeout,
    )
    assert ("site", "", "", "LATEST", "") == (
        service.name,
        service.log_project,
        service.log_store,
        service.qualifier,
        service.version_id,
    )
    assert ("id", "secret", "token") == (
        credentials.access_key_id,
        credentials.access_key_secret,
        credentials.security_token,
    )
    assert ("", "", 0, None, None) == (
        context.region,
        context.account_id,
        context.retry_count,
        context.tracing,
        context.logger,
    )
