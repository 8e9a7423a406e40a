"""A mini program through the whole gateway: sign-in, data, phone number."""

from __future__ import annotations

import hashlib
import json
from urllib.parse import urlencode

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3 import make_headers
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException

WECHAT = "https://api.weixin.qq.com"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def app(host):
    return host.app("miniprogram")


@pytest.fixture
def user(host):
    return host.user(1)


@pytest.fixture
def as_client(host):
    """The Authorization header of the demo client."""
    return make_headers(basic_auth=f"demo:{host.secret}")


@pytest.fixture
def login(host, app, user):
    """Call wx.login: a js_code, and the data that its session encrypts."""

    def run():
        who = {"appid": app["appid"], "openid": user["openid"][app["appid"]]}
        return host.sandbox("POST", "/_sandbox/js_code", who)

    return run


def ask(host, method, path, *, headers=None, content=None):
    """Return status and JSON."""
    body = None if content is None else json.dumps(content)
    answer = host.http.request(
        method, f"{host.url}{path}", headers={**JSON, **(headers or {})}, body=body
    )
    return answer.status, json.loads(answer.data)


def exchange(host, app, js_code, **changed):
    asked = {"appid": app["appid"], "secret": host.secret, "js_code": js_code}
    asked |= {"grant_type": "authorization_code", **changed}
    return ask(host, "GET", f"/sns/jscode2session?{urlencode(asked)}")


def test_jscode2session_with_the_clients_secret(host, app, user, login):
    """WeChat's shape without the session_key; the second use is WeChat's 40163."""
    js_code = login()["code"]
    known = {"openid": user["openid"][app["appid"]], "unionid": user["unionid"]}

    assert (200, known) == exchange(host, app, js_code)
    status, again = exchange(host, app, js_code)
    assert (200, 40163) == (status, again["errcode"])
    assert ", rid: " in again["errmsg"]
    assert 40029 == exchange(host, app, "made-up")[1]["errcode"]
    assert 40125 == exchange(host, app, js_code, secret=app["secret"])[1]["errcode"]


def test_an_unmodified_sdk_signs_in(host, app, user, login):
    """wechatpy's code_to_session; only the host is another one."""

    class OtherHost(HTTPAdapter):
        def send(self, request, **options):
            request.url = request.url.replace(WECHAT, host.url, 1)
            return super().send(request, **options)

    sdk = WeChatClient(app["appid"], host.secret)
    sdk._http.mount(WECHAT, OtherHost())
    js_code = login()["code"]

    assert user["unionid"] == sdk.wxa.code_to_session(js_code)["unionid"]
    with pytest.raises(WeChatClientException) as caught:
        sdk.wxa.code_to_session(js_code)
    assert 40163 == caught.value.errcode
    sdk._http.close()


def test_a_session_by_js_code(host, app, user, login):
    """The token opens /login/me; by unionid it is whom the web knows, too."""
    asked = {"js_code": login()["code"]}
    status, session = ask(host, "POST", "/login/miniprogram", content=asked)
    bearer = {"Authorization": f"Bearer {session['session_token']}"}
    me = ask(host, "GET", "/login/me", headers=bearer)

    assert (200, user["unionid"]) == (status, session["sub"])
    assert (200, user["unionid"]) == (me[0], me[1]["sub"])
    assert user["openid"][app["appid"]] == me[1]["wechat_openid"]
    status, again = ask(host, "POST", "/login/miniprogram", content=asked)
    assert (400, "js_code_spent") == (status, again["error"])


def test_a_user_whom_wechat_refuses(host, app, user, login):
    """Blocked, or a hundred times in a minute."""
    openid = user["openid"][app["appid"]]
    asked = {"js_code": login()["code"]}
    refused = {"path": "/sns/jscode2session", "errcode": 45011}
    host.sandbox("POST", "/_sandbox/faults", refused)
    status, too_fast = ask(host, "POST", "/login/miniprogram", content=asked)
    assert (429, "too_many_js_codes") == (status, too_fast["error"])

    blocked = {"openid": openid, "blocked": True}
    host.sandbox("POST", "/_sandbox/users", blocked)
    status, refused = ask(host, "POST", "/login/miniprogram", content=asked)
    assert (403, "person_blocked") == (status, refused["error"])


