"""wxLogin.js as a site uses it, in a real browser."""

from urllib.parse import quote

import pytest

from tests.support.chromium import chromium

PATH = "/connect/zh_CN/htmledition/js/wxLogin.js"
BACK = quote("https://shop.example.com/back?a=1", safe="")
NEEDED = {
    "id": "here",
    "appid": "wx1",
    "scope": "snsapi_login",
    "redirect_uri": BACK,
    "state": "s1",
}
FRONT = f"appid=wx1&scope=snsapi_login&redirect_uri={BACK}&state=s1&login_type=jssdk"
BLANK = "styletype=&sizetype=&bgcolor=&rst="


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def embed(sandbox, browser):
    """Return a function that calls WxLogin and gives the frame's attributes."""
    page = browser.new_page()
    page.route("**/connect/qrconnect?*", lambda route: route.abort())

    def run(**options):
        page.set_content("<div id=here>Loading...</div>")
        page.add_script_tag(url=sandbox.url + PATH)
        page.evaluate("options => { new WxLogin(options) }", {**NEEDED, **options})
        return page.eval_on_selector(
            "#here > iframe:only-child",
            "e => Object.fromEntries([...e.attributes].map(a => [a.name, a.value]))",
        )

    yield run
    page.close()


@pytest.mark.parametrize(
    ("options", "tail"),
    [
        ({}, f"self_redirect=default&{BLANK}"),
        ({"self_redirect": False}, f"self_redirect=false&{BLANK}"),
        ({"self_redirect": True, "lang": "cn"}, f"self_redirect=true&{BLANK}"),
        (
            {"color_scheme": "auto", "fast_login": 0, "stylelite": 1, "lang": "en"},
            f"self_redirect=default&{BLANK}"
            "&lang=en&stylelite=1&fast_login=0&color_scheme=auto",
        ),
        (
            {"href": "https%3A%2F%2Fa.example%2Fa.css", "style": "white"},
            f"self_redirect=default&{BLANK}"
            "&style=white&href=https%3A%2F%2Fa.example%2Fa.css",
        ),
    ],
    ids=["least", "false", "true", "looks", "style"],
)
def test_the_frame_asks_in_wechats_order(sandbox, embed, options, tail):
    """Whatever the order of the options; what is left out is empty or absent."""
    expected = f"{sandbox.url}/connect/qrconnect?{FRONT}&{tail}"

    assert embed(**options)["src"] == expected


def test_the_frame_has_wechats_measures(embed):
    """300 by 400, no border, no scrolling, and it may talk to this computer."""
    frame = embed()
    del frame["src"]

    assert frame == {
        "frameborder": "0",
        "scrolling": "no",
        "width": "300px",
        "height": "400px",
        "allow": "local-network-access",
    }


def test_the_script_can_be_made_to_fail(sandbox):
    """A fault of its path is how a site sees the script missing."""
    kind = sandbox.get(PATH).headers["Content-Type"]
    sandbox.control("faults", path=PATH, status=503)

    assert kind == "application/javascript"
    assert [503, 200] == [sandbox.get(PATH).status for _ in range(2)]
