"""Hostile values in pages: they stay text, and their URLs are left out."""

from html.parser import HTMLParser

import pytest

from runtime import errors
from runtime.pages import pages
from runtime.pages.qr_code import QrCode
from runtime.web.browsers import Browser
from tests.runtime.pages.page_parts import policy_of

QR = "https://open.weixin.qq.com/connect/qrconnect?appid=wx1"
NASTY = [
    "<script>alert(1)</script>",
    "</title></style></textarea><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' autofocus onfocus='alert(1)",
    "{{7*7}} {% raw css %} {# x #} %(name)s %s",
    "&lt;b&gt; &amp;#60;",
    "<!-- --> ]]> -->",
    "José 张三😀 \u202egnp.exe \ue001 \u2028",
    "张" * 21_845,
]
NOT_LINKS = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "weixin://dl/business",
    "//evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "https://a.example/\r\nSet-Cookie:a=b",
    " https://a.example",
    "https:evil.example",
    "login",
    "",
]
NOT_ORIGINS = [
    *NOT_LINKS,
    "/local",
    "https://a.example;script-src *",
    "https://a.example script-src",
    "https://a.example,b",
    "https://'self'/",
    "https://user@a.example/",
    "https://*/",
    "https:///a",
    "https://a.example:port/",
]


class Elements(HTMLParser):
    """A page's elements with their attributes, and its text."""

    def __init__(self, response):
        super().__init__()
        self.found, self.text = [], ""
        self.feed(response.body.decode())
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, attrs))

    def handle_data(self, data):
        self.text += data

    @property
    def shape(self):
        return [(tag, [name for name, _ in attrs]) for tag, attrs in self.found]

    def values(self, *names):
        return [value for _, attrs in self.found for n, value in attrs if n in names]


def sign_in(*, name="", url="https://a.example/login", **ways):
    ways = {"qr": None, "wechat_url": QR, "browser": Browser.DESKTOP, **ways}
    return pages.sign_in("en", url=url, client_name=name, **ways)


def qr_code(url):
    return QrCode(page_url=QR, frame_url=url)


def error_page(*, text="1", start_again=None, home=None):
    error = errors.GatewayError(message=text)
    return pages.error_page(
        "en", error, request_id=text, start_again=start_again, home=home
    )


def sign_out(text, *, action="/logout", home="/", **more):
    return pages.sign_out("en", action=action, token=text, home=home, **more)


def answer_form(**changes):
    shown = {"action": "https://a.example/back", "fields": {}, "client_name": "A"}
    return pages.answer_form("en", base_url="https://a.example", **{**shown, **changes})


PLACES = {
    "client name": lambda text: sign_in(name=text),
    "address": lambda text: sign_in(
        url=f"https://a.example/?a={text}".replace(" ", "+")
    ),
    "logo": lambda text: sign_in(logo=text, name=text),
    "error": lambda text: error_page(text=text),
    "token": sign_out,
    "form field": lambda text: sign_out("t", fields={"state": text}),
    "answer": lambda text: answer_form(fields={"state": text}),
    "who gets the answer": lambda text: answer_form(client_name=text),
    "where one is signed in": lambda text: pages.signed_in(
        "en", client_name=text, home="/", again="/", goes_on=False
    ),
    "whose page is old": lambda text: pages.old_page(
        "en", client_name=text, home="/", start_again="/"
    ),
    "renewal": lambda text: sign_in(
        renewal=f"https://a.example/?a={text}".replace(" ", "+")
    ),
    "who asks": lambda text: sign_out("t", client_name=text),
    "QR address": lambda text: sign_in(qr=qr_code(f"{QR}&a={text}".replace(" ", "+"))),
    "WeChat address": lambda text: sign_in(
        wechat_url=f"{QR}&a={text}".replace(" ", "+"), browser=Browser.WECHAT
    ),
    "home": lambda text: sign_in(home=f"{QR}&a={text}".replace(" ", "+")),
}


CARRIERS = ("value", "src", "href", "data-frame", "content")


@pytest.mark.case(117)
@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_text_from_outside_stays_text(place, text):
    """No text adds an element or attribute, is run, or is lost on its way."""
    page = Elements(place(text))
    everything = [page.text, *page.values(*CARRIERS)]

    assert Elements(place("plain")).shape == page.shape
    assert any(text in shown or text.replace(" ", "+") in shown for shown in everything)


