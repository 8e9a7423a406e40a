"""The examples of docs/tornado.md, run as they are printed."""

from __future__ import annotations

import pytest

from tests.support.documentation import ROOT, code_blocks
from tests.support.tornado_service import Service

PAGE = (ROOT / "docs/tornado.md").read_text("utf-8")
UNDER_ONE_HOST, ANYWHERE = code_blocks(PAGE, "python")


@pytest.fixture
def application(monkeypatch):
    """Make the application of a block."""
    monkeypatch.setenv("COOKIE_SECRETS", "1:" + "c" * 32)

    def run(block):
        names = {}
        exec(compile(block, "docs/tornado.md", "exec"), names)  # noqa: S102 our page
        return names["application"]

    return run


@pytest.mark.parametrize(
    ("block", "path", "expected"),
    [
        (UNDER_ONE_HOST, "/orders", "https://www.example.com/login?next=http%3A%2F%2F"),
        (
            ANYWHERE,
            "/sign_in",
            "https://www.example.com/connect/oauth2/authorize?appid=orders&redirect_uri="
            "https%3A%2F%2Forders.example.net%2Fsigned_in&response_type=code&",
        ),
    ],
)
def test_an_application_of_the_page_serves(application, browser, block, path, expected):
    """A stranger is led to the gateway."""
    with Service(lambda url: application(block)) as service:
        answer = browser.get(service.url + path)

    assert 302 == answer.status
    assert answer.headers["Location"].startswith(expected)


def test_a_stray_answer_is_refused(application, browser):
    """The page's callback checks the state."""
    with Service(lambda url: application(ANYWHERE)) as service:
        answer = browser.get(f"{service.url}/signed_in?code=c&state={'0' * 32}")

    assert (400, b"That did not work.") == (answer.status, answer.data)
