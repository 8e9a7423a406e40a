"""Message server made of wechatpy in Flask, as wechatpy's documentation shows it."""

import os

from flask import Flask, abort, request
from wechatpy import create_reply, parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidAppIdException, InvalidSignatureException
from wechatpy.utils import check_signature

TOKEN, AES_KEY, APPID = (os.environ[name] for name in ("TOKEN", "AES_KEY", "APPID"))
ARTICLE = {
    "title": "今日 <&>",
    "description": "d",
    "image": "https://img.example.com/p.jpg",
    "url": "https://shop.example.com/a?b=1&c=2",
}

app = Flask(__name__)


def reply_to(message):
    """Return the reply in XML, an empty text for none."""
    if message.type == "text":
        said = [ARTICLE] if message.content == "news" else f"you said {message.content}"
        return create_reply(said, message).render()
    if message.type == "event" and message.event == "click":
        return create_reply(f"you chose {message.key}", message).render()
    return ""


@app.route("/wechat", methods=["GET", "POST"])
def wechat():
    named = request.args.get
    signature, timestamp, nonce = map(named, ("signature", "timestamp", "nonce"))
    try:
        check_signature(TOKEN, signature or "", timestamp or "", nonce or "")
    except InvalidSignatureException:
        abort(403)
    if request.method == "GET":
        return named("echostr", "")
    if named("encrypt_type", "raw") == "raw":
        return reply_to(parse_message(request.data))
    crypto = WeChatCrypto(TOKEN, AES_KEY, APPID)
    try:
        opened = crypto.decrypt_message(
            request.data, named("msg_signature"), timestamp, nonce
        )
    except (InvalidSignatureException, InvalidAppIdException):
        abort(403)
    reply = reply_to(parse_message(opened))
    return crypto.encrypt_message(reply, nonce, timestamp) if reply else "success"


app.run("127.0.0.1", int(os.environ["PORT"]))
