"""A computer whose page shows the service account's QR code, and who scans it."""

from __future__ import annotations

import html
import json
import re

from functions.wechat_event.index import handler
from runtime.push.encryption import decrypt, is_signed, key_of
from tests.support.api_calls import REAL, STABLE
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.phone_and_computer import ON_WINDOWS, Device
from tests.support.pushes import AES_KEY, OPENID, TOKEN, safe
from tests.support.qr_reader import modules_of, read
from tests.support.scripted_wechat import SERVICE, header, load

CREATE, INFO = "/cgi-bin/qrcode/create", "/cgi-bin/user/info"
SEND = "/cgi-bin/message/custom/send"
JSON = (("accept", "application/json"),)


def willing(wechat, **about):
    """Let WeChat make QR codes, and tell a follower's unionid."""
    wechat.script(STABLE, {"access_token": REAL, "expires_in": 7200})
    codes = iter(range(1, 100))
    wechat.rescript(
        CREATE,
        lambda asked: {
            "ticket": "t",
            "expire_seconds": 300,
            "url": f"http://weixin.qq.com/q/code{next(codes)}",
        },
    )
    wechat.rescript(
        INFO,
        lambda asked: {
            "subscribe": 1,
            "openid": asked.arguments["openid"],
            "unionid": f"u-{asked.arguments['openid'][-1]}",
            **about,
        },
    )


class AccountComputer(Device):
    """A computer that has begun to sign in, and shows the account's QR code."""

    def __init__(self, gateway, wechat, *, begin=None, peer_ip="192.0.2.1"):
        super().__init__(gateway, *ON_WINDOWS, peer_ip=peer_ip)
        sent = begin(self) if begin else self.get("/", "next=/orders")
        self.begun = sent
        self.state = re.search("flow=([0-9a-f]{32})", header(sent, "Location"))[1]
        path, _, query = header(sent, "Location").partition("?")
        self.page = self.get(path.removeprefix("/login"), query)
        text = html.unescape(self.page.body.decode())
        picture = re.search(r'class="symbol" src="([^"]+)"', text)[1]
        self.scanned = read(modules_of(picture))
        made = json.loads(wechat.calls(CREATE)[-1].body)
        self.scene = made["action_info"]["scene"]["scene_str"]

    def wait(self, **more):
        return self.get("/wait", f"flow={self.state}", **more)

    def told(self):
        """Return what its script is told."""
        return load(self.wait(headers=JSON))

    def type(self, digits):
        return self.post("/wait", flow=self.state, digits=digits)


def scan_event(scene, *, openid=OPENID, follows=False, number=1):
    """Return the event of a scan."""
    name, key = ("subscribe", f"qrscene_{scene}") if follows else ("SCAN", scene)
    return (
        f"<xml><ToUserName>gh_1</ToUserName><FromUserName>{openid}</FromUserName>"
        f"<CreateTime>{number}</CreateTime><MsgType>event</MsgType>"
        f"<Event>{name}</Event><EventKey>{key}</EventKey><Ticket>t</Ticket></xml>"
    )


def deliver(gateway, made, *, appid=SERVICE):
    """Send a push; return status and body."""
    query, body = made
    environ = make_environ_fc(
        method="POST", path=f"/wechat_event/{appid}", query=query, body=body
    )
    status, _, answer = call_wsgi(handler.with_gateway(gateway), environ)
    return status, answer.decode()


def opened(answer, *, appid=SERVICE):
    """Return the fields of an encrypted reply, checked as WeChat checks it."""
    fields = _fields(answer)
    parts = fields["TimeStamp"], fields["Nonce"], fields["Encrypt"]
    assert is_signed(fields["MsgSignature"], [TOKEN], *parts)
    content, receiver = decrypt(fields["Encrypt"], key=key_of(AES_KEY))
    assert receiver == appid
    return _fields(content.decode())


def _fields(text):
    found = re.findall(r"<(\w+)>(?:<!\[CDATA\[(.*?)\]\]>|([^<]*))</\1>", text, re.S)
    return {name: marked or bare for name, marked, bare in found}


def scan(gateway, scene, *, number=1, **event):
    """Scan; return the text that the account sends."""
    status, answer = deliver(gateway, safe(scan_event(scene, number=number, **event)))
    assert status == 200
    reply = opened(answer)
    assert (reply["ToUserName"], reply["FromUserName"], reply["MsgType"]) == (
        event.get("openid", OPENID),
        "gh_1",
        "text",
    )
    return reply["Content"]


def digits_in(text):
    """Return the digits of a message, None if it has none."""
    found = re.search(r"(?:四位数字：|Four digits: )(\d{4})$", text, re.M)
    return found and found[1]
