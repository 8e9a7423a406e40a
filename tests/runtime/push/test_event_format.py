"""Route format `event`, read by the libraries of CloudEvents and Standard Webhooks."""

import base64
import json
import time
from datetime import datetime, timezone

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from standardwebhooks import Webhook, WebhookVerificationError

from runtime.push.event_format import event_request, signed_headers, type_of
from runtime.push.push_message import read_message
from runtime.registry.routes import Route

APPID = "wx0123456789abcdef"
SOURCE = f"https://gateway.example.com/wechat_event/{APPID}"
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
ROUTE = Route("r1", "orders", "https://orders.example.com/in", "event", secret=SECRET)
USER = "o" + "B" * 27
TEXT = (
    "<xml><ToUserName><![CDATA[gh_1]]></ToUserName>"
    f"<FromUserName><![CDATA[{USER}]]></FromUserName><CreateTime>1796000180</CreateTime>"
    "<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[你好 😀]]></Content>"
    "<MsgId>24000000000000001</MsgId></xml>"
).encode()


def sent(body=TEXT, *, now=None, **more):
    given = {"appid": APPID, "source": SOURCE, "now": now or time.time()}
    return event_request(ROUTE, read_message(body), **{**given, **more})


def event(body=TEXT):
    request = sent(body)
    return from_http_event(HTTPMessage(dict(request.headers), request.body))


def test_the_library_of_cloudevents_reads_a_message():
    found = event()
    attributes = found.get_attributes()
    assert {
        "specversion": "1.0",
        "id": attributes["id"],
        "source": SOURCE,
        "type": "com.weixin.message.text",
        "time": datetime.fromtimestamp(1796000180, timezone.utc),
        "subject": USER,
        "datacontenttype": "application/json",
    } == attributes
    assert {
        "ToUserName": "gh_1",
        "FromUserName": USER,
        "CreateTime": "1796000180",
        "MsgType": "text",
        "Content": "你好 😀",
        "MsgId": "24000000000000001",
    } == found.get_data()


def test_an_event_with_elements_within_each_other():
    found = event(
        b"<xml><FromUserName>o1</FromUserName><CreateTime>1</CreateTime>"
        b"<MsgType>event</MsgType><Event>scancode_waitmsg</Event><ScanCodeInfo>"
        b"<ScanType>qrcode</ScanType><ScanResult>1</ScanResult></ScanCodeInfo></xml>"
    )
    assert "com.weixin.event.scancode_waitmsg" == found.get_type()
    expected = {"ScanType": "qrcode", "ScanResult": "1"}
    assert expected == found.get_data()["ScanCodeInfo"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"<xml><MsgType>image</MsgType></xml>", "com.weixin.message.image"),
        (b'{"MsgType":"event","Event":"subscribe"}', "com.weixin.event.subscribe"),
        (b'{"MsgType":"Event","Event":"SCAN"}', "com.weixin.event.scan"),
        (
            b"<xml><InfoType>authorized</InfoType></xml>",
            "com.weixin.component.authorized",
        ),
        (b'{"MsgType":"event","Event":"a b/\xe4\xbd\xa0"}', "com.weixin.event.a_b__"),
        (b'{"MsgType":"event"}', "com.weixin.event"),
        (b"<xml></xml>", "com.weixin.message"),
    ],
)
def test_types(body, expected):
    assert expected == type_of(read_message(body))


@pytest.mark.parametrize("created", [b"", b"-1", b"9" * 12, b"soon"])
def test_without_a_time_that_can_be_read(created):
    body = b"<xml><CreateTime>" + created + b"</CreateTime></xml>"
    written = json.loads(sent(body).body)
    assert {*("specversion", "id", "source", "type", "datacontenttype", "data")} == set(
        written
    )
    assert event(body).get_subject() is None


def test_the_library_of_standard_webhooks_verifies_it():
    request = sent()
    verified = Webhook(SECRET).verify(request.body, dict(request.headers))
    assert json.loads(request.body) == verified


def test_what_does_not_verify():
    """Another secret, another body, another id, or an attempt of long ago."""
    request = sent()
    headers = dict(request.headers)
    another = "whsec_" + base64.b64encode(b"x" * 32).decode()
    with pytest.raises(WebhookVerificationError):
        Webhook(another).verify(request.body, headers)
    for body, changes in (
        (request.body + b" ", {}),
        (request.body, {"webhook-id": "other"}),
        (request.body, {"webhook-timestamp": str(int(time.time()) + 1)}),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(body, {**headers, **changes})
    old = sent(now=time.time() - 301)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(old.body, dict(old.headers))


def test_the_id_is_the_same_with_every_attempt():
    first, second = sent(now=1_796_000_000), sent(now=1_796_000_060)
    assert first.body == second.body
    assert first.headers["webhook-id"] == json.loads(first.body)["id"]
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


def test_another_push_or_another_app_has_another_id():
    other = TEXT.replace(b"24000000000000001", b"24000000000000002")
    ids = {
        json.loads(each.body)["id"]
        for each in (sent(), sent(other), sent(appid="wx" + "f" * 16))
    }
    assert 3 == len(ids)


@pytest.mark.parametrize("secret", ["", "whsec_", "c2VjcmV0", "whsec_c"])
def test_a_secret_that_is_none(secret):
    with pytest.raises(ValueError, match="whsec_ and base64"):
        signed_headers(secret, "1", b"", now=1)


def test_a_secret_without_its_padding():
    body = b"{}"
    headers = signed_headers(SECRET.rstrip("="), "1", body, now=time.time())
    assert {} == Webhook(SECRET).verify(body, headers)
