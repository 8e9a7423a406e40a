"""The largest body of each route: stated, documented, and refused from the head."""

from __future__ import annotations

import importlib
import re

import pytest

from runtime.entry.routing import MEDIUM_BODY, SMALL_BODY, UNREAD_BODY, find
from runtime.web.messages import LARGEST_BODY
from tests.support.documentation import ROOT, rows, section
from tests.support.fc_calls import call_event, call_wsgi, make_environ_fc, make_event_fc
from tests.support.public_endpoints import ENDPOINTS
from tests.support.scripted_wechat import HTML, SERVICE

FUNCTIONS = (
    *("login", "oauth_callback", "oidc", "wechat_api", "wechat_event"),
    *("console", "admin"),
)
UNITS = {"kB": 1024, "MB": 1024 * 1024}
LIMITS = {UNREAD_BODY, SMALL_BODY, MEDIUM_BODY, LARGEST_BODY}
EXAMPLES = {
    "{id}": "AbCd0123_-Gh4567",
    "{appid}": SERVICE,
    "{component}": SERVICE,
    "{name}": "MP_verify_AbCd0123EfGh4567",
    "{encoded}": "%e6%96%87",
    "{signed}": f"YWI.1.1800000000.{'A' * 43}",
    "{noun}": "client",
    "{verb}": "show",
    "{act}": "drop",
    "{hash}": "0" * 64,
    "{kind}": "apps",
    "{push}": "1796000180123-0",
    "{day}": "2026-03-01",
    "{time}": "120000.000000-0123456789ab",
    "{page}": "tokens",
    "{path}": "cgi-bin/menu/get",
}
PREFIXES = {
    "/oidc": "oidc",
    "/.well-known": "oidc",
    "/oauth_callback": "oauth_callback",
    "/wechat_event": "wechat_event",
    "/admin": "admin",
    "/metrics": "console",
    "/console": "console",
    "/log": "login",
    "/connect": "login",
    "/cgi-bin/componentloginpage": "login",
    "/safe": "login",
    "/wxaopen/safe": "login",
}

each_endpoint = pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=ENDPOINTS)


def module_of(name):
    return importlib.import_module(f"functions.{name}.index")


def documented():
    """Yield function, path and limit of each path in the table."""
    table = rows(section(ROOT / "docs/security.md", "Limits of a request"))
    for size, paths in (row[:2] for row in table):
        number, unit = re.match(r"`(\d+) (\w+)`", size).groups()
        for pattern in re.findall(r"`(/[^`]*)`", paths):
            path = pattern
            for name, example in EXAMPLES.items():
                path = path.replace(name, example)
            names = [PREFIXES[each] for each in PREFIXES if path.startswith(each)]
            yield (names or ["wechat_api"])[0], path, int(number) * UNITS[unit]


def test_every_route_states_one_of_four_limits():
    """Only the proxy and the import of a store take more than 64 kB."""
    large = []
    for name in FUNCTIONS:
        for route in module_of(name).ROUTES:
            assert route.body in LIMITS
            if route.body > MEDIUM_BODY:
                large += [(name, view) for view in route.views]

    assert {name for name, _ in large} == {"wechat_api", "admin"}
    assert len([each for each in large if each[0] == "admin"]) == 1


def test_the_documented_limits_are_those_of_the_routes():
    """Each route has its row, and each row tells the limit that its route has."""
    seen = []
    for name, path, limit in documented():
        module = module_of(name)
        own_path = path.removeprefix(f"/{name}") or "/"
        matching = (each for each in module.ROUTES if each.pattern.fullmatch(own_path))
        route = next(matching)
        seen.append(route)
        for method in route.views:
            assert limit == module.handler.body_limit(method, path), path
            assert limit == find(module.ROUTES, method=method, path=own_path)[2].body
        if "GET" in route.views:
            assert limit == module.handler.body_limit("HEAD", path)

    assert {id(each) for each in seen} == {
        id(route) for name in FUNCTIONS for route in module_of(name).ROUTES
    }


@pytest.mark.parametrize("path", ["/login/none", "/%6cogin", "/login/me/", ""])
def test_where_there_is_no_route_there_is_no_body(path):
    """A host need not wait for it: the answer is 404 or 405 anyway."""
    login = module_of("login").handler

    assert login.body_limit("POST", path) == 0
    assert login.body_limit("DELETE", "/login") == 0


def in_wechats_shape(endpoint):
    """Tell whether errors of this path are WeChat's: of all but the gateway's own."""
    is_api = endpoint.handler is module_of("wechat_api").handler
    own = (f"/wechat_api/{SERVICE}", "/wechat_api/media/")
    return is_api and not endpoint.path.startswith(own)


class Unreadable:
    """The input of a call whose body nobody has."""

    def read(self, size=-1):
        raise AssertionError("the body was read")


@pytest.mark.case(118)
@each_endpoint
def test_a_body_that_is_announced_too_large(endpoint, gateway):
    """It is refused in the function's dialect, and nothing of it is read."""
    handler = endpoint.handler.with_gateway(gateway)
    limit = handler.body_limit(endpoint.method, endpoint.path)
    environ = make_environ_fc(method=endpoint.method, path=endpoint.path, headers=HTML)
    environ |= {"CONTENT_LENGTH": str(limit + 1), "wsgi.input": Unreadable()}
    status, headers, body = call_wsgi(handler, environ)
    sent = dict(headers)

    if endpoint.path.endswith("/healthz"):
        assert status in (200, 503)
    elif limit == 0:
        assert status == 404
    elif in_wechats_shape(endpoint):
        assert (status, sent["X-Gateway-Error"]) == (200, "payload_too_large")
        assert b'"errcode":45001' in body
    elif endpoint.handler is module_of("wechat_event").handler:
        assert (status, body) == (413, b"413")
    else:
        assert status == 413
        is_page = sent["Content-Type"].startswith("text/html")
        assert is_page or b'"error":"payload_too_large"' in body


@pytest.mark.case(118)
@each_endpoint
def test_a_body_of_one_byte_too_many_in_an_event(endpoint, gateway):
    """What WSGI refuses, FC 3.0's form refuses as well."""
    handler = endpoint.handler.with_gateway(gateway)
    limit = handler.body_limit(endpoint.method, endpoint.path)
    for text_body in (True, False):
        call = {"method": endpoint.method, "path": endpoint.path, "headers": HTML}
        body = b"a" * (limit + 1)
        environ = make_environ_fc(**call, body=body)
        event = make_event_fc(**call, body=body, text_body=text_body)

        expected = call_wsgi(handler, environ)[0]
        assert expected == call_event(handler, event)[0]