def test_a_profile_is_decrypted(host, app, user, login, as_client):
    """By the openid alone: the service never has the session_key."""
    data = login()
    openid = exchange(host, app, data["code"])[1]["openid"]
    path = f"/wechat_api/{app['appid']}/decrypt"
    asked = {
        "openid": openid,
        "encrypted_data": data["encryptedData"],
        "iv": data["iv"],
        "raw_data": data["rawData"],
        "signature": data["signature"],
    }
    status, profile = ask(host, "POST", path, headers=as_client, content=asked)

    assert (200, user["nickname"]) == (status, profile["nickName"])
    assert (openid, user["unionid"]) == (profile["openId"], profile["unionId"])
    assert app["appid"] == profile["watermark"]["appid"]
    asked["signature"] = hashlib.sha1(b"x", usedforsecurity=False).hexdigest()
    status, refused = ask(host, "POST", path, headers=as_client, content=asked)
    assert (400, "signature_mismatch") == (status, refused["error"])


def test_data_of_an_older_login_cannot_be_decrypted(host, app, login, as_client):
    """Each wx.login brings another key."""
    older, newer = login(), login()
    openid = exchange(host, app, older["code"])[1]["openid"]
    exchange(host, app, newer["code"])
    path = f"/wechat_api/{app['appid']}/decrypt"
    asked = [
        {"openid": openid, "encrypted_data": each["encryptedData"], "iv": each["iv"]}
        for each in (older, newer)
    ]
    answers = [
        ask(host, "POST", path, headers=as_client, content=each) for each in asked
    ]

    assert (400, "cannot_decrypt") == (answers[0][0], answers[0][1]["error"])
    assert (200, openid) == (answers[1][0], answers[1][1]["openId"])


def test_a_phone_number_both_ways(host, app, user, login, as_client):
    """By its own code through the proxy, and encrypted by the session."""
    openid = exchange(host, app, login()["code"])[1]["openid"]
    who = {"appid": app["appid"], "openid": openid}
    button = host.sandbox("POST", "/_sandbox/phone_code", who)
    base = f"/wechat_api/{app['appid']}"
    path = f"{base}/wxa/business/getuserphonenumber"
    code = {"code": button["code"]}
    data = {"encrypted_data": button["encryptedData"], "iv": button["iv"]}
    status, told = ask(host, "POST", path, headers=as_client, content=code)
    _, opened = ask(
        host,
        "POST",
        f"{base}/decrypt",
        headers=as_client,
        content={"openid": openid, **data},
    )

    number = user["phone_number"]
    assert (200, number) == (status, told["phone_info"]["phoneNumber"])
    assert number == opened["phoneNumber"]
    assert (
        40029 == ask(host, "POST", path, headers=as_client, content=code)[1]["errcode"]
    )


def test_a_phone_number_in_wechats_own_shape(host, app, user):
    """The path and the token as an SDK has them."""
    who = {"appid": app["appid"], "openid": user["openid"][app["appid"]]}
    code = {"code": host.sandbox("POST", "/_sandbox/phone_code", who)["code"]}
    issued = {"grant_type": "client_credential", "secret": host.secret}
    issued["appid"] = app["appid"]
    query = urlencode(issued)
    token = ask(host, "GET", f"/cgi-bin/token?{query}")[1]["access_token"]
    answer = requests.post(
        f"{host.url}/wxa/business/getuserphonenumber",
        params={"access_token": token},
        json=code,
        timeout=20,
    ).json()

    assert user["phone_number"] == answer["phone_info"]["purePhoneNumber"]


def test_the_logs_tell_nothing(host, app, user, login):
    """Of codes, openids, tokens and secrets, after both ways to sign in."""
    data = login()
    openid = exchange(host, app, data["code"])[1]["openid"]
    asked = {"js_code": login()["code"]}
    session = ask(host, "POST", "/login/miniprogram", content=asked)[1]

    hushed = (data["code"], asked["js_code"], openid, session["session_token"])
    for word in (*hushed, app["secret"], host.secret, user["unionid"]):
        assert word not in host.log()