@pytest.mark.parametrize("url", NOT_LINKS)
def test_only_web_addresses_and_local_paths_become_links(url):
    """Anything else is dropped, and the page stands without it."""
    shown = [
        sign_in(wechat_url=url, qr=QrCode(url, QR), url=url, home=url),
        sign_in(wechat_url=url, browser=Browser.WECHAT, url=url),
        error_page(start_again=url, home=url),
        sign_out("t", action=url, home=url),
        pages.signed_in("en", client_name="", home=url, again=url, goes_on=True),
        pages.signed_out("en", home=url),
    ]
    targets = [Elements(page).values("href", "action") for page in shown]
    # An error and the end of a session lead to a sign-in.
    own = [["data:,", "/login"] if n in (2, 5) else ["data:,"] for n in range(6)]

    assert own == targets


@pytest.mark.parametrize("url", NOT_ORIGINS)
def test_only_a_plain_origin_goes_into_the_policy(url):
    """What is framed or posted to is named in a header, by its origin alone."""
    framing = sign_in(qr=qr_code(url))
    posting = sign_out("t", form_targets=(url,))

    # The address to copy is there instead, and its script is our own.
    assert ["https://a.example/login/copy.js"] == Elements(framing).values("src")
    assert "frame-src" not in policy_of(framing)
    assert "https://a.example/login/copy.js" == policy_of(framing)["script-src"]
    assert "'self'" == policy_of(posting)["form-action"]


@pytest.mark.parametrize("url", NOT_ORIGINS)
def test_a_script_from_nowhere_is_none(url):
    """Where our own address is odd there is the plain link, and WeChat's script."""
    page = sign_in(qr=qr_code(QR), url=url)

    assert [] == [tag for tag, _ in Elements(page).found if tag == "script"]
    assert QR in Elements(page).values("href")


def test_a_form_may_lead_to_the_origins_it_names():
    """A redirect behind the POST is held to form-action as the POST itself is."""
    page = sign_out("t", form_targets=("https://shop.example.com/bye?a=1;b",))

    assert "'self' https://shop.example.com" == policy_of(page)["form-action"]


@pytest.mark.parametrize(
    "uri",
    [
        *NOT_LINKS,
        "https://a.example/logo.png",
        "data:image/png,plain",
        "data:image/gif;base64,R0lGODlh",
        "data:text/html;base64,PHNjcmlwdD4=",
        "data:image/svg+xml;utf8,<svg onload=alert(1)>",
        'data:image/png;base64,iVBORw0KGgo="><script>',
        "data:image/png;base64,iVBORw0KGgo=\n",
    ],
)
def test_only_a_picture_in_the_page_is_a_logo(uri):
    """A logo is nothing that a page would have to fetch, or could run."""
    assert "img" not in dict(Elements(sign_in(logo=uri)).shape)


@pytest.mark.parametrize(
    "url", ["/", "/a?next=//b", "http://127.0.0.1:8080/x", "HTTPS://a.example/张?b#c"]
)
def test_good_addresses_are_kept_as_they_are(url):
    """A link is passed on letter by letter."""
    page = Elements(error_page(start_again=url))

    assert ["data:,", url] == page.values("href")


def test_an_answer_goes_to_web_addresses_alone():
    """The policy names schemes: a client's answer may redirect to another host."""
    policies = [
        dict(answer_form(action=f"{scheme}://a.example/").headers)[
            "Content-Security-Policy"
        ]
        for scheme in ("https", "http")
    ]

    assert "form-action 'self' https:;" in policies[0]
    assert "form-action 'self' https: http:;" in policies[1]
    assert "script-src https://a.example/login/continue.js" in policies[0]


def test_signing_out_takes_a_post_with_a_token():
    """The form posts to its action and carries the token as Tornado names it."""
    page = Elements(sign_out("t0ken"))

    assert ("form", [("method", "post"), ("action", "/logout")]) in page.found
    assert (
        "input",
        [("type", "hidden"), ("name", "_xsrf"), ("value", "t0ken")],
    ) in page.found


def test_wechats_own_words_stay_off_the_page():
    """What WeChat answered may name things that are nobody's business."""
    error = errors.WeChatRefused(40013, "invalid appid wx1")
    page = pages.error_page("en", error, request_id="1", start_again=None, home=None)

    assert b"invalid appid" not in page.body
    assert b"40013" not in page.body


@pytest.mark.case(116)
def test_https_is_promised_only_on_https():
    """HSTS goes with every page served over https and with no other."""
    promise = ("Strict-Transport-Security", "max-age=31536000")
    error = {"request_id": "1", "start_again": None, "home": None}
    served = {
        https: [
            sign_in(https=https),
            pages.error_page("en", errors.NotFound(), https=https, **error),
            pages.sign_out("en", action="/", token="t", home="/", https=https),
            pages.signed_out("en", home="/", https=https),
        ]
        for https in (True, False)
    }

    assert all(promise in page.headers for page in served[True])
    assert not any(promise in page.headers for page in served[False])
