"""What strangers put into a page stays text, and their addresses stay out."""

from html.parser import HTMLParser

import pytest

from runtime import errors, pages

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
NOT_FRAMES = [
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


def sign_in(*, name="", login_url="https://a.example/login", **ways):
    ways = {"qr_url": None, "wechat_url": QR, **ways}
    return pages.sign_in("en", login_url=login_url, client_name=name, **ways)


def error_page(*, text="1", start_again=None, home=None):
    error = errors.GatewayError()
    error.message = text
    return pages.error_page(
        "en", error, request_id=text, start_again=start_again, home=home
    )


def sign_out(text, *, action="/logout", home="/"):
    return pages.sign_out("en", action=action, token=text, home=home)


PLACES = {
    "client name": lambda text: sign_in(name=text),
    "address": lambda text: sign_in(
        login_url=f"https://a.example/?a={text}".replace(" ", "+")
    ),
    "error": lambda text: error_page(text=text),
    "token": sign_out,
    "QR address": lambda text: sign_in(qr_url=f"{QR}&a={text}".replace(" ", "+")),
    "WeChat address": lambda text: sign_in(
        wechat_url=f"{QR}&a={text}".replace(" ", "+"), in_wechat=True
    ),
}


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_text_from_outside_stays_text(place, text):
    """No text adds an element or attribute, is run, or is lost on its way."""
    page = Elements(place(text))
    everything = [page.text, *page.values("value", "src", "href")]

    assert Elements(place("plain")).shape == page.shape
    assert any(text in shown or text.replace(" ", "+") in shown for shown in everything)


@pytest.mark.parametrize("url", NOT_LINKS)
def test_only_web_addresses_and_local_paths_become_links(url):
    """Anything else is dropped, and the page stands without it."""
    shown = [
        sign_in(wechat_url=url, qr_url=QR, qr_page_url=url, login_url=url),
        sign_in(wechat_url=url, in_wechat=True, login_url=url),
        error_page(start_again=url, home=url),
        sign_out("t", action=url, home=url),
        pages.signed_out("en", home=url),
    ]
    targets = [Elements(page).values("href", "action") for page in shown]

    assert [["data:,"]] * len(shown) == targets


@pytest.mark.parametrize("url", NOT_FRAMES)
def test_only_a_plain_origin_is_framed(url):
    """The frame's origin goes into a header, so it must be one and nothing more."""
    response = sign_in(qr_url=url)

    assert "iframe" not in dict(Elements(response).shape)
    assert "frame-src" not in dict(response.headers)["Content-Security-Policy"]


@pytest.mark.parametrize(
    "url", ["/", "/a?next=//b", "http://127.0.0.1:8080/x", "HTTPS://a.example/张?b#c"]
)
def test_good_addresses_are_kept_as_they_are(url):
    """A link is passed on letter by letter."""
    page = Elements(error_page(start_again=url))

    assert ["data:,", url] == page.values("href")


def test_the_frame_may_move_the_top_window_and_little_else():
    """WeChat's page needs its scripts, its origin and, once confirmed, our window."""
    page = Elements(sign_in(qr_url=QR))

    assert [
        {
            "src": QR,
            "title": "WeChat QR code",
            "width": "300",
            "height": "400",
            "loading": "lazy",
            "sandbox": "allow-scripts allow-same-origin allow-top-navigation "
            "allow-forms allow-popups allow-popups-to-escape-sandbox",
            "allow": "local-network-access",
        }
    ] == [dict(attrs) for tag, attrs in page.found if tag == "iframe"]


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
