"""Messages of authorized accounts on the component's URL, by the component's key."""

import pytest
from defusedxml.ElementTree import fromstring

from sandbox.message_crypt import decrypt, encrypt, sign
from tests.support.push_callback import Delivery

TEXT = {"MsgType": "text", "Content": "你好"}


@pytest.fixture
def account(component):
    """The service account, whose messages the component may receive."""
    url = component.callback.url.replace("/push?a=1", "/$APPID$/messages")
    component.sandbox.control("apps", appid=component.appid, message_url=url)
    component.authorize(1)
    component.callback.deliveries.clear()
    return component.sandbox.app("service")


def push(component, account, /, **more):
    order = {"appid": account["appid"], "message": TEXT, "mode": "safe"}
    fields = {**order, "component": component.appid, **more}
    return component.sandbox.post("/_sandbox/push", fields)


def opened(component, delivery: Delivery):
    outer = {child.tag: child.text for child in fromstring(delivery.body)}
    key = component.app["encoding_aes_key"]
    plain = decrypt(outer["Encrypt"], encoding_aes_key=key)
    return outer, plain, {child.tag: child.text for child in fromstring(plain.message)}


def sealed(component, content, recipient, sender):
    """Return a reply in text, encrypted as a component encrypts it."""
    fields = {"ToUserName": recipient, "FromUserName": sender, "CreateTime": 1}
    fields |= {"MsgType": "text", "Content": content}
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    app = component.app
    key, appid = app["encoding_aes_key"], app["appid"]
    text = encrypt(
        f"<xml>{inner}</xml>".encode(),
        encoding_aes_key=key,
        appid=appid,
        random=b"0" * 16,
    )
    signature = sign(app["token"], "1", "2", text)
    return (
        f"<xml><Encrypt>{text}</Encrypt><MsgSignature>{signature}</MsgSignature>"
        "<TimeStamp>1</TimeStamp><Nonce>2</Nonce></xml>"
    ).encode()


def test_a_message_goes_to_the_accounts_path(component, account):
    """Signed and encrypted by the component's token and key, with its appid."""
    answer = push(component, account).json()
    [delivery] = component.callback.deliveries
    outer, plain, message = opened(component, delivery)
    query = delivery.query
    parts = (query["timestamp"], query["nonce"], outer["Encrypt"])

    assert answer["error"] is None
    assert delivery.path == f"/{account['appid']}/messages"
    assert query["msg_signature"] == sign(component.app["token"], *parts)
    assert outer["ToUserName"] == message["ToUserName"] == account["original_id"]
    assert plain.appid == component.appid
    assert message["FromUserName"] == query["openid"]
    assert message["Content"] == "你好"


def test_a_reply_is_by_the_components_key(component, account):
    """What is sealed for the component is read, with the account as its sender."""

    def reply(delivery):
        _, _, message = opened(component, delivery)
        to, sender = message["FromUserName"], message["ToUserName"]
        return 200, sealed(component, "好", to, sender)

    component.callback.answer = reply
    good = push(component, account).json()
    component.callback.answer = lambda delivery: (
        200,
        sealed(component, "好", "a", "b"),
    )
    wrong = push(component, account).json()

    assert (good["error"], good["reply"]["Content"]) == (None, "好")
    assert "ToUserName" in wrong["error"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"mode": "plain"}, 400),
        ({"format": "json"}, 400),
        ({"component": "wx1"}, 404),
    ],
)
def test_a_component_gets_safe_xml_only(component, account, change, status):
    """It can choose neither mode nor format."""
    assert push(component, account, **change).status == status


def test_the_permission_set_is_needed(component, account):
    """Without message management, or a message_url, nothing is pushed."""
    component.authorize(2, 15, action="update")
    lacking = push(component, account)
    component.authorize(1, action="update")
    component.sandbox.control("apps", appid=component.appid, message_url="")
    nowhere = push(component, account)

    assert (lacking.status, nowhere.status) == (409, 409)
