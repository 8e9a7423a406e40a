"""WeCom's callbacks from the sandbox through a host to a service, and back.

The judge of what is encrypted is @wecom/crypto, unmodified.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from urllib.parse import urlencode

import pytest
import xmltodict

from runtime.push.encryption import signature
from tests.end_to_end.sdks import judged
from tests.support.message_service import AES_KEY, TOKEN, route_to
from tests.support.push_callback import serve_callback
from tests.support.pushed_host import PushedHost
from tests.support.wecom_pushes import APP, CORP, wecom_app

VECTORS = json.loads(
    (Path(__file__).parents[1] / "runtime/push/push_vectors.json").read_text("utf-8")
)
NEGATIVE = VECTORS["negative"]
TEXT = {"MsgType": "text", "Content": "你好"}


def push(host, app, url, **order):
    """Let the sandbox push to the URL; return what came of it."""
    changes = {"appid": app["appid"], "callback_url": url}
    host.sandbox("POST", "/_sandbox/apps", changes)
    order = {"appid": app["appid"], "message": TEXT, **order}
    return host.sandbox("POST", "/_sandbox/push", order)


def by_judge(delivery, token, key):
    """Return a delivery as work for the judge."""
    encrypted = xmltodict.parse(delivery.body)["xml"]["Encrypt"]
    secrets = {"key": key, "token": token}
    return {**secrets, "encrypt": encrypted, **query_of(delivery)}


def query_of(delivery):
    """Return what is signed beside the ciphertext."""
    return {name: delivery.query[name] for name in ("timestamp", "nonce")}


@pytest.fixture(scope="module")
def service():
    """A service behind a route, which remembers what comes as it comes."""
    with serve_callback() as served:
        yield served


@pytest.fixture(scope="module")
def pushed(host, tmp_path_factory, shared_redis, service):
    """A host that knows the sandbox's app, and an app with the vectors' secrets."""
    shared_redis.empty()
    folder = tmp_path_factory.mktemp("pushed")
    made = PushedHost(folder, shared_redis.url, host, kind="wecom")
    made.route(route_to(service, reply=True))
    secrets = {name: NEGATIVE[0][name] for name in ("token", "encoding_aes_key")}
    content = wecom_app(**secrets, receive_ids=[NEGATIVE[0]["receive_id"]])
    made.gateway.documents.write("apps", APP, content, after=0)
    with made.start() as made.running:
        yield made


def url_of(pushed):
    """Return the URL that the operator enters in the console."""
    return f"{pushed.running.url}{pushed.path}"


def test_the_check_of_the_url(host, pushed):
    """With a `+` in the encrypted number; another corp's number is refused."""
    for _ in range(3):
        done = push(host, pushed.app, url_of(pushed), mode="verify", plus=True)
        assert (200, None) == (done["status"], done["error"])
    for receiveid in ("", CORP):
        order = {"mode": "verify", "receiveid": receiveid}
        assert 403 == push(host, pushed.app, url_of(pushed), **order)["status"]


def test_what_the_sandbox_pushes(host, pushed, service):
    """XML to the corp, and JSON to nobody."""
    service.deliveries.clear()
    service.answer = lambda delivery: (200, b"")
    push(host, pushed.app, service.url)
    push(host, pushed.app, service.url, mode="json", message={"msgtype": "text"})
    secrets = pushed.app["token"], pushed.app["encoding_aes_key"]
    xml, as_json = service.deliveries
    robots = {**query_of(as_json), "encrypt": json.loads(as_json.body)["encrypt"]}
    robots |= {"token": secrets[0], "key": secrets[1]}
    first, second = judged(by_judge(xml, *secrets), robots)

    assert first["signature"] == xml.query["msg_signature"]
    assert first["id"] == pushed.app["corpid"]
    assert "你好" == xmltodict.parse(first["message"])["xml"]["Content"]
    assert second["signature"] == as_json.query["msg_signature"]
    assert ("", {"msgtype": "text"}) == (
        second["id"],
        {"msgtype": json.loads(second["message"])["msgtype"]},
    )


def test_a_message_is_relayed_and_its_reply_comes_back(host, pushed, service):
    """The service's key and token are the route's; the platform's are the app's."""
    corpid = pushed.app["corpid"]
    reply = (
        f"<xml><ToUserName>ZhangSan</ToUserName><FromUserName>{corpid}</FromUserName>"
        "<CreateTime>1</CreateTime><MsgType>text</MsgType><Content>收到</Content></xml>"
    )
    work = {"key": AES_KEY, "token": TOKEN, "timestamp": "1", "nonce": "n"}
    [made] = judged({**work, "message": reply, "id": corpid})
    body = (
        f"<xml><Encrypt>{made['encrypt']}</Encrypt><TimeStamp>1</TimeStamp>"
        f"<MsgSignature>{made['signature']}</MsgSignature><Nonce>n</Nonce></xml>"
    )
    service.deliveries.clear()
    service.answer = lambda delivery: (200, body.encode())
    done = push(host, pushed.app, url_of(pushed))
    [delivery] = service.deliveries
    outer = xmltodict.parse(done["body"])["xml"]
    answer = {"encrypt": outer["Encrypt"], "nonce": outer["Nonce"]}
    answer |= {"timestamp": outer["TimeStamp"], "token": pushed.app["token"]}
    answer["key"] = pushed.app["encoding_aes_key"]
    relayed, replied = judged(by_judge(delivery, TOKEN, AES_KEY), answer)

    assert relayed["signature"] == delivery.query["msg_signature"]
    assert relayed["id"] == corpid
    assert "你好" == xmltodict.parse(relayed["message"])["xml"]["Content"]
    assert (replied["signature"], replied["id"]) == (outer["MsgSignature"], corpid)
    assert (None, "收到") == (done["error"], done["reply"]["Content"])


def test_a_repeated_event_is_relayed_once(host, pushed, service):
    """The bell of customer service has no MsgId; its repeat is byte for byte equal."""
    service.deliveries.clear()
    service.answer = lambda delivery: (200, b"success")
    bell = {"MsgType": "event", "Event": "kf_msg_or_event", "OpenKfId": "wk1"}
    bell |= {"Token": "ENC1", "CreateTime": 1796001060}
    for token in ("ENC1", "ENC1", "ENC2"):
        message = {**bell, "Token": token}
        done = push(host, pushed.app, url_of(pushed), message=message)
        assert "success" == done["body"]

    assert 2 == len(service.deliveries)


@pytest.mark.parametrize("receiveid", ["", CORP])
def test_another_receiver(host, pushed, receiveid):
    done = push(host, pushed.app, url_of(pushed), receiveid=receiveid)

    assert (403, "403") == (done["status"], done["body"])


@pytest.mark.parametrize("vector", NEGATIVE, ids=lambda each: each["id"])
def test_a_negative_vector(pushed, vector):
    """Signed as of now, where the signature is not what is wrong."""
    now, signed = str(int(time.time())), vector["msg_signature"]
    if vector["id"] not in ("N1", "N2"):
        parts = (now, vector["nonce"], vector["encrypt"])
        signed = signature(vector["token"], *parts)
    query = {"msg_signature": signed, "timestamp": now, "nonce": vector["nonce"]}
    body = f"<xml><Encrypt>{vector['encrypt']}</Encrypt></xml>"
    path = f"/wechat_event/{APP}?{urlencode(query)}"
    answer = pushed.running.request("POST", path, body=body.encode())

    assert (403, b"403") == (answer.status, answer.data)
    assert "Traceback" not in pushed.running.log()
