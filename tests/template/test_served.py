"""Functions and routes that a host takes from a template."""

from pathlib import Path

import pytest

from template.served import Function, TemplateError, read_served_template, read_template

SITE = Path(__file__).parents[1] / "host" / "site" / "template.yml"


def test_a_function_is_what_its_properties_say():
    """FC's defaults apply to properties that are missing."""
    functions = {each.name: each for each in read_template(SITE).functions}
    handler = "functions/echo/index.handler"

    assert functions["echo"] == Function(
        service="site",
        name="echo",
        handler=handler,
        methods=frozenset({"GET", "HEAD", "POST"}),
        auth="ANONYMOUS",
        memory=512,
        timeout=10,
    )
    assert functions["guarded"] == Function(
        service="site",
        name="guarded",
        handler=handler,
        methods=frozenset({"GET", "POST"}),
        auth="FUNCTION",
        memory=128,
        timeout=3,
    )


def test_a_function_without_http_trigger_is_left_out():
    """No URL leads to it."""
    names = {function.name for function in read_template(SITE).functions}

    assert {"echo", "guarded", "answers", "broken", "limited"} == names


def test_the_root_is_where_the_template_lies():
    """Handlers are relative to the template's folder, as to /code on FC."""
    assert SITE.parent.resolve() == read_template(SITE).root


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(None, "cannot be read", id="missing file"),
        pytest.param("a: [", "cannot be read: while parsing", id="no YAML"),
        pytest.param(
            "a: \xfc".encode("latin-1"), "cannot be read: 'utf-8'", id="no UTF-8"
        ),
        pytest.param("a: 2026-99-99", "cannot be read: month", id="no date"),
        pytest.param("a: 1", "is not a template", id="no resources"),
        pytest.param("Resources: 3", "is not a template", id="resources of no kind"),
        pytest.param(
            SITE.read_text().replace("FunctionName: answers", "FunctionName: sweep"),
            "leads to no HTTP function",
            id="route to an event function",
        ),
        pytest.param(
            SITE.read_text().replace("AuthType", "Auth"), "AuthType", id="no AuthType"
        ),
    ],
)
def test_a_template_that_cannot_be_served_says_why(tmp_path, text, said):
    """An invalid template is reported in one line."""
    file = tmp_path / "template.yml"
    if text is not None:
        file.write_bytes(text if isinstance(text, bytes) else text.encode())

    with pytest.raises(TemplateError, match=rf"^[^\n]*{said}[^\n]*$"):
        read_template(file)


def test_a_host_that_would_serve_nothing_does_not_start(tmp_path):
    """A host that would only answer 404 does not start."""
    file = tmp_path / "template.yml"
    file.write_text("Resources: {}")

    with pytest.raises(TemplateError, match=r"has no HTTP function and no timer$"):
        read_served_template(file)
