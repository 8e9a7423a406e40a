"""Files at the root: proofs of a domain, favicon.ico, robots.txt."""

from __future__ import annotations

import struct

import pytest

from functions.wechat_api.index import handler
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.scripted_wechat import SERVICE, WEBSITE, change

WORD = "AbCd0123EfGh4567"
NAME = f"MP_verify_{WORD}.txt"
OTHERS = {"WW_verify_Ab12.txt": "Ab12", "x9Tq_-1.txt": "0f9de62fce790f9a\r\n"}
TEXT = "text/plain; charset=utf-8"
CHROME = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,"
    "*/*;q=0.8"
)
JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"


@pytest.fixture
def ask(gateway, wechat):
    """Ask the function by its handler; return status, headers and body."""

    def run(path, method="GET", accept="*/*", query=""):
        environ = make_environ_fc(
            method=method, path=path, headers=[("accept", accept)], query=query
        )
        status, headers, body = call_wsgi(handler.with_gateway(gateway), environ)
        assert wechat.seen == []
        return status, dict(headers), body

    return run


@pytest.fixture
def listed(gateway):
    """Two apps, one of which lists a word as version 0.1.0 does, one whole files."""
    change(gateway, "apps", WEBSITE, mp_verify=["other", WORD])
    change(gateway, "apps", SERVICE, domain_proofs=OTHERS)


@pytest.mark.case(128)
@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize(("name", "text"), [(NAME, WORD), *OTHERS.items()])
@pytest.mark.parametrize("mount", ["", "/wechat_api"])
def test_a_listed_file(ask, mount, name, text):
    """The answer is its text, byte for byte, which no browser shows as HTML."""
    status, headers, body = ask(f"{mount}/{name}", accept=CHROME)

    assert (200, text.encode()) == (status, body)
    assert TEXT == headers["Content-Type"]
    assert "nosniff" == headers["X-Content-Type-Options"]


@pytest.mark.case(128)
@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize(
    "path",
    [
        "/MP_verify_AbCd0123EfGh4568.txt",
        "/MP_verify_.txt",
        f"/{NAME.lower()}",
        f"/{WORD}.txt",
        f"/MP_verify_{'a' * 40}.txt",
        "/WW_verify_Ab13.txt",
        "/ads.txt",
    ],
)
def test_any_other_file(ask, path):
    """404, so that nobody proves our domain to be theirs."""
    status, headers, body = ask(path)

    assert (404, "not_found") == (status, headers["X-Gateway-Error"])
    assert b'{"errcode":40066' == body[:16]


@pytest.mark.case(128)
@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize(
    "path",
    [
        f"/MP_verify_{WORD}",
        f"/{NAME}/",
        f"/x/{NAME}",
        f"/{NAME}\n",
        f"/MP_verify_{WORD}.html",
        "/MP_verify_<script>.txt",
        "/MP_verify_..txt",
        f"/{SERVICE}x/{NAME}",
    ],
)
def test_what_is_no_file_at_the_root(ask, path):
    """A path of WeChat's API, for which a token is missing."""
    status, headers, body = ask(path)

    assert (200, "access_token_missing") == (status, headers["X-Gateway-Error"])
    assert b'{"errcode":41001' == body[:16]


@pytest.mark.case(128)
def test_a_file_that_is_taken_back(gateway, ask):
    """It ends when the app's document changes, and not before."""
    change(gateway, "apps", SERVICE, mp_verify=[WORD])
    change(gateway, "apps", WEBSITE, domain_proofs={NAME: WORD})
    change(gateway, "apps", SERVICE, mp_verify=[])
    assert ask(f"/{NAME}")[0] == 200
    change(gateway, "apps", WEBSITE, domain_proofs={})

    assert ask(f"/{NAME}")[0] == 404


@pytest.mark.usefixtures("listed")
def test_it_is_only_read(ask):
    """A POST is refused."""
    _, headers, body = ask(f"/{NAME}", "POST")

    assert ("GET", b'{"errcode":43001') == (headers["Allow"], body[:16])


def test_the_icon(ask):
    """A PNG of 16 by 16 pixels, kept for a day."""
    status, headers, body = ask("/favicon.ico", accept="image/*")

    assert (200, "image/png") == (status, headers["Content-Type"])
    assert b"\x89PNG\r\n\x1a\n" == body[:8]
    assert (16, 16) == struct.unpack(">II", body[16:24])
    assert "max-age=86400" in headers["Cache-Control"]


def test_robots(ask):
    """There is nothing for search engines."""
    status, headers, body = ask("/robots.txt")

    assert (200, TEXT) == (status, headers["Content-Type"])
    assert body == b"User-agent: *\nDisallow: /\n"


@pytest.mark.parametrize("path", ["/logn", "/wp-admin/setup.php", "/a/", "/%e6%96%87"])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("accept", ["*/*", "application/json", JAVA])
def test_a_program_at_an_unknown_path(ask, path, method, accept):
    """As WeChat: 200 and 41001."""
    status, headers, body = ask(path, method, accept)

    assert (200, "application/json; encoding=utf-8") == (
        status,
        headers["Content-Type"],
    )
    assert b'{"errcode":41001,"errmsg":"access_token missing rid: ' == body[:53]


@pytest.mark.parametrize("path", ["/logn", "/wp-admin/setup.php", "/%e6%96%87"])
def test_a_browser_at_an_unknown_path(ask, path):
    """The same JSON, with a word of where the pages are, and 404 as for any page."""
    status, headers, body = ask(path, accept=CHROME)

    assert (404, "application/json; encoding=utf-8") == (
        status,
        headers["Content-Type"],
    )
    assert b'{"errcode":41001,"errmsg":"access_token missing, ' == body[:49]
    assert b"/login" in body


def test_a_browser_with_a_token(ask):
    """Whoever shows a token is a program."""
    status, _, body = ask("/logn", accept=CHROME, query="access_token=x")

    assert (200, b'{"errcode":40001') == (status, body[:16])
