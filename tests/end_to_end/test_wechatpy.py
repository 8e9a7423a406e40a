"""An unmodified SDK through the gateway: only the host differs."""

from __future__ import annotations

import io

import pytest
import requests
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException

from tests.end_to_end.gateway_adapter import WECHAT, GatewayAdapter

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 8 + b"\xff\xd9"


@pytest.fixture
def sdk(host):
    """wechatpy with the demo client's secret in place of the AppSecret."""
    client = WeChatClient(host.app("service")["appid"], host.secret)
    client._http.mount(WECHAT, GatewayAdapter(host.url))
    yield client
    client._http.close()


@pytest.fixture
def openid(host):
    return host.user()["openid"][host.app("service")["appid"]]


def test_the_sdk_does_its_work_with_one_token_fetch(host, sdk, openid):
    """A token, a user, a template message, a menu and media, all through us."""
    assert sdk.user.get(openid)["subscribe"] == 1
    template = sdk.template.add("TM00015")
    sent = sdk.message.send_template(openid, template, {"first": {"value": "你好"}})
    menu = {"button": [{"type": "click", "name": "今日歌曲", "key": "V1"}]}
    sdk.menu.create(menu)
    media = sdk.media.upload("image", ("a.jpg", io.BytesIO(JPEG), "image/jpeg"))
    downloaded = sdk.media.download(media["media_id"])

    assert sent["msgid"] > 0
    assert sdk.menu.get()["menu"]["button"][0]["name"] == "今日歌曲"
    assert downloaded.content == JPEG
    assert downloaded.headers["Content-Type"] == "image/jpeg"
    assert len(host.journal("/cgi-bin/stable_token")) == 1
    assert host.journal("/cgi-bin/token") == []


def test_the_client_never_sees_a_secret_or_a_real_token(host, sdk, openid):
    """Neither in an answer nor in what it keeps; the journal knows the real one."""
    sdk.user.get(openid)
    app = host.app("service")

    everything = b"".join(sdk._http.get_adapter(WECHAT).answers)
    token = sdk.session.get(f"{sdk.appid}_access_token")
    real = host.http.request(
        "POST",
        f"{host.sandbox_url}/cgi-bin/stable_token",
        json={
            "grant_type": "client_credential",
            "appid": app["appid"],
            "secret": app["secret"],
        },
    ).json()["access_token"]
    assert app["secret"].encode() not in everything
    assert real.encode() not in everything
    assert token not in (real, app["secret"])
    assert app["secret"] not in host.log()
    assert real not in host.log()
    assert token not in host.log()
    assert host.secret not in host.log()


def test_a_token_that_wechat_dropped_is_replaced_unseen(host, sdk, openid):
    """All tokens of the app die at WeChat; the SDK's call succeeds."""
    sdk.user.get(openid)
    host.sandbox("DELETE", "/_sandbox/journal")
    host.sandbox("POST", "/_sandbox/expire", {"appid": sdk.appid})

    assert sdk.user.get(openid)["subscribe"] == 1
    codes = [each["errcode"] for each in host.journal("/cgi-bin/user/info")]
    assert codes == [40001, 0]


def test_wechats_errors_reach_the_sdk_as_they_are(sdk):
    """The platform's code and rid."""
    with pytest.raises(WeChatClientException) as caught:
        sdk.user.get("o-nobody")

    assert caught.value.errcode == 40003
    assert "rid:" in caught.value.errmsg


def test_a_wrong_secret_is_wechats_error(host):
    """40125, as if the AppSecret were wrong."""
    client = WeChatClient(host.app("service")["appid"], "demo_" + "0" * 32)
    client._http.mount(WECHAT, GatewayAdapter(host.url))
    with pytest.raises(WeChatClientException) as caught:
        client.fetch_access_token()
    client._http.close()

    assert caught.value.errcode == 40125


def test_a_chunked_upload_gets_a_length_on_the_way(host, sdk):
    """WeChat answers 412 without one; we send one."""

    def parts():
        yield b'{"button":[{"type":"click","name":"a","key":"k"}]}'

    answer = requests.post(
        f"{host.url}/cgi-bin/menu/create",
        params={"access_token": sdk.access_token},
        data=parts(),
        timeout=20,
    )

    assert answer.json() == {"errcode": 0, "errmsg": "ok"}
