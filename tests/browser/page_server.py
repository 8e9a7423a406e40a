"""Our pages on a port, with WeChat's page and script simulated on another host."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from runtime import errors
from runtime.pages import confirmation_pages as confirmations
from runtime.pages import pages, session_pages
from runtime.pages.qr_code import PageQr, QrCode
from runtime.pages.qr_symbol import picture_of
from runtime.pages.rendering import TEMPLATES
from runtime.web.browsers import Browser
from runtime.web.messages import Response

WXLOGIN_PATH = "/connect/zh_CN/htmledition/js/wxLogin.js"
WXLOGIN = Path(__file__).parents[2] / "sandbox" / "static" / "wxLogin.js"
NAME = "Ein-sehr-langer-Name-ohne-jede-Trennung " + "商城" * 20
# A wide mark in black: the shape that is hardest to place.
LOGO = (
    "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHdp"
    "ZHRoPSI5MDAiIGhlaWdodD0iMTIwIj48cGF0aCBkPSJNMCAwaDkwMHYxMjBIMHoiLz48L3N2Zz4="
)


def sign_in(language="en", *, port=1, **changes):
    wechat = f"http://localhost:{port}/connect/qrconnect?appid=wx1&scope=snsapi_login"
    wechat += "&redirect_uri=http%3A%2F%2F127.0.0.1%2Fback&state=s"
    shown = {
        "qr": QrCode(wechat, f"{wechat}&login_type=jssdk"),
        "wechat_url": wechat,
        "url": f"http://127.0.0.1:{port}/desktop?next=/orders",
        "client_name": NAME,
        "browser": Browser.DESKTOP,
        "home": "https://shop.example.com/",
        "logo": LOGO,
    }
    return pages.sign_in(language, **{**shown, **changes})


def error(language="en", kind=errors.FlowExpired):
    return pages.error_page(
        language,
        kind(),
        request_id="1-6",
        start_again="/desktop",
        home="/",
    )


def sign_out(language="en", **changes):
    shown = {"action": "/", "token": "t", "home": "/", "client_name": NAME}
    return pages.sign_out(language, **{**shown, **changes})


def answer_form(language="en"):
    # To be looked at: without its script the form stays where it is.
    return pages.answer_form(
        language,
        action="https://shop.example.com/signed_in",
        fields={"code": "c", "state": "s" * 2500},
        client_name=NAME,
        base_url="",
    )


def embedded(language="en", *, port=1, frame=True):
    wechat = f"http://127.0.0.1:{port}/connect/qrconnect"
    return pages.embedded_sign_in(
        language,
        frame_url=wechat if frame else None,
        top_url=f"http://127.0.0.1:{port}/desktop",
        client_name=NAME,
        framed_by=(f"http://localhost:{port}",),
        renewal="/embedded",
    )


def answer_link(language="en"):
    # To be looked at: without its script the page stays where it is.
    return pages.answer_link(
        language,
        url="https://shop.example.com/signed_in?code=c",
        client_name=NAME,
        base_url="",
        framed_by=("https://shop.example.com",),
    )


def signed_in(language="en"):
    return pages.signed_in(
        language,
        client_name=NAME,
        home="https://shop.example.com/",
        again="/desktop",
        goes_on=False,
    )


def visitor(**changes):
    shown = {"sub": "o6_bmjrPTlm6_2sgVt7hMZOPfL2M", "name": NAME, "at": 1_800_000_000}
    shown |= {"picture": None, "account": "wx5117e47500000001"}
    return session_pages.Visitor(**{**shown, "account_kind": "service", **changes})


def me(language="en", **changes):
    return session_pages.me(
        language,
        visitor(**changes),
        token="t",
        client_name=NAME,
        home="https://shop.example.com/",
        url="/me",
    )


def offer(language="en"):
    return session_pages.offer(
        language,
        visitor(name="张三"),
        url="/offer",
        next_="/orders",
        another="/desktop",
        client_name=NAME,
    )


def old_page(language="en"):
    return pages.old_page(
        language,
        client_name=NAME,
        home="https://shop.example.com/",
        start_again="/desktop",
    )


def signed_out(language="en"):
    return pages.signed_out(language, home="/")


def not_admitted(language="en", **changes):
    shown = {
        "reference": "K7QF-2M9X-4TBD",
        "client_name": NAME,
        "start_again": "/desktop",
        "back": "https://shop.example.com/signed_in?error=access_denied",
        "sign_out": "/logout",
    }
    return pages.not_admitted(language, **{**shown, **changes})


def page_qr(language="en", *, port=1):
    """Return the sign-in page with a QR code of its own."""
    found = picture_of(f"http://127.0.0.1:{port}/login/scan/AbCd0123_-Gh4567")
    return sign_in(
        language, port=port, qr=None, page_qr=PageQr("/login/wait?flow=1", found, 300)
    )


def account_qr(language="en", *, port=1):
    """Return the sign-in page with the QR code of a service account."""
    found = picture_of("http://weixin.qq.com/q/kZgfwMTm72WWPkovabbI")
    shown = PageQr("/login/wait?flow=1", found, 300, by_account=True)
    return sign_in(language, port=port, qr=None, page_qr=shown)


def component_entry(language="en", **changes):
    shown = {
        "url": "http://127.0.0.1:9/connect/component/wx00000000000000c1?client_id=x",
        "entry_url": "https://mp.weixin.qq.com/cgi-bin/componentloginpage?a=1",
        "client_name": NAME,
        "browser": Browser.DESKTOP,
        "logo": LOGO,
        "renewal": "/component_entry",
    }
    return pages.component_entry(language, **{**shown, **changes})


def component_pages():
    """Return the pages of an account that authorises a component, by path."""
    elsewhere = partial(component_entry, entry_url=None, renewal=None)
    return {
        "/component_entry": component_entry,
        "/component_entry_in_wechat": partial(component_entry, browser=Browser.WECHAT),
        "/component_entry_mobile": partial(elsewhere, browser=Browser.MOBILE),
        "/component_pending": partial(
            _in_english(pages.component_pending), seconds=3, request_id="1-6"
        ),
    }


def confirmation_pages(port):
    """Return each page of a sign-in that is confirmed on a phone, by path."""
    made = confirmations
    question = {
        "flow": "1",
        "client_name": NAME,
        "user_name": NAME,
        "device": "Chrome, Windows",
        "place": "2001:db8:1234:5678::/64",
        "minutes": 3,
    }
    address = f"https://{'gateway.' * 12}example.com"
    view = {"code": "c", "token": "t", "user_name": NAME, "client_name": NAME}
    view |= {"at_once": False, "url": f"http://127.0.0.1:{port}/login/webview"}
    form = {"flow": "1", "start_again": "/login", "logo": LOGO}
    pages_ = {
        "page_qr": partial(page_qr, port=port),
        "account_qr": partial(account_qr, port=port),
        "digits_form": partial(made.digits_form, tries=3, wrong=False, **form),
        "wrong_digits": partial(made.digits_form, tries=2, wrong=True, **form),
        "phone_elsewhere": made.phone_elsewhere,
        "phone_question": partial(made.phone_question, **question),
        "phone_digits": partial(
            made.phone_digits, flow="1", digits="0815", address=address
        ),
        "phone_confirmed": partial(made.phone_notice, state="confirmed"),
        "phone_refused": partial(made.phone_notice, state="refused"),
        "refused_by_phone": partial(
            pages.error_page,
            error=errors.ConfirmationRefused(),
            request_id="1-6",
            start_again="/login",
            home=None,
            back="https://shop.example.com/cb",
            back_fields={"error": "access_denied"},
            client_name=NAME,
        ),
        "phone_used": partial(made.phone_notice, state="used"),
        "web_view": partial(made.web_view, other_user=False, **view),
        "web_view_without_name": partial(
            made.web_view, other_user=False, **{**view, "user_name": ""}
        ),
        "web_view_of_another": partial(made.web_view, other_user=True, **view),
    }
    return {f"/{name}": _in_english(page) for name, page in pages_.items()}


def _in_english(page):
    return lambda language="en", **more: page(language, **more)


def file(kind, content):
    return Response(200, (("Content-Type", kind),), content)


def pages_on(port):
    """Return every page there is, by path, for a site on that port."""
    bare = {"client_name": "", "logo": "", "home": None}
    without = {"qr": None, "wechat_url": None}
    at_wecom = {"wecom_url": "https://login.example.com/wwlogin/sso/login?agentid=1"}
    kinds = {
        each.value: {"browser": each} for each in Browser if each is not Browser.DESKTOP
    }
    looks = {
        "desktop": {},
        "bare": bare,
        "operator": without,
        **kinds,
        "wecom_too": at_wecom,
        "wecom_alone": {**at_wecom, **without},
        "wecom_too_mobile": {**at_wecom, "browser": Browser.MOBILE},
        "wecom_alone_mobile": {**at_wecom, **without, "browser": Browser.MOBILE},
        "wecom_alone_in_wechat": {**at_wecom, **without, "browser": Browser.WECHAT},
        "wecom_asks": {**at_wecom, "browser": Browser.WECOM},
        **{f"{name}_qr": {**kind, "wechat_url": None} for name, kind in kinds.items()},
    }
    made = {f"/{name}": partial(sign_in, port=port, **it) for name, it in looks.items()}
    stranger = partial(error, kind=errors.NotAMember)
    plain = {
        "/error": error,
        "/not_a_member": stranger,
        "/sign_out": sign_out,
        "/signed_out": signed_out,
    }
    by_form = partial(not_admitted, back_fields={"error": "access_denied"})
    unnamed = partial(not_admitted, client_name="", back=None, sign_out=None)
    refused = {"/not_admitted": not_admitted, "/not_admitted_form": by_form}
    refused["/not_admitted_by_the_gateway"] = unnamed
    framed = {
        "/embedded": partial(embedded, port=port),
        "/embedded_phone": partial(embedded, port=port, frame=False),
        "/answer_link": answer_link,
    }
    ended = {"/signed_in": signed_in, "/old_page": old_page}
    ended["/answer_form"] = answer_form
    ended |= {"/me": me, "/me_silent": partial(me, name=""), "/offer": offer}
    confirmed = confirmation_pages(port)
    component = component_pages()
    return made | plain | refused | framed | ended | confirmed | component


def scripts(frame=b"<p>QR code</p>"):
    """Return the two scripts, and what WeChat's page is to be, by path."""
    wanted = {"/login/qr.js": TEMPLATES / "qr.js", WXLOGIN_PATH: WXLOGIN}
    wanted["/login/wait.js"] = TEMPLATES / "wait.js"
    wanted["/login/copy.js"] = TEMPLATES / "copy.js"
    wanted["/login/copy.js"] = TEMPLATES / "copy.js"
    kind = "text/javascript"
    made = {path: partial(file, kind, it.read_bytes()) for path, it in wanted.items()}
    return made | {"/connect/qrconnect": partial(file, "text/html", frame)}


@contextmanager
def serving(answers_on, seen):
    """Serve what `answers_on(port)` gives by path; what is asked goes into `seen`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            path, _, language = self.path.partition("?lang=")
            path = path.partition("?")[0]
            seen.append((path, self.headers.get("Cookie")))
            answer = self.server.answers[path]
            response = answer(language) if language else answer()
            self.send_response(response.status)
            for name, value in response.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(response.body)

        do_POST = do_GET

        def log_message(self, *arguments):
            """Keep the test's output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.answers = answers_on(server.server_port)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
