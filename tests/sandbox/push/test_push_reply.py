"""A passive reply is opened, checked and handed back as a dictionary."""

import pytest

from sandbox.clock import Clock
from sandbox.ids import Ids
from sandbox.message_crypt import encrypt, sign
from sandbox.push_reply import BadReply, read_reply
from sandbox.push_xml import write_xml
from sandbox.world import World

MESSAGE = {"ToUserName": "gh_1", "FromUserName": "o1", "MsgType": "text"}
REPLY = {
    "ToUserName": "o1",
    "FromUserName": "gh_1",
    "CreateTime": "1411525903",
    "MsgType": "text",
    "Content": "回复 ]]>",
}
OTHER_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


@pytest.fixture
def app():
    world = World(Clock(lambda: 0), Ids(1))
    return next(app for app in world.apps.values() if app.kind == "service")


def sealed(app, reply, *, key=None, appid=None, signature=None):
    """Return an encrypted reply; the options spoil it."""
    encrypted = encrypt(
        reply,
        encoding_aes_key=key or app.encoding_aes_key,
        appid=appid or app.appid,
        random=b"r" * 16,
    )
    good = sign(app.token, "1411525903", "nonce", encrypted)
    envelope = {
        "Encrypt": encrypted,
        "MsgSignature": good if signature is None else signature,
        "TimeStamp": 1411525903,
        "Nonce": "nonce",
    }
    return write_xml(envelope).encode()


@pytest.mark.parametrize("body", [b"", b"success"])
@pytest.mark.parametrize("mode", ["plain", "compat", "safe"])
def test_silence_is_no_reply(app, mode, body):
    """Nothing and `success` need no encryption in any mode."""
    assert read_reply(app, mode, MESSAGE, body) is None


@pytest.mark.parametrize("mode", ["plain", "compat"])
def test_a_plain_reply_is_read(app, mode):
    """Where encryption is not demanded, the fields come as they are."""
    assert REPLY == read_reply(app, mode, MESSAGE, write_xml(REPLY).encode())


@pytest.mark.parametrize("mode", ["compat", "safe"])
def test_an_encrypted_reply_is_opened(app, mode):
    """The signature is checked and the fields come out."""
    body = sealed(app, write_xml(REPLY).encode())

    assert REPLY == read_reply(app, mode, MESSAGE, body)


def test_nested_and_repeated_fields_are_kept(app):
    """Articles come back as they were nested, several of them as a list."""
    items = [{"Title": "a"}, {"Title": "b"}]
    news = {**REPLY, "MsgType": "news", "Articles": {"item": items}}
    three = {**news, "Articles": {"item": [*items, {"Title": "c"}]}}

    assert news == read_reply(app, "plain", MESSAGE, write_xml(news).encode())
    assert three == read_reply(app, "plain", MESSAGE, write_xml(three).encode())


BOMB = b'<!DOCTYPE xml [<!ENTITY a "b">]><xml><MsgType>&a;</MsgType></xml>'


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param(b"SUCCESS", "not XML", id="other words"),
        pytest.param(b"success\n", "not XML", id="a newline"),
        pytest.param(b'{"MsgType":"text"}', "not XML", id="JSON"),
        pytest.param(BOMB, "not XML", id="entities"),
        pytest.param(b"<xml></xml>", "not a message in XML", id="empty"),
        pytest.param(b"<html><p/></html>", "not a message in XML", id="HTML"),
    ],
)
def test_a_malformed_reply_is_a_bad_one(app, body, error):
    """Neither JSON nor a page nor entities pass for a message."""
    with pytest.raises(BadReply, match=error):
        read_reply(app, "plain", MESSAGE, body)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"MsgType": "wave"}, "MsgType"),
        ({"ToUserName": "o2"}, "ToUserName"),
        ({"FromUserName": "gh_2"}, "FromUserName"),
    ],
)
def test_a_reply_goes_back_where_the_message_came_from(app, changes, error):
    """Sender and receiver are swapped, and the type is one of the passive ones."""
    body = write_xml({**REPLY, **changes}).encode()

    with pytest.raises(BadReply, match=error):
        read_reply(app, "plain", MESSAGE, body)


@pytest.mark.parametrize(
    ("spoilt", "error"),
    [
        ({"signature": ""}, "MsgSignature"),
        ({"signature": "0" * 40}, "MsgSignature"),
        ({"signature": "签"}, "MsgSignature"),
        ({"appid": "wx5823bf96d3bd56c7"}, "another app"),
        ({"key": OTHER_KEY}, "."),
    ],
)
def test_a_forged_reply_is_a_bad_one(app, spoilt, error):
    """Signature, key and appid must all be the app's."""
    body = sealed(app, write_xml(REPLY).encode(), **spoilt)

    with pytest.raises(BadReply, match=error):
        read_reply(app, "safe", MESSAGE, body)


@pytest.mark.parametrize(
    ("mode", "body", "error"),
    [
        ("safe", write_xml(REPLY).encode(), "not encrypted"),
        ("plain", b"<xml><Encrypt>x</Encrypt></xml>", "is encrypted"),
    ],
)
def test_a_reply_keeps_to_the_mode(app, mode, body, error):
    """Safe mode demands encryption, plain mode knows none."""
    with pytest.raises(BadReply, match=error):
        read_reply(app, mode, MESSAGE, body)


def test_what_is_sealed_must_be_a_message(app):
    """A right signature around nonsense does not help."""
    with pytest.raises(BadReply, match="not XML"):
        read_reply(app, "safe", MESSAGE, sealed(app, b"nonsense"))
