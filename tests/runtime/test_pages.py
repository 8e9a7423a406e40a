"""What the pages say, in which language, and to which browser."""

import re
import subprocess
import sys
from base64 import b64encode
from functools import partial
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from runtime import errors, languages, pages

QR = "https://open.weixin.qq.com/connect/qrconnect?appid=wx1&state=ab&login_type=jssdk"
QR_PAGE = "https://open.weixin.qq.com/connect/qrconnect?appid=wx1&state=ab"
WECHAT = "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx2#wechat_redirect"
LOGIN = "https://login.example.com/login?next=%2Fme&lang=en&a=1"
TAGS = {"zh_CN": "zh-CN", "zh_TW": "zh-TW", "en": "en"}
VOID = {"meta", "link", "input"}


class Page(HTMLParser):
    """A page's elements, its words, its style, and what tags stand open."""

    def __init__(self, response):
        super().__init__()
        self.elements, self.text, self.css, self.open = [], [], "", []
        self.feed(response.body.decode())
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.text += [text for name, text in attrs if name in ("title", "aria-label")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert tag == self.open.pop()

    def handle_data(self, data):
        if self.open[-1:] == ["style"]:
            self.css += data
        else:
            self.text.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def words(self):
        return " ".join(" ".join(self.text).split())


def sign_in(language="en", **changes):
    ways = {"qr_url": QR, "qr_page_url": QR_PAGE, "wechat_url": WECHAT}
    shown = {"login_url": LOGIN, "client_name": ""}
    return pages.sign_in(language, **{**ways, **shown, **changes})


def error_page(language="en", error=None, **changes):
    shown = {"request_id": "1-6aac", "start_again": "/login", "home": "/"}
    return pages.error_page(
        language, error or errors.FlowExpired(), **{**shown, **changes}
    )


def sign_out(language):
    return pages.sign_out(language, action="/logout", token="t", home="/")


def signed_out(language, *, home="/"):
    return pages.signed_out(language, home=home)


NO_WAY = {"qr_url": None, "qr_page_url": None, "wechat_url": None}
LOST = {"error": errors.GatewayError(), "start_again": None, "home": None}
QR_ONLY = {"wechat_url": None, "client_name": "商城"}
PAGES = {
    "desktop": sign_in,
    "desktop without QR": partial(sign_in, qr_url=None),
    "mobile": partial(sign_in, mobile=True),
    "mobile, QR only": partial(sign_in, mobile=True, **QR_ONLY),
    "in WeChat": partial(sign_in, in_wechat=True),
    "in WeChat, QR only": partial(sign_in, in_wechat=True, **QR_ONLY),
    "not configured": partial(sign_in, **NO_WAY),
    "error": error_page,
    "error without a way": partial(error_page, **LOST),
    "sign out": sign_out,
    "signed out": signed_out,
    "signed out, no home": partial(signed_out, home=None),
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
    own = re.sub(r"English|[简繁]\w+|QR Code|https?://\S+|1-6aac|商城", "", page.words)

    assert TAGS[language] == page.all("html")[0]["lang"]
    assert ("Content-Language", TAGS[language]) in response.headers
    assert (language == "en") == bool(re.search(r"[A-Za-z]{2}", own))
    assert (language != "en") == bool(re.search(r"[\u4e00-\u9fff]", own))


@every_page
def test_a_page_is_whole_and_stands_alone(make_page):
    """Tags balance; one heading; no script, no handler, nothing loaded from afar."""
    page = Page(make_page("zh_TW"))
    names = {name for _, attributes in page.elements for name in attributes}
    loading = {tag for tag, attributes in page.elements if "src" in attributes}

    assert ([], 1) == (page.open, len(page.all("h1")))
    assert {"iframe"} >= loading
    assert [] == page.all("script")
    assert [{"rel": "icon", "href": "data:,"}] == page.all("link")
    assert not [name for name in names if name.startswith("on") or name == "style"]


@every_page
def test_headers(make_page):
    """No cache, no frame around us, no referrer, and no style but our own."""
    response = make_page("en")
    page = Page(response)
    digest = b64encode(sha256(page.css.encode()).digest()).decode()
    frame = "; frame-src https://open.weixin.qq.com" if page.all("iframe") else ""

    assert (
        ("Content-Type", "text/html; charset=utf-8"),
        ("Cache-Control", "no-store"),
        ("Vary", "Accept-Language, Cookie, User-Agent"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "no-referrer"),
        ("Content-Language", "en"),
        (
            "Content-Security-Policy",
            f"default-src 'none'; style-src 'sha256-{digest}'; img-src 'self' data:; "
            f"form-action 'self'; base-uri 'none'; frame-ancestors 'none'{frame}",
        ),
    ) == response.headers


@pytest.mark.parametrize(
    ("ways", "status", "frames", "links", "addresses"),
    [
        ({}, 200, 1, [QR_PAGE], 0),
        ({"wechat_url": None}, 200, 1, [QR_PAGE], 0),
        ({"qr_page_url": None}, 200, 1, [], 0),
        ({"qr_url": None}, 200, 0, [], 1),
        ({"mobile": True}, 200, 1, [QR_PAGE], 1),
        ({"mobile": True, "wechat_url": None}, 200, 1, [QR_PAGE], 1),
        ({"mobile": True, "qr_url": None}, 200, 0, [], 1),
        ({"in_wechat": True}, 200, 0, [WECHAT], 0),
        ({"in_wechat": True, "mobile": True}, 200, 0, [WECHAT], 0),
        ({"in_wechat": True, "mobile": True, "wechat_url": None}, 200, 0, [], 1),
        (NO_WAY, 501, 0, [], 0),
        ({**NO_WAY, "in_wechat": True}, 501, 0, [], 0),
    ],
)
def test_the_ways_to_sign_in(ways, status, frames, links, addresses):
    """Each browser is offered what works in it, and nothing that cannot."""
    response = sign_in(**ways)
    page = Page(response)
    ours = [link["href"] for link in page.all("a") if "hreflang" not in link]

    assert (status, frames, links, addresses) == (
        response.status,
        len(page.all("iframe")),
        ours,
        len(page.all("textarea")),
    )


@pytest.mark.parametrize(
    ("login_url", "english"),
    [
        ("https://a/login", "https://a/login?lang=en"),
        (
            "https://a/login?next=%2Fx%3Flang=zh",
            "https://a/login?next=%2Fx%3Flang=zh&lang=en",
        ),
        ("https://a/login?lang=zh_TW&b=1&ui_locales=zh", "https://a/login?b=1&lang=en"),
    ],
)
def test_languages_are_one_click_away(login_url, english):
    """The other languages lead to the same page, whatever else its address says."""
    page = Page(sign_in("zh_CN", login_url=login_url))
    links = {link["hreflang"]: link["href"] for link in page.all("a") if "lang" in link}

    assert {"zh-TW", "en"} == set(links)
    assert english == links["en"]
    assert [{"lang": "zh-CN", "aria-current": "true"}] == page.all("span")


def test_an_error_keeps_its_status_and_shows_its_number():
    """A person reads the sentence, a program the status and when to come back."""
    response = error_page(error=errors.ServiceUnavailable())
    page = Page(response)

    assert 503 == response.status
    assert ("Retry-After", "2") in response.headers
    assert "The service is briefly unavailable." in page.words
    assert page.words.endswith("Request number 1-6aac")
    assert "Retry-After" not in dict(error_page().headers)


def test_the_style_is_small():
    """It travels with every page."""
    assert len(Page(sign_in()).css.encode()) < 6_000


def test_importing_pages_costs_no_template_engine():
    """A warm-up that shows no page must not pay for Tornado or gettext."""
    code = "import sys, runtime.pages; print({'tornado', 'gettext'} & {*sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        cwd=Path(pages.__file__).parents[1],
        text=True,
        timeout=30,
    )

    assert "set()\n" == done.stdout
