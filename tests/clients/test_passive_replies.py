"""co-wechat, unmodified: it reads our pushes, and we read its replies."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time

import pytest
import urllib3

from runtime.push.encryption import key_of
from runtime.push.passive_replies import articles_of
from runtime.push.push_message import read_message
from runtime.push.wechat_format import answer_with, passive_reply, request_to
from runtime.registry.routes import Route
from tests.clients.services import PROGRAMS, cache, missing

APPID, ACCOUNT, USER = "wx0123456789abcdef", "gh_1a2b3c4d5e6f", "o" + "B" * 27
ROUTE = {"token": "routeToken", "encoding_aes_key": "R" * 42 + "A"}
WECHAT = {"token": "ownToken", "encoding_aes_key": "O" * 42 + "A"}
END = 20


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The URL of the message server."""
    node, modules = shutil.which("node"), cache() / "node_modules"
    if node is None or not (modules / "co-wechat").exists():
        missing("node, or co-wechat")
    folder = tmp_path_factory.mktemp("co-wechat")
    (folder / "node_modules").symlink_to(modules)
    shutil.copy(PROGRAMS / "use_co_wechat.cjs", folder)
    environment = {
        "PATH": os.environ["PATH"],
        "APPID": APPID,
        "TOKEN": ROUTE["token"],
        "AES_KEY": ROUTE["encoding_aes_key"],
        "WECHAT_TOKEN": WECHAT["token"],
        "WECHAT_AES_KEY": WECHAT["encoding_aes_key"],
    }
    with subprocess.Popen(
        [node, "use_co_wechat.cjs"], cwd=folder, env=environment, stdout=subprocess.PIPE
    ) as process:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/"
        process.terminate()
        process.wait(END)


def post(url, body, **headers):
    answer = urllib3.request("POST", url, body=body, headers=headers, timeout=END)
    assert answer.status == 200
    return answer.data


def text(content):
    return read_message(
        f"<xml><ToUserName><![CDATA[{ACCOUNT}]]></ToUserName>"
        f"<FromUserName><![CDATA[{USER}]]></FromUserName>"
        "<CreateTime>1</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{content}]]></Content><MsgId>1</MsgId></xml>".encode()
    )


def reply_of(server, content, route):
    """Return what the message server replies to a text, through the format."""
    push = text(content)
    request = request_to(route, push, receive_id=APPID, now=time.time(), nonce="12")
    answer = post(request.url, request.body, **request.headers)
    return passive_reply(answer, route, push, receive_id=APPID)


EXPECTED = {
    "text": {"Content": "你好 <&>"},
    "image": {"Image": {"MediaId": "m"}},
    "voice": {"Voice": {"MediaId": "m"}},
    "video": {"Video": {"MediaId": "m", "Title": "t", "Description": "d"}},
    "music": {
        "Music": {"Title": "t", "Description": "d", "MusicUrl": "u", "HQMusicUrl": "h"}
    },
    "news": {"ArticleCount": "1"},
    "transfer_customer_service": {"TransInfo": {"KfAccount": "kf@test"}},
}


@pytest.mark.parametrize("mode", ["safe", "plain"])
@pytest.mark.parametrize("kind", EXPECTED)
def test_a_reply_of_every_type(server, kind, mode):
    keys = ROUTE if mode == "safe" else {"token": ROUTE["token"]}
    reply = reply_of(server, kind, Route("r1", "bot", server, **keys))
    fields = reply.fields
    assert kind == fields["MsgType"]
    assert {name: fields[name] for name in EXPECTED[kind]} == EXPECTED[kind]
    if kind == "news":
        article = {"Title": "t", "Description": "d", "PicUrl": "p", "Url": "u"}
        assert [article] == articles_of(fields)


def test_no_reply(server):
    assert reply_of(server, "nothing", Route("r1", "bot", server, **ROUTE)) is None


def test_wechat_crypto_opens_the_answer_for_wechat(server):
    reply = reply_of(server, "text", Route("r1", "bot", server, **ROUTE))
    _, body = answer_with(
        reply,
        token=WECHAT["token"],
        key=key_of(WECHAT["encoding_aes_key"]),
        receive_id=APPID,
        now=time.time(),
        nonce="34",
    )
    outer = read_message(body).fields
    names = {"timestamp": "TimeStamp", "nonce": "Nonce", "encrypt": "Encrypt"}
    parts = {name: outer[field] for name, field in names.items()}
    opened = json.loads(post(f"{server}open", json.dumps(parts)))
    expected = {"message": reply.body.decode(), "id": APPID}
    assert {**expected, "signature": outer["MsgSignature"]} == opened
