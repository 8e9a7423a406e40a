"""Scripts of the pages: small, cacheable, and the same for everybody."""

from __future__ import annotations

import pytest

from tests.support.handles import login as handle
from tests.support.scripted_wechat import HTML, ask


@pytest.mark.parametrize("path", ["/qr.js", "/continue.js", "/copy.js"])
def test_the_script_is_small_and_may_be_kept(gateway, path):
    """Less than 2 kB of JavaScript that a cache may keep, and no cookie with it."""
    response = handle(ask(path=path), gateway)

    assert response.status == 200
    assert response.headers == (
        ("Content-Type", "text/javascript; charset=utf-8"),
        ("Cache-Control", "public, max-age=3600"),
    )
    assert 0 < len(response.body) < 2_000


def test_the_page_asks_for_it_where_it_is(gateway):
    """The page's URL of the script is this path on PUBLIC_BASE_URL."""
    page = handle(ask(headers=HTML), gateway).body.decode()

    assert '<script src="https://gateway.example.com/login/qr.js" defer>' in page
