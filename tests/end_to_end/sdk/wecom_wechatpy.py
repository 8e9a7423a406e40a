"""wechatpy's client of WeCom at work; it prints what came of it at each host.

HOSTS is JSON: a list of objects with `url`, `corpid`, `secret`, `agentid`, `userid`.
"""

import base64
import io
import json
import os

import wechatpy
from requests.adapters import HTTPAdapter
from wechatpy.exceptions import WeChatClientException
from wechatpy.work import WeChatClient

WECOM = "https://qyapi.weixin.qq.com"
CONTENT = base64.b64decode(os.environ["CONTENT"])


class Host(HTTPAdapter):
    """Changes the host, which wechatpy has in its code."""

    def __init__(self, url):
        super().__init__()
        self.url = url

    def send(self, request, **options):
        request.url = request.url.replace(WECOM, self.url, 1)
        return super().send(request, **options)


def work(host):
    client = WeChatClient(host["corpid"], host["secret"])
    client._http.mount(WECOM, Host(host["url"]))
    member = client.user.get(host["userid"])
    sent = client.message.send_text(host["agentid"], [host["userid"], "ghost"], "你好")
    media = client.media.upload("file", ("a.txt", io.BytesIO(CONTENT), "text/plain"))
    # Its own `download` takes no session, and so no other host.
    content = client._http.get(client.media.get_url(media["media_id"])).content
    departments = [each["id"] for each in client.department.list()]
    try:
        client.user.get("nobody")
    except WeChatClientException as refused:
        error = [refused.errcode, refused.errmsg]
    return {
        "member": member["userid"],
        "invalid": sent["invaliduser"],
        "content": base64.b64encode(content).decode(),
        "departments": departments,
        "tickets": [
            client.jsapi.get_jsapi_ticket(),
            client.jsapi.get_agent_jsapi_ticket(),
        ],
        "error": error,
    }


assert wechatpy.__version__.startswith("2.0"), wechatpy.__version__
print(json.dumps([work(host) for host in json.loads(os.environ["HOSTS"])]))
