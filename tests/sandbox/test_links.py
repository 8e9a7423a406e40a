"""The links that apps send browsers to, and what WeChat says to wrong ones."""

import pytest

from sandbox.ids import Ids
from sandbox.links import PageError, read_authorize_link, read_qrconnect_link
from sandbox.state.apps import change_app, make_app

IDS = Ids(1)
SERVICE = make_app(IDS, kind="service", name="shop")
WEBSITE = make_app(IDS, kind="website", name="site")
APPS = {app.appid: app for app in (SERVICE, WEBSITE)}
BACK = "http://127.0.0.1:8080/back?a=1"


def pairs(**changes):
    """Return a right authorize link's pairs in order, changed; None leaves out."""
    right = {
        "appid": SERVICE.appid,
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "snsapi_base",
        "state": "abc123",
    }
    merged = {**right, **changes}
    return [(name, value) for name, value in merged.items() if value is not None]


def refusal(link, read=read_authorize_link):
    with pytest.raises(PageError) as caught:
        read(APPS, link)
    return caught.value.code


def test_a_right_link_passes():
    """The answer's address keeps the query it had, and the state."""
    link = read_authorize_link(APPS, pairs())

    assert link.granted("CODE") == BACK + "&code=CODE&state=abc123"
    assert link.refused() == BACK + "&state=abc123"


@pytest.mark.parametrize(
    ("redirect_uri", "granted", "refused"),
    [
        ("http://127.0.0.1/x", "http://127.0.0.1/x?code=C", "http://127.0.0.1/x"),
        (
            "http://127.0.0.1/#/x",
            "http://127.0.0.1/?code=C#/x",
            "http://127.0.0.1/#/x",
        ),
    ],
)
def test_an_answer_without_state(redirect_uri, granted, refused):
    """Without a state none is made up; a fragment stays at the end."""
    link = read_authorize_link(APPS, pairs(redirect_uri=redirect_uri, state=None))

    assert (link.granted("C"), link.refused()) == (granted, refused)


@pytest.mark.parametrize("read", [read_authorize_link, read_qrconnect_link])
def test_the_query_of_a_hash_route_goes_before_the_hash(read):
    """As WeChat does it for single-page apps, by both kinds of link."""
    route = "http://127.0.0.1/app?a=1#/cb?x=1"
    kind = {"appid": WEBSITE.appid, "scope": "snsapi_login"}
    changes = kind if read is read_qrconnect_link else {}
    link = read(APPS, pairs(redirect_uri=route, **changes))

    assert link.granted("C") == "http://127.0.0.1/app?a=1&code=C&state=abc123#/cb?x=1"
    assert link.refused() == "http://127.0.0.1/app?a=1&state=abc123#/cb?x=1"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"appid": None}, 10012),
        ({"appid": ""}, 10012),
        ({"appid": "wx0000000000000000"}, None),
        ({"appid": WEBSITE.appid}, 10016),
        ({"redirect_uri": ""}, 10011),
        ({"redirect_uri": "http://evil.example/back"}, 10003),
        ({"redirect_uri": "http://www.127.0.0.1/back"}, 10003),
        ({"redirect_uri": "http://127.0.0.1@evil.example/"}, 10003),
        ({"redirect_uri": "ftp://127.0.0.1/"}, 10003),
        ({"redirect_uri": "http://[::1"}, 10003),
        ({"scope": None}, 10010),
        ({"scope": "snsapi_login"}, 10005),
        ({"response_type": "token"}, None),
        ({"state": ""}, 10013),
        ({"state": "a-b"}, None),
        ({"state": "a" * 129}, None),
        ({"component_appid": "wx1"}, 10015),
    ],
)
def test_a_wrong_link_is_a_page_with_its_number(changes, code):
    """Each fault has WeChat's number, or none where WeChat documents none."""
    assert refusal(pairs(**changes)) == code


def test_a_state_of_128_characters_passes():
    """The limit itself is allowed."""
    assert read_authorize_link(APPS, pairs(state="a" * 128)).state == "a" * 128


@pytest.mark.parametrize(
    "order",
    [
        (1, 0, 2, 3, 4),
        (0, 1, 3, 2, 4),
        (0, 1, 2, 4, 3),
        (4, 0, 1, 2, 3),
        (0, 1, 2, 3, 4, 4),
    ],
)
def test_another_order_of_parameters_is_refused(order):
    """The link is matched by the order of its names, each once."""
    right = pairs()

    assert refusal([right[place] for place in order]) is None


def test_extras_go_to_the_end():
    """connect_redirect is fine behind the state, not before it; others never are."""
    extra = ("connect_redirect", "1")
    right = pairs()

    assert read_authorize_link(APPS, [*right, extra]).state == "abc123"
    assert refusal([*right[:4], extra, right[4]]) is None
    assert refusal([*right, ("client_id", "1")]) is None


def test_the_login_link_takes_any_order():
    """wxLogin.js writes another order, and no response_type."""
    names = ("appid", "scope", "redirect_uri", "state", "login_type")
    values = (WEBSITE.appid, "snsapi_login", BACK, "s-1", "jssdk")
    link = read_qrconnect_link(APPS, list(zip(names, values, strict=True)))

    assert link.granted("CODE") == BACK + "&code=CODE&state=s-1"


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({"appid": "wx1"}, "AppID 参数错误"),
        ({"appid": SERVICE.appid}, "Scope 参数错误或没有 Scope 权限"),
        ({"scope": "snsapi_userinfo"}, "Scope 参数错误或没有 Scope 权限"),
        ({"redirect_uri": "http://evil.example/"}, "redirect_uri 参数错误"),
        ({"redirect_uri": None}, "redirect_uri 参数错误"),
        ({"response_type": "token"}, "response_type 参数错误"),
    ],
)
def test_a_wrong_login_link_is_named(changes, title):
    """The page's title says which parameter is wrong."""
    link = pairs(**{"appid": WEBSITE.appid, "scope": "snsapi_login", **changes})

    with pytest.raises(PageError) as caught:
        read_qrconnect_link(APPS, link)

    assert caught.value.title == title


def test_the_domain_is_the_apps_own():
    """A changed callback domain decides, and its subdomains do not count."""
    app = change_app(SERVICE, {"callback_domain": "www.example.com"})
    apps = {app.appid: app}
    good = pairs(redirect_uri="https://www.example.com:8443/x")

    assert read_authorize_link(apps, good).app == app
    with pytest.raises(PageError):
        read_authorize_link(apps, pairs(redirect_uri="https://a.www.example.com/"))
