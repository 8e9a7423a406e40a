"""wechatpy at work, of either version; it prints what came of it.

GATEWAY_URL is the gateway, or empty: then it is not told that there is one.
"""

import base64
import io
import json
import os

import wechatpy
from requests.adapters import HTTPAdapter
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException

WECHAT = "https://api.weixin.qq.com"
GATEWAY = os.environ["GATEWAY_URL"]
OPENID = os.environ["OPENID"]
PICTURE = base64.b64decode(os.environ["PICTURE"])


class Gateway(HTTPAdapter):
    """Changes the host, which wechatpy has in its code."""

    def send(self, request, **options):
        request.url = request.url.replace(WECHAT, GATEWAY, 1)
        return super().send(request, **options)


def work():
    assert wechatpy.__version__.startswith(os.environ["VERSION"]), wechatpy.__version__
    client = WeChatClient(os.environ["APPID"], os.environ["SECRET"])
    if GATEWAY:
        client._http.mount(WECHAT, Gateway())
    user = client.user.get(OPENID)
    template = client.template.add("TM00015")
    # The versions take this argument at different places.
    sent = client.message.send_template(
        OPENID, template_id=template, data={"first": {"value": "你好"}}
    )
    client.menu.create({"button": [{"type": "click", "name": "今日歌曲", "key": "V1"}]})
    menu = client.menu.get()["menu"]
    media = client.media.upload("image", ("a.jpg", io.BytesIO(PICTURE), "image/jpeg"))
    picture = client.media.download(media["media_id"]).content
    try:
        client.user.get("o-nobody")
    except WeChatClientException as refused:
        error = [refused.errcode, refused.errmsg]
    return {
        "subscribe": user["subscribe"],
        "msgid": sent["msgid"],
        "button": menu["button"][0]["name"],
        "picture": base64.b64encode(picture).decode(),
        "error": error,
    }


print(json.dumps(work()))
