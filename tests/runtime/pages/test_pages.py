"""Pages: their sentences, languages and headers."""

import re
import subprocess
import sys
from base64 import b64encode
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from runtime import errors
from runtime.pages import languages, pages
from runtime.web.browsers import Browser
from tests.runtime.pages.page_parts import (
    CONTINUE_SCRIPT,
    COPY_SCRIPT,
    OWN_SCRIPT,
    Page,
    answer_form,
    error_page,
    old_page,
    sign_in,
    sign_out,
    signed_in,
    signed_out,
)

TAGS = {"zh_CN": "zh-CN", "zh_TW": "zh-TW", "en": "en"}
NO_SIGN_IN = {"qr": None, "wechat_url": None}
LOST = {"error": errors.GatewayError(), "start_again": None, "home": None}
THEMED = {"client_name": "商城", "home": "https://a.example/"}
PAGES = {
    "not configured": partial(sign_in, **NO_SIGN_IN),
    "not configured, themed": partial(sign_in, **NO_SIGN_IN, **THEMED),
    "error": error_page,
    "error without a way": partial(error_page, **LOST),
    "sign out": sign_out,
    "sign out for a client": partial(sign_out, client_name="商城", fields={"a": "1"}),
    "answer form": answer_form,
    "answer form, themed": partial(answer_form, client_name="商城"),
    "signed in": signed_in,
    "signed in, themed": partial(signed_in, client_name="商城", goes_on=False),
    "signed in, no home": partial(signed_in, home=None),
    "old page": old_page,
    "old page, themed": partial(old_page, client_name="商城"),
    "old page, no home": partial(old_page, home=None),
    "renewed": partial(sign_in, renewal="/login?next=/me&_renewed=1"),
    "signed out": signed_out,
    "signed out, no home": partial(signed_out, home=None),
}
for kind in Browser:
    PAGES |= {
        f"{kind.value}": partial(sign_in, browser=kind),
        f"{kind.value}, themed": partial(sign_in, browser=kind, **THEMED),
        f"{kind.value}, QR only": partial(sign_in, browser=kind, wechat_url=None),
        f"{kind.value}, no QR": partial(sign_in, browser=kind, qr=None),
    }
every_page = pytest.mark.parametrize("make_page", PAGES.values(), ids=PAGES)


@pytest.fixture(scope="module", autouse=True)
def compiled(tmp_path_factory):
    """Catalogues compiled from the sources of this very moment."""
    folder = tmp_path_factory.mktemp("locale")
    for language in ("zh_CN", "zh_TW"):
        inside = Path(language, "LC_MESSAGES")
        (folder / inside).mkdir(parents=True)
        with (languages.CATALOGUES / inside / "gateway.po").open("rb") as source:
            catalogue = read_po(source, locale=language)
        with (folder / inside / "gateway.mo").open("wb") as target:
            write_mo(target, catalogue)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(languages, "CATALOGUES", folder)
        languages.translator.cache_clear()
        yield
    languages.translator.cache_clear()


@every_page
@pytest.mark.parametrize("language", TAGS)
def test_a_page_is_in_one_language(make_page, language):
    """The page names its language, and a Chinese one keeps no English sentence."""
    response = make_page(language)
    page = Page(response)
    ours = "flow_expired|internal_error"
    own = rf"English|[简繁]\w+|QR Code|https?://\S+|1-6aac|商城|{ours}"
    own = re.sub(own, "", page.words)

    assert TAGS[language] == page.all("html")[0]["lang"]
    assert ("Content-Language", TAGS[language]) in response.headers
    assert (language == "en") == bool(re.search(r"[A-Za-z]{2}", own))
    assert (language != "en") == bool(re.search(r"[\u4e00-\u9fff]", own))


@pytest.mark.case(116)
@every_page
def test_a_page_is_whole_and_stands_alone(make_page):
    """Tags balance; one heading; no script or handler inline, nothing from afar."""
    page = Page(make_page("zh_TW"))
    names = {name for _, attributes in page.elements for name in attributes}
    sources = {each["src"] for _, each in page.elements if "src" in each}

    assert ([], 1) == (page.open, len(page.all("h1")))
    assert {OWN_SCRIPT, CONTINUE_SCRIPT, COPY_SCRIPT} >= sources
    assert all("src" in script for script in page.all("script"))
    assert [{"rel": "icon", "href": "data:,"}] == page.all("link")
    assert not [name for name in names if name.startswith("on") or name == "style"]


@pytest.mark.case(116)
@every_page
def test_headers(make_page):
    """No cache, no frame around us, no referrer, and no style but our own."""
    response = make_page("en")
    digest = b64encode(sha256(Page(response).css.encode()).digest()).decode()
    policy = response.headers[-1][1]

    assert (
        ("Content-Type", "text/html; charset=utf-8"),
        ("Cache-Control", "no-store"),
        ("Vary", "Accept-Language, Cookie, User-Agent"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "no-referrer"),
        ("Content-Language", "en"),
        ("Content-Security-Policy", policy),
    ) == response.headers
    assert policy.partition("; script-src ")[0].replace("'self' https:", "'self'") == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


@pytest.mark.bug(10)
@pytest.mark.parametrize("home", ["https://shop.example.com/", None])
def test_an_error_leads_on(home):
    """To a new beginning, to the client's own home, or both."""
    page = Page(error_page(home=home, start_again="/login?next=%2Fa"))
    ways = ["/login?next=%2Fa", home]

    assert [way for way in ways if way] == [link["href"] for link in page.all("a")]


@pytest.mark.parametrize(
    ("ways", "looks"),
    [
        ({"start_again": "/a", "home": "/b"}, ["button", "button quiet"]),
        ({"start_again": None, "home": "/b"}, ["button"]),
    ],
)
def test_the_first_link_stands_out(ways, looks):
    """Where home is the only one, that is it."""
    page = Page(error_page(**ways))

    assert looks == [link["class"] for link in page.all("a")]


def test_an_error_keeps_its_status_and_shows_its_number():
    """A user reads the sentence, a program the status and when to come back."""
    response = error_page(error=errors.ServiceUnavailable())
    page = Page(response)

    assert 503 == response.status
    assert ("Retry-After", "2") in response.headers
    assert "The service is briefly unavailable." in page.words
    assert page.words.endswith("Request number 1-6aac")
    assert "Retry-After" not in dict(error_page().headers)


def test_the_style_is_small_and_still():
    """It travels with every page, and moves nothing before anybody's eyes."""
    css = Page(sign_in()).css

    assert 0 < len(css.encode()) < 8_000
    assert not re.search("animation|transition|@keyframes", css)


def test_importing_pages_costs_no_template_engine():
    """A warm-up that shows no page must not pay for Tornado or gettext."""
    probe = """
import sys
import runtime.pages.pages
print({"tornado", "gettext"} & {*sys.modules})
"""
    done = subprocess.run(
        [sys.executable, "-c", probe],
        capture_output=True,
        check=True,
        cwd=Path(pages.__file__).parents[2],
        text=True,
        timeout=30,
    )

    assert "set()\n" == done.stdout
