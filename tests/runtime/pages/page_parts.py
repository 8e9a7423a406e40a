"""A page taken apart, and one of each kind to take apart."""

from __future__ import annotations

from html.parser import HTMLParser

from runtime import errors
from runtime.pages import pages
from runtime.pages.qr_code import QrCode
from runtime.web.browsers import Browser

QR_PAGE = (
    "https://open.weixin.qq.com/connect/qrconnect?appid=wx1"
    "&redirect_uri=https%3A%2F%2Flogin.example.com%2Fback&response_type=code"
    "&scope=snsapi_login&state=ab#wechat_redirect"
)
QR_FRAME = QR_PAGE.replace("#", "&login_type=jssdk&self_redirect=default#")
QR = QrCode(page_url=QR_PAGE, frame_url=QR_FRAME)
QR_SCRIPT = "https://res.wx.qq.com/connect/zh_CN/htmledition/js/wxLogin.js"
WECHAT = "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx2#wechat_redirect"
ADDRESS = "https://login.example.com/login?next=%2Fme&lang=en&a=1"
OWN_SCRIPT = "https://login.example.com/login/qr.js"
COPY_SCRIPT = "https://login.example.com/login/copy.js"
CONTINUE_SCRIPT = "https://login.example.com/login/continue.js"
VOID = {"meta", "link", "input", "img", "base"}


class Page(HTMLParser):
    """A page's elements, its words, its style, and what tags stand open."""

    def __init__(self, response):
        super().__init__()
        self.elements, self.text, self.css, self.open = [], [], "", []
        self.feed(response.body.decode())
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        spoken = ("title", "aria-label", "data-title")
        self.text += [text for name, text in attrs if name in spoken]
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


def policy_of(response):
    """Return the Content-Security-Policy's directives by name."""
    policy = dict(response.headers)["Content-Security-Policy"]
    return dict(each.partition(" ")[::2] for each in policy.split("; "))


def sign_in(language="en", **changes):
    shown = {"qr": QR, "wechat_url": WECHAT, "url": ADDRESS, "client_name": ""}
    shown["browser"] = Browser.DESKTOP
    return pages.sign_in(language, **{**shown, **changes})


def error_page(language="en", error=None, **changes):
    shown = {"request_id": "1-6aac", "start_again": "/login", "home": "/"}
    return pages.error_page(
        language, error or errors.FlowExpired(), **{**shown, **changes}
    )


def sign_out(language="en", **changes):
    shown = {"action": "/logout", "token": "t", "home": "/"}
    return pages.sign_out(language, **{**shown, **changes})


def signed_out(language="en", *, home="/"):
    return pages.signed_out(language, home=home)


FRAMED_BY = ("https://shop.example.com", "http://127.0.0.1:8090")


def embedded_sign_in(language="en", **changes):
    shown = {"frame_url": QR_FRAME, "top_url": ADDRESS, "client_name": "商城"}
    shown |= {"framed_by": FRAMED_BY, "renewal": "/again"}
    return pages.embedded_sign_in(language, **{**shown, **changes})


def answer_link(language="en", **changes):
    shown = {"url": "https://a.example/back?code=c", "framed_by": FRAMED_BY}
    shown |= {"client_name": "", "base_url": "https://login.example.com"}
    return pages.answer_link(language, **{**shown, **changes})


def answer_form(language="en", **changes):
    shown = {"action": "https://a.example/back", "fields": {"code": "c", "state": "s"}}
    shown |= {"client_name": "", "base_url": "https://login.example.com"}
    return pages.answer_form(language, **{**shown, **changes})


def signed_in(language="en", **changes):
    shown = {"client_name": "", "home": "/", "goes_on": True}
    shown["again"] = "https://login.example.com/oidc/authorize?a=1&_repeat=1"
    return pages.signed_in(language, **{**shown, **changes})


def old_page(language="en", **changes):
    shown = {"client_name": "", "home": "/", "start_again": "/login"}
    return pages.old_page(language, **{**shown, **changes})
