"""Sign-in with WeChatOAuth2Mixin at the sandbox's WeChat."""

from __future__ import annotations

import re

import pytest

from tests.support.mixin_service import agree, at, finish, make_service, start, state_of
from tests.support.tornado_service import Service


@pytest.mark.case(63)
@pytest.mark.bug(2, 6)
@pytest.mark.parametrize(
    ("query", "path", "scope", "extra"),
    [
        ("", "oauth2/authorize", "snsapi_userinfo", ""),
        ("?once=1", "oauth2/authorize", "snsapi_userinfo", "&connect_redirect=1"),
        ("?scope=snsapi_base&scope=b", "oauth2/authorize", "snsapi_base%2Cb", ""),
        ("?scope=snsapi_login", "qrconnect", "snsapi_login", ""),
    ],
)
def test_the_link_is_wechats_to_the_letter(browser, query, path, scope, extra):
    """Without addresses it leads to WeChat: five parameters in order, fragment last."""
    app = {"appid": "wx" + "a" * 16, "secret": "never shown"}
    with Service(lambda url: make_service(url, app=app)) as service:
        link = start(browser, service, query)
        back = service.url.replace(":", "%3A").replace("/", "%2F") + "%2Fsigned_in"

    assert link == (
        f"https://open.weixin.qq.com/connect/{path}?appid={app['appid']}"
        f"&redirect_uri={back}&response_type=code&scope={scope}"
        f"&state={state_of(link)}{extra}#wechat_redirect"
    )
    assert re.fullmatch("[0-9a-f]{32}", state_of(link))


@pytest.mark.case(59)
@pytest.mark.bug(9)
@pytest.mark.parametrize("number", range(4))
def test_a_user_signs_in(sandbox, browser, service, number):
    """The token answer and the profile come as they are, emoji and accents included."""
    appid, user = sandbox.app("service")["appid"], sandbox.user(number)
    sandbox.control("phone/holder", openid=user["openid"][appid])
    told = finish(browser, agree(browser, start(browser, service)))

    assert user["openid"][appid] == told["access"]["openid"]
    assert "snsapi_userinfo" == told["access"]["scope"]
    assert (user["nickname"], user["unionid"]) == (
        told["profile"]["nickname"],
        told["profile"]["unionid"],
    )


def test_a_user_signs_in_by_qr_code(sandbox, browser):
    """The page, the phone, the poll, and back."""
    with Service(at(sandbox, "website")) as service:
        link = start(browser, service, "?scope=snsapi_login")
        page = browser.http.request("GET", link.partition("#")[0]).data.decode()
        uuid = re.search(r"/connect/qrcode/(\w{16})", page)[1]
        sandbox.control("phone/scan", uuid=uuid)
        sandbox.control("phone/confirm", uuid=uuid)
        polled = sandbox.get("/connect/l/qrconnect", {"uuid": uuid, "f": "json"})
        query = f"code={polled.json()['wx_code']}&state={state_of(link)}"
        told = finish(browser, f"{service.url}/signed_in?{query}")

    assert "/connect/qrconnect?" in link
    assert "snsapi_login" == told["access"]["scope"]
    assert sandbox.user()["nickname"] == told["profile"]["nickname"]


@pytest.mark.case(40)
def test_a_user_refuses(sandbox, browser, service):
    """The state comes back alone, and it is this browser's."""
    sandbox.control("apps", appid=sandbox.app("service")["appid"], refusal="redirect")
    told = finish(browser, agree(browser, start(browser, service), "refuse"))

    assert {"refused": True} == told


@pytest.mark.case(39)
def test_two_tabs_at_once(browser, service):
    """Each has a cookie of its own, so both finish, in whatever order."""
    first, second = start(browser, service), start(browser, service)
    told = [finish(browser, agree(browser, link)) for link in (second, first)]

    assert [True, True] == ["profile" in each for each in told]
    assert {} == browser.cookies


@pytest.mark.case(113)
def test_the_cookie_of_a_flow(browser, service):
    """Ten minutes, for this host alone, out of scripts' reach, Lax."""
    link = start(browser, service)
    (line,) = browser.lines
    name, _, rest = line.partition("=")
    _, *flags = rest.split("; ")

    assert f"wechat_state_{state_of(link)[:8]}" == name
    assert ["HttpOnly", "Max-Age=600", "Path=/", "SameSite=Lax"] == sorted(flags)


@pytest.mark.case(113)
def test_the_cookie_of_a_flow_on_https(sandbox, browser):
    """Behind a proxy that says so: Secure, and nobody but this host can set it."""
    with Service(at(sandbox), xheaders=True) as service:
        browser.get(f"{service.url}/sign_in", **{"X-Scheme": "https"})

    (line,) = browser.lines
    assert line.startswith("__Host-wechat_state_")
    assert {"Secure", "Path=/"} <= set(line.split("; "))
    assert "Domain" not in line


def test_post_arguments_go_as_json(sandbox, browser, service):
    """WeChat takes UTF-8 JSON, and the token in the query."""
    call = {
        "path": "/cgi-bin/tags/create",
        "access_token": sandbox.token(),
        "post_args": {"tag": {"name": "读者"}},
    }
    answer = browser.http.request("POST", f"{service.url}/call", json=[call])

    assert "读者" == answer.json()["answers"][0]["tag"]["name"]


def test_arguments_without_a_token_are_not_lost(sandbox, browser, service):
    """They reach WeChat, which has its own opinion of them."""
    call = {"path": "/sns/auth", "openid": "o-1"}
    browser.http.request("POST", f"{service.url}/call", json=[call])
    (seen,) = sandbox.journal(path="/sns/auth")

    assert {"openid": "o-1"} == seen["query"]


def test_the_exchange_asks_what_wechat_documents(sandbox, browser, service):
    """appid, secret, code, grant_type, and no more."""
    finish(browser, agree(browser, start(browser, service)))
    (seen,) = sandbox.journal(path="/sns/oauth2/access_token")

    assert ["appid", "secret", "code", "grant_type"] == list(seen["query"])
