"""Routes: the function of each path."""

from pathlib import Path

import pytest

from host.fc.routes import Routes
from template.served import read_template

SITE = Path(__file__).parents[1] / "site" / "template.yml"
PROXY = "/2016-08-15/proxy"


@pytest.fixture(scope="module")
def routes():
    return Routes(read_template(SITE))


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
def test_a_path_has_one_function(routes, path, function, told):
    """Exact routes go before wildcards, and the longest prefix before others."""
    target = routes.find(path)

    assert (function, told) == (target.function.name, target.path)


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
def test_any_other_path_has_none(routes, path):
    """A prefix is not an exact path, and an event function has no URL."""
    assert routes.find(path) is None


def test_only_the_default_form_is_marked(routes):
    """Only answers in the default form are downloads, as on FC's domain."""
    marks = [
        routes.find(path).by_default_form
        for path in ("/echo/x", f"{PROXY}/site/echo/x")
    ]

    assert [False, True] == marks
