"""The looks of a client's pages: colour, icon, terms; checked twice, CSP kept."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

import pytest

from runtime.pages.brand import Brand
from runtime.registry.brand_colors import brand_colors
from runtime.registry.rules import Fault
from runtime.web.color_contrast import contrast
from tests.runtime.pages.page_parts import Page, policy_of, sign_in
from tests.support.handles import login as handle
from tests.support.scripted_wechat import HTML, ask, change

ICON = "data:image/png;base64,iVBORw0KGgo="
BRAND = {
    "brand_colors": ["#b3261e", "#ff8a80"],
    "favicon": ICON,
    "terms": "https://app.example.com/terms",
    "privacy": "https://app.example.com/privacy",
}


def test_the_sign_in_page_has_it(gateway):
    """The style is named by its hash, as every style of ours."""
    change(gateway, "clients", "demo", **BRAND)
    response = handle(ask(headers=(*HTML, ("accept-language", "en"))), gateway)
    page = Page(response)
    digest = b64encode(sha256(page.css.encode()).digest()).decode()
    links = {each["href"] for each in page.all("a")}

    assert page.css.index("--accent: #b3261e; --accent-text: #ffffff;") < (
        page.css.index("--accent: #ff8a80; --accent-text: #000000;")
    )
    assert f"'sha256-{digest}'" == policy_of(response)["style-src"]
    assert [{"rel": "icon", "href": ICON}] == page.all("link")
    assert {BRAND["terms"], BRAND["privacy"]} <= links
    assert "Terms of service Privacy policy" in page.words


@pytest.mark.parametrize(
    "colors",
    [("red",), ("#fff",), ("#067a46}body{display:none",), ("#067a46", "url(x)")],
)
def test_a_document_is_not_trusted(colors):
    """What is no colour, picture or URL changes nothing of the page."""
    brand = Brand(
        colors, favicon="javascript:x", terms="javascript:x", privacy="//evil.example"
    )

    assert sign_in(brand=brand) == sign_in()


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (["#07c160"], "on light screens it is 2.4, against #ffffff"),
        (["#067a46", "#101010"], "on dark screens it is"),
        (["#003366"], "on dark screens it is"),
        ([], "one colour"),
        (["#067a46"] * 3, "one colour"),
        (["#067A46"], "lower case"),
        (["green"], "such as"),
        ("#067a46", "one colour"),
    ],
)
def test_a_colour_that_cannot_be_told_from_its_ground_is_refused(value, fault):
    """The fault names the screen and the contrast."""
    with pytest.raises(Fault, match=fault):
        brand_colors(value)


@pytest.mark.parametrize("value", [["#067a46"], ["#067a46", "#2ecc7f"]])
def test_the_gateways_own_colours_would_pass(value):
    assert value == brand_colors(value)


def test_contrast_is_wcags():
    """Black on white is 21, and a colour on itself 1."""
    assert 21 == pytest.approx(contrast("#000000", "#ffffff"))
    assert 1 == contrast("#07c160", "#07c160")
    assert 4.5 == pytest.approx(contrast("#767676", "#ffffff"), abs=0.05)
