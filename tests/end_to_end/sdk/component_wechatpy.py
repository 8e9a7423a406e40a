"""wechatpy's WeChatComponent at work, of either version, as a service of its own.

POST /push takes what the gateway relays, GET /state tells what came, GET /entry gives
the link for a merchant, GET /work?code= uses the account behind a code.
"""

import json
import os
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import wechatpy
from requests.adapters import HTTPAdapter
from wechatpy.component import WeChatComponent
from wechatpy.exceptions import WeChatClientException

WECHAT = "https://api.weixin.qq.com"
GATEWAY, BACK = os.environ["GATEWAY_URL"], os.environ["BACK"]
MENU = {"button": [{"type": "click", "name": "今日歌曲", "key": "V1"}]}


class Gateway(HTTPAdapter):
    """Changes the host, which wechatpy has in its code."""

    def send(self, request, **options):
        request.url = request.url.replace(WECHAT, GATEWAY, 1)
        return super().send(request, **options)


def through_the_gateway(sdk):
    sdk._http.mount(WECHAT, Gateway())
    return sdk


assert wechatpy.__version__.startswith(os.environ["VERSION"]), wechatpy.__version__
component = through_the_gateway(
    WeChatComponent(
        os.environ["COMPONENT"],
        os.environ["SECRET"],
        os.environ["TOKEN"],
        os.environ["AES_KEY"],
    )
)
came = []


def work(code):
    info = component.query_auth(code)["authorization_info"]
    appid = info["authorizer_appid"]
    client = through_the_gateway(component.get_client_by_appid(appid))
    client.menu.create(MENU)
    # A new process has the refresh token alone.
    component.session.delete(f"{appid}_access_token")
    again = through_the_gateway(component.get_client_by_appid(appid))
    component.set_authorizer_option(appid, "voice_recognize", "1")
    option = component.get_authorizer_option(appid, "voice_recognize")
    listed = component.get_authorizer_list(count=10)["list"]
    try:
        component.query_auth(code)
    except WeChatClientException as refused:
        error = refused.errcode
    return {
        "appid": appid,
        "button": again.menu.get()["menu"]["button"][0]["name"],
        "name": component.get_authorizer_info(appid)["authorizer_info"]["nick_name"],
        "option": option["option_value"],
        "listed": [each["authorizer_appid"] for each in listed],
        "renewed": [each["refresh_token"] for each in listed]
        == [info["authorizer_refresh_token"]],
        "error": error,
    }


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        query = self._query()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        message = component.parse_message(
            body, query["msg_signature"], query["timestamp"], query["nonce"]
        )
        came.append([message.type, getattr(message, "authorizer_appid", "")])
        self._answer("success")

    def do_GET(self):
        path = urlsplit(self.path).path
        if path == "/state":
            self._answer(json.dumps(came))
        elif path == "/entry":
            self._answer(json.dumps(component.get_pre_auth_url(BACK)))
        else:
            self._answer(json.dumps(work(self._query()["code"])))

    def log_message(self, *arguments):
        pass

    def _query(self):
        query = parse_qs(urlsplit(self.path).query)
        return {name: values[0] for name, values in query.items()}

    def _answer(self, text):
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
