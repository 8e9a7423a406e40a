"""Pages of a sign-in in a client's own page: only that client's origins frame them."""

from __future__ import annotations

from functools import partial

import pytest

from tests.runtime.pages.page_parts import (
    ADDRESS,
    CONTINUE_SCRIPT,
    FRAMED_BY,
    QR_FRAME,
    Page,
    answer_link,
    embedded_sign_in,
    error_page,
    policy_of,
)

PAGES = {
    "QR code": embedded_sign_in,
    "no QR code": partial(embedded_sign_in, frame_url=None),
    "answer": answer_link,
    "error": partial(error_page, framed_by=FRAMED_BY),
}
every_page = pytest.mark.parametrize("make_page", PAGES.values(), ids=PAGES)


@pytest.mark.case(116, 135)
@every_page
def test_only_registered_pages_frame_it(make_page):
    """By the policy alone: the older header knows no list and would contradict it."""
    response = make_page()
    ancestors = "'self' https://shop.example.com http://127.0.0.1:8090"

    assert policy_of(response)["frame-ancestors"] == ancestors
    assert "X-Frame-Options" not in dict(response.headers)
    assert policy_of(response)["form-action"] == "'self'"
    assert dict(response.headers)["Referrer-Policy"] == "no-referrer"


@pytest.mark.case(116, 135)
@pytest.mark.parametrize(
    "make_page", [partial(each, framed_by=()) for each in PAGES.values()]
)
def test_without_an_origin_nobody_frames_it(make_page):
    """A client whose frame_origins were removed meanwhile."""
    response = make_page()

    assert policy_of(response)["frame-ancestors"] == "'none'"
    assert dict(response.headers)["X-Frame-Options"] == "DENY"


@pytest.mark.case(135)
@pytest.mark.parametrize(
    "origin", ["https://a.example; script-src *", "*", "https:", "https://a.example/x"]
)
def test_a_policy_names_only_origins(origin):
    """What a document holds is not trusted."""
    policies = [policy_of(each(framed_by=(origin,))) for each in PAGES.values()]

    assert {each["frame-ancestors"] for each in policies} == {"'none'"}
    assert {each.get("script-src") for each in policies} == {None, CONTINUE_SCRIPT}


@every_page
def test_links_lead_out_of_the_frame(make_page):
    """To the top window, where the service is."""
    page = Page(make_page())

    assert page.all("base") == [{"target": "_top"}]
    assert page.all("a")
    assert [link.get("target") for link in page.all("a")] == [None] * len(page.all("a"))


def test_the_qr_code_is_in_wechats_frame():
    """Without a script; the page renews itself before its flow expires."""
    response = embedded_sign_in()
    page, policy = Page(response), policy_of(response)
    (frame,) = page.all("iframe")

    assert frame["src"] == QR_FRAME
    assert policy["frame-src"] == "https://open.weixin.qq.com 'self'"
    assert "script-src" not in policy
    assert {"http-equiv": "refresh", "content": "540; url=/again"} in page.all("meta")
    assert [link["href"] for link in page.all("a")] == [ADDRESS]


def test_without_a_qr_code_there_is_a_way_to_the_window():
    """For a phone; such a page has no flow, and need not be renewed."""
    page = Page(embedded_sign_in(frame_url=None))

    assert page.all("iframe") == []
    assert "http-equiv" not in {name for each in page.all("meta") for name in each}
    assert [link["href"] for link in page.all("a")] == [ADDRESS]


def test_the_answer_is_a_link_that_a_script_follows():
    """The user can follow it where the browser does not let the script."""
    response = answer_link()
    page = Page(response)
    (link,) = page.all("a")

    assert (link["href"], "data-continue" in link) == (
        "https://a.example/back?code=c",
        True,
    )
    assert policy_of(response)["script-src"] == CONTINUE_SCRIPT
