"""An unmodified SDK gets along with the platform it is pointed at."""

import io

import pytest
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException


@pytest.fixture
def client(sandbox):
    app = sandbox.app("service")
    # It fetches tokens from a fixed host, so it is given one.
    client = WeChatClient(app["appid"], app["secret"], sandbox.token())
    client.API_BASE_URL = f"{sandbox.url}/cgi-bin/"
    yield client
    client._http.close()


def test_users_and_tags(client):
    """Users are listed, described, remarked and tagged."""
    openids = list(client.user.iter_followers())
    tag = client.tag.create("书友")
    client.tag.tag_user(tag["id"], openids[:2])
    client.user.update_remark(openids[0], "常客")
    described = client.user.get_batch(openids[:1])[0]

    assert openids[:2] == list(client.tag.iter_tag_users(tag["id"]))
    assert ("常客", [tag["id"]]) == (described["remark"], described["tagid_list"])


def test_menu_and_templates(client):
    """A menu is made and read, a template taken and sent."""
    button = {"type": "click", "name": "今日", "key": "TODAY"}
    client.menu.create({"button": [button]})
    openid = client.user.get_followers()["data"]["openid"][0]
    template_id = client.template.get("TM00015")
    data = {"first": {"value": "到货了"}}
    sent = client.message.send_template(openid, template_id, data)

    assert client.menu.get()["menu"]["button"] == [{**button, "sub_button": []}]
    assert sent["errcode"] == 0


def test_media(client, files):
    """Images go up and come down again."""
    media = io.BytesIO(files["png"])
    media.name = "book.png"
    uploaded = client.media.upload("image", media)
    response = client.media.download(uploaded["media_id"])

    assert files["png"] == response.content


def test_qrcode_and_errors(client):
    """A code is made; a closed window reaches the caller as its errcode."""
    scene = {"action_info": {"scene": {"scene_id": 1}}}
    code = client.qrcode.create({"action_name": "QR_SCENE", **scene})
    openid = client.user.get_followers()["data"]["openid"][0]
    with pytest.raises(WeChatClientException) as refused:
        client.message.send_text(openid, "你好")

    assert {"ticket", "url", "expire_seconds"} == code.keys()
    assert refused.value.errcode == 45015
