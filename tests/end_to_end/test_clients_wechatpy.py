"""wechatpy's WeChatOAuth signs users in through the gateway as at WeChat."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from wechatpy.exceptions import WeChatOAuthException
from wechatpy.oauth import WeChatOAuth

from tests.end_to_end.client_registration import register_client
from tests.end_to_end.gateway_adapter import WECHAT, GatewayAdapter
from tests.end_to_end.visitor import Visitor
from tests.support.manage_process import run_manage

OPEN = "https://open.weixin.qq.com"
BACK = "http://127.0.0.1:8095/wechatpy"
STATE = "a1b2c3"
SILENT = "wx" + "5" * 16
DESKTOP = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0"}


@pytest.fixture(scope="module")
def client(host):
    """The only client that has this address: a WeChat appid alone names it."""
    return register_client(host, "wechatpy", back=BACK)


@pytest.fixture
def visitor(host):
    return Visitor(host)


def by_attributes(host, *names):
    """The SDK with other base URLs, as a subclass sets them."""

    class Gateway(WeChatOAuth):
        API_BASE_URL = f"{host.url}/"
        OAUTH_BASE_URL = f"{host.url}/connect/"

    return Gateway(*names, state=STATE)


def as_it_is(host, *names):
    """The SDK with WeChat's own hosts, which lead to the gateway."""
    made = WeChatOAuth(*names, state=STATE)
    made._http.mount(WECHAT, GatewayAdapter(host.url))
    return made


@pytest.fixture(params=[by_attributes, as_it_is])
def make(request, host, client):
    """Return the SDK for a name that stands where WeChat's appid does."""
    made = []

    def run(appid=None, *, scope="snsapi_userinfo", secret=None):
        names = (appid or client["client_id"], secret or client["secret"], BACK, scope)
        made.append(request.param(host, *names))
        return made[-1]

    yield run
    for each in made:
        each._http.close()


def signed_in(host, visitor, sdk):
    """Return what the SDK gets for the code that a user brings."""
    back = visitor.sign_in(sdk.authorize_url.replace(OPEN, host.url), to=BACK)
    assert STATE == back["state"]
    return sdk.fetch_access_token(back["code"])


@pytest.mark.case(129, 130, 132, 133, 134)
@pytest.mark.parametrize("named", ["client", "service"])
def test_a_user_signs_in(host, visitor, make, named):
    """By the client's id or WeChat's real appid: all that the SDK can do works."""
    appid = host.app("service")["appid"]
    sdk = make(appid if named == "service" else None)
    answer = signed_in(host, visitor, sdk)
    user = host.user()
    info = sdk.get_user_info()
    openid = user["openid"][appid]

    assert (openid, "snsapi_userinfo") == (answer["openid"], answer["scope"])
    assert (openid, user["nickname"], user["unionid"]) == (
        info["openid"],
        info["nickname"],
        info["unionid"],
    )
    assert sdk.check_access_token()
    assert openid == sdk.refresh_access_token(sdk.refresh_token)["openid"]
    assert openid == sdk.get_user_info()["openid"]


@pytest.fixture
def silent(host):
    """A client of an app whose users go by openid: silence tells no unionid."""
    app = {"appid": SILENT, "secret": "5" * 32, "kind": "service"}
    host.sandbox("POST", "/_sandbox/apps", app)
    words = ("app", "add", SILENT, "--kind", "service", "--secret-stdin", "--json")
    done = run_manage(host.folder, *words, typed=app["secret"] + "\n")
    assert 0 == done.returncode, done.stderr
    return register_client(host, "Silent", back=BACK, apps=[SILENT])


@pytest.mark.case(58, 132)
def test_a_silent_sign_in(host, visitor, silent):
    """snsapi_base, the SDK's own scope: the openid, and 48001 for the profile."""
    sdk = by_attributes(host, silent["client_id"], silent["secret"], BACK)
    answer = signed_in(host, visitor, sdk)
    with pytest.raises(WeChatOAuthException) as caught:
        sdk.get_user_info()
    sdk._http.close()

    assert "snsapi_base" == answer["scope"]
    assert host.user()["openid"][SILENT] == answer["openid"]
    assert 48001 == caught.value.errcode
    assert [] == host.journal("/sns/userinfo")


def scanned(host, visitor, url):
    """Scan and confirm at a desktop; return the query with which it comes back."""
    page = visitor.ask("GET", url, headers=DESKTOP).data.decode()
    link = html.unescape(re.search(r'href="([^"]+/connect/qrconnect\?[^"]+)"', page)[1])
    shown = visitor.ask("GET", link, headers=DESKTOP).data.decode()
    uuid = re.search(r"/connect/qrcode/(\w+)", shown)[1]
    host.sandbox("POST", "/_sandbox/phone/scan", {"uuid": uuid})
    host.sandbox("POST", "/_sandbox/phone/confirm", {"uuid": uuid})
    poll = f"{host.sandbox_url}/connect/l/qrconnect?uuid={uuid}&f=json"
    code = visitor.ask("GET", poll).json()["wx_code"]
    sent = dict(parse_qsl(urlsplit(link).query))
    query = urlencode({"code": code, "state": sent["state"]})
    return visitor.sign_in(f"{sent['redirect_uri']}?{query}", to=BACK)


@pytest.mark.case(129, 130)
@pytest.mark.parametrize("named", ["client", "website"])
def test_a_user_scans_the_code(host, visitor, make, named):
    """qrconnect_url, at a desktop: the openid is the website app's."""
    appid = host.app("website")["appid"]
    sdk = make(appid if named == "website" else None)
    back = scanned(host, visitor, sdk.qrconnect_url.replace(OPEN, host.url))
    answer = sdk.fetch_access_token(back["code"])
    openid = host.user()["openid"][appid]

    assert (openid, "snsapi_login") == (answer["openid"], answer["scope"])
    assert host.user()["nickname"] == sdk.get_user_info()["nickname"]


@pytest.mark.case(130)
def test_a_code_is_good_once(host, visitor, make):
    """The second time is 40163, and the tokens of the first one live on."""
    sdk = make()
    back = visitor.sign_in(sdk.authorize_url.replace(OPEN, host.url), to=BACK)
    sdk.fetch_access_token(back["code"])
    with pytest.raises(WeChatOAuthException) as caught:
        sdk.fetch_access_token(back["code"])

    assert 40163 == caught.value.errcode
    assert sdk.check_access_token()


@pytest.mark.case(130)
def test_a_wrong_secret(host, visitor, make):
    """40125, as if the AppSecret were wrong."""
    sdk = make(secret="wechatpy_" + "0" * 32)
    with pytest.raises(WeChatOAuthException) as caught:
        signed_in(host, visitor, sdk)

    assert 40125 == caught.value.errcode


@pytest.mark.case(131, 133)
def test_what_wechat_gives_never_arrives(host, visitor, client):
    """Neither AppSecret nor WeChat's own tokens are in what the SDK is answered."""
    sdk = as_it_is(host, client["client_id"], client["secret"], BACK, "snsapi_userinfo")
    answer = signed_in(host, visitor, sdk)
    direct = host.http.request(
        "GET",
        f"{host.sandbox_url}/sns/auth",
        fields={"access_token": answer["access_token"], "openid": answer["openid"]},
    ).json()
    everything = b"".join(sdk._http.get_adapter(WECHAT).answers)
    sdk._http.close()

    assert 40001 == direct["errcode"]
    assert host.app("service")["secret"].encode() not in everything
