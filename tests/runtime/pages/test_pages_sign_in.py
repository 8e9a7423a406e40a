"""The sign-in page: what each browser is offered, and what the page may load."""

import re

import pytest

from runtime.pages.qr_code import QrCode
from runtime.web.browsers import Browser
from tests.runtime.pages.page_parts import (
    ADDRESS,
    COPY_SCRIPT,
    OWN_SCRIPT,
    QR,
    QR_FRAME,
    QR_PAGE,
    QR_SCRIPT,
    WECHAT,
    Page,
    policy_of,
    sign_in,
)

DESKTOP, MOBILE, IN_WECHAT = Browser.DESKTOP, Browser.MOBILE, Browser.WECHAT
WECOM, MINI_PROGRAM = Browser.WECOM, Browser.MINI_PROGRAM
BOTH = {}
QR_ONLY = {"wechat_url": None}
WECHAT_ONLY = {"qr": None}
NEITHER = {"qr": None, "wechat_url": None}
PICTURE = "data:image/png;base64,iVBORw0KGgo="
IN_WECHATS_OWN = "Tap it there. You will be signed in inside WeChat."
ON_A_COMPUTER = "Open the address below on a computer"


def ours(page):
    """Return the links that do not just change the language."""
    return [link["href"] for link in page.all("a") if "hreflang" not in link]


@pytest.mark.case(61, 62)
@pytest.mark.parametrize(
    ("browser", "ways", "links", "sentence"),
    [
        (DESKTOP, BOTH, [QR_PAGE], "Scan the QR code with WeChat, then"),
        (DESKTOP, QR_ONLY, [QR_PAGE], "Scan the QR code with WeChat, then"),
        (DESKTOP, WECHAT_ONLY, [], IN_WECHATS_OWN),
        (MOBILE, BOTH, [QR_PAGE], IN_WECHATS_OWN),
        (MOBILE, QR_ONLY, [QR_PAGE], ON_A_COMPUTER),
        (MOBILE, WECHAT_ONLY, [], IN_WECHATS_OWN),
        (IN_WECHAT, BOTH, [WECHAT], "WeChat will ask for your consent."),
        (IN_WECHAT, QR_ONLY, [], ON_A_COMPUTER),
        (IN_WECHAT, WECHAT_ONLY, [WECHAT], "WeChat will ask for your consent."),
        (WECOM, BOTH, [QR_PAGE], f"This is WeCom. .* {IN_WECHATS_OWN}"),
        (WECOM, QR_ONLY, [QR_PAGE], f"This is WeCom. .* {ON_A_COMPUTER}"),
        (WECOM, WECHAT_ONLY, [], f"This is WeCom. .* {IN_WECHATS_OWN}"),
        (MINI_PROGRAM, BOTH, [], f"inside the mini program itself.* {IN_WECHATS_OWN}"),
        (MINI_PROGRAM, QR_ONLY, [], f"the mini program itself.* {ON_A_COMPUTER}"),
        (MINI_PROGRAM, WECHAT_ONLY, [], f"program itself.* {IN_WECHATS_OWN}"),
    ],
)
def test_the_ways_to_sign_in(browser, ways, links, sentence):
    """Each browser is offered what works in it, and nothing that cannot."""
    response = sign_in(browser=browser, **ways)
    page = Page(response)
    elsewhere = IN_WECHATS_OWN in page.words or ON_A_COMPUTER in page.words

    assert (200, links) == (response.status, ours(page))
    assert re.search(sentence, page.words)
    assert elsewhere == (ADDRESS in page.words)


@pytest.mark.parametrize("browser", Browser)
def test_without_any_app_the_operator_is_told(browser):
    """The page says what is missing, and offers no way that would fail."""
    response = sign_in(browser=browser, **NEITHER)
    page = Page(response)

    assert (501, []) == (response.status, ours(page))
    assert "For the operator:" in page.words


def test_the_qr_code_takes_two_scripts_and_one_frame():
    """WeChat's script by its whole address, ours by its own, WeChat's frame."""
    response = sign_in()
    policy = policy_of(response)
    box = next(each for each in Page(response).all("div") if each.get("id") == "qr")

    assert f"{OWN_SCRIPT} {QR_SCRIPT}" == policy["script-src"]
    assert "https://open.weixin.qq.com" == policy["frame-src"]
    assert [{"src": OWN_SCRIPT, "defer": None}] == Page(response).all("script")
    assert (QR_FRAME, QR_SCRIPT) == (box["data-frame"], box["data-script"])


@pytest.mark.parametrize("browser", [each for each in Browser if each is not DESKTOP])
def test_no_other_browser_gets_wechats_script(browser):
    """Only the embedded QR code needs it; ours copies the address, if there is one."""
    response = sign_in(browser=browser)
    scripts = [each["src"] for each in Page(response).all("script")]

    assert ([] if browser is Browser.WECHAT else [COPY_SCRIPT]) == scripts
    assert scripts == policy_of(response).get("script-src", "").split()
    assert "frame-src" not in policy_of(response)


def test_the_sandbox_serves_wechats_script_itself():
    """Where WeChat is played, its script comes from the player."""
    page_url = "http://127.0.0.1:8001/connect/qrconnect?appid=wx1"
    expected = "http://127.0.0.1:8001/connect/zh_CN/htmledition/js/wxLogin.js"

    assert expected == QrCode(page_url, page_url).script_url
    assert QR_SCRIPT == QR.script_url


def test_the_page_shows_whose_it_is():
    """The client's name and logo; the logo is decoration, the name says it all."""
    page = Page(sign_in(client_name="Shop", logo=PICTURE, home="https://shop.example/"))

    assert [{"class": "logo", "src": PICTURE, "alt": ""}] == page.all("img")
    assert "Sign in to Shop" in page.words
    assert [QR_PAGE, "https://shop.example/"] == ours(page)
    assert "Back to Shop" in page.words


@pytest.mark.parametrize(
    ("address", "english"),
    [
        ("https://a/login", "https://a/login?lang=en"),
        (
            "https://a/login?next=%2Fx%3Flang=zh",
            "https://a/login?next=%2Fx%3Flang=zh&lang=en",
        ),
        ("https://a/login?lang=zh_TW&b=1&ui_locales=zh", "https://a/login?b=1&lang=en"),
    ],
)
def test_languages_are_one_click_away(address, english):
    """The other languages lead to the same page, whatever else its address says."""
    page = Page(sign_in("zh_CN", url=address))
    links = {link["hreflang"]: link["href"] for link in page.all("a") if "lang" in link}

    assert {"zh-TW", "en"} == set(links)
    assert english == links["en"]
    assert [{"lang": "zh-CN", "aria-current": "true"}] == page.all("span")
