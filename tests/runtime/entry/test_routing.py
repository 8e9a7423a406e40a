"""Routing: the path decides first, then the method."""

from __future__ import annotations

import sys

import pytest

from runtime.entry.routing import find, late, route
from runtime.errors import MethodNotAllowed, NotFound
from runtime.web.messages import Request, Response

GATEWAY = object()


def tell(request, gateway, *arguments):
    """Answer which arguments the view was given."""
    assert gateway is GATEWAY
    return Response(200, tuple(("X-Argument", each) for each in arguments))


def refuse(request, gateway):
    raise AssertionError("the wrong view was called")


ROUTES = (
    route(r"/", body=1, GET=tell),
    route(r"/token", body=1, GET=tell),
    route(r"/apps/(wx[0-9a-f]{2})/([a-z]+)", body=1, GET=tell, POST=tell),
    route(r"/[a-z]+", body=1, GET=refuse, POST=refuse),
)


def ask(method, path):
    view, groups, _ = find(ROUTES, method=method, path=path)
    return view(Request(method, path), GATEWAY, *groups)


def test_the_groups_become_arguments():
    """The groups of the pattern become the view's arguments, in order."""
    expected = Response(200, (("X-Argument", "wx0a"), ("X-Argument", "b")))

    assert expected == ask("POST", "/apps/wx0a/b")


@pytest.mark.parametrize(
    "path", ["/apps/wx0a/b/", "/apps/wx0a/b\n", "//", "", "/apps/WX0A/b", "x/token"]
)
def test_a_pattern_matches_whole(path):
    """A path that only begins or ends like the pattern does not match."""
    with pytest.raises(NotFound):
        ask("GET", path)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/apps/wx0a/b", ("GET", "POST")),
        # Not the later, wider route: the first that matches answers.
        ("POST", "/token", ("GET",)),
        ("get", "/", ("GET",)),
        ("", "/", ("GET",)),
    ],
)
def test_a_method_that_is_not_taken(method, path, allowed):
    """The error tells which methods the path takes."""
    with pytest.raises(MethodNotAllowed) as caught:
        ask(method, path)

    assert allowed == caught.value.allowed


def test_a_late_view_is_imported_by_its_first_call(tmp_path, monkeypatch):
    """Its route names it by text; it gets the arguments of any view."""
    source = "def view(request, gateway, *groups): return request, gateway, groups"
    (tmp_path / "views_that_wait.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    routes = (route(r"/apps/([a-z]+)", body=1, GET=late("views_that_wait").view),)
    imported = ["views_that_wait" in sys.modules]
    request = Request("GET", "/apps/b")
    view, groups, _ = find(routes, method="GET", path=request.path)
    answer = view(request, GATEWAY, *groups)
    imported.append(sys.modules.pop("views_that_wait", None) is not None)

    assert [False, True] == imported
    assert (request, GATEWAY, ("b",)) == answer
