"""Stand-ins for the chats' webhooks: each checks its vendor's form and signature.

Written from the vendors' documentation, and sharing no code with the gateway. A refusal
has the vendor's own body, and the status with which the vendor sends it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time

DINGTALK_SECRET = "SEC" + "5f" * 32
FEISHU_SECRET = "Qj8kq0ZrXw2mC1TtYb7uEg"

WECOM_OK = {"errcode": 0, "errmsg": "ok"}
WECOM_GONE = {
    "errcode": 93000,
    "errmsg": "invalid webhook url, hint: [1755605200056773468916791], from ip: "
    "203.0.113.7, more info at https://open.work.weixin.qq.com/devtool/query?e=93000",
}
WECOM_OFTEN = {"errcode": 45009, "errmsg": "api freq out of limit"}
DINGTALK_SIGN = {"errcode": 310000, "errmsg": "sign not match"}
FEISHU_OK = {
    **{"StatusCode": 0, "StatusMessage": "success"},
    **{"code": 0, "data": {}, "msg": "success"},
}
FEISHU_SIGN = {
    "code": 19021,
    "data": {},
    "msg": "sign match fail or timestamp is not within one hour from current time",
}


class Vendor:
    """What every stand-in has: the texts that it took, and what it refuses with.

    `refuses` is an answer that it gives in place of its own, (status, body).
    """

    path = "/"
    secret = ""

    def __init__(self):
        self.texts = []
        self.refuses = None

    def answer(self, delivery):
        """Return status and body for a POST."""
        if self.refuses:
            return self.refuses
        kind = delivery.headers["Content-Type"].replace(" ", "").lower()
        assert kind in ("application/json", "application/json;charset=utf-8")
        status, body = self.take(delivery.query, json.loads(delivery.body))
        if isinstance(body, dict):
            body = json.dumps(body)
        return status, body.encode()


class WeCom(Vendor):
    """WeCom's group robot: the key in the query, Markdown of 4,096 bytes."""

    path = "/cgi-bin/webhook/send?key=693a91f6-7a0c-4bc4-97a0-0ec2faa5aaaa"

    def take(self, query, body):
        if query != {"key": "693a91f6-7a0c-4bc4-97a0-0ec2faa5aaaa"}:
            return 200, WECOM_GONE
        if set(body) != {"msgtype", "markdown"} or body["msgtype"] != "markdown":
            return 200, {"errcode": 40008, "errmsg": "invalid message type"}
        content = body["markdown"].pop("content")
        if body["markdown"] or len(content.encode()) > 4096:
            return 200, {"errcode": 40058, "errmsg": "markdown.content exceed max"}
        self.texts.append(content)
        return 200, WECOM_OK


class DingTalk(Vendor):
    """DingTalk's robot with a signature: timestamp and sign in the query."""

    path = "/robot/send?access_token=a1b2c3d4e5f6"
    secret = DINGTALK_SECRET

    def take(self, query, body):
        if query.get("access_token") != "a1b2c3d4e5f6":
            return 200, {"errcode": 300001, "errmsg": "token is not exist"}
        timestamp = query.get("timestamp", "")
        if not re.fullmatch("[0-9]{13}", timestamp):
            return 200, {"errcode": 310000, "errmsg": "invalid timestamp"}
        if abs(time.time() * 1000 - int(timestamp)) > 3_600_000:
            return 200, {"errcode": 310000, "errmsg": "invalid timestamp"}
        made = hmac.new(self.secret.encode(), digestmod=hashlib.sha256)
        made.update(f"{timestamp}\n{self.secret}".encode())
        if query.get("sign") != base64.b64encode(made.digest()).decode():
            return 200, DINGTALK_SIGN
        if set(body) != {"msgtype", "markdown"} or body["msgtype"] != "markdown":
            return 200, {"errcode": 40035, "errmsg": "invalid parameter"}
        if set(body["markdown"]) != {"title", "text"} or not body["markdown"]["title"]:
            return 200, {"errcode": 40035, "errmsg": "param error"}
        self.texts.append(body["markdown"]["text"])
        return 200, {"errcode": 0, "errmsg": "ok"}


class Feishu(Vendor):
    """Feishu's robot with a signature: timestamp and sign in the body."""

    path = "/open-apis/bot/v2/hook/db264cc8-856d-4be9-8b3e-962f5fced676"
    secret = FEISHU_SECRET

    def take(self, query, body):
        timestamp = body.pop("timestamp", "")
        if not isinstance(timestamp, str) or not re.fullmatch("[0-9]{10}", timestamp):
            return 200, FEISHU_SIGN
        if abs(time.time() - int(timestamp)) > 3600:
            return 200, FEISHU_SIGN
        made = hmac.new(
            f"{timestamp}\n{self.secret}".encode(), digestmod=hashlib.sha256
        )
        if body.pop("sign", "") != base64.b64encode(made.digest()).decode():
            return 200, FEISHU_SIGN
        if set(body) != {"msg_type", "content"} or body["msg_type"] != "text" or query:
            return 200, {"code": 9499, "msg": "Bad Request", "data": {}}
        self.texts.append(body["content"]["text"])
        return 200, FEISHU_OK


class Slack(Vendor):
    """Slack's incoming webhook: `text`, in which three signs are entities."""

    path = "/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"

    def take(self, query, body):
        text = body.pop("text", None)
        if body or not text or query or re.search("[<>]|&(?!(?:amp|lt|gt);)", text):
            return 400, "invalid_payload"
        self.texts.append(text)
        return 200, "ok"


VENDORS = {"wecom": WeCom, "dingtalk": DingTalk, "feishu": Feishu, "slack": Slack}
