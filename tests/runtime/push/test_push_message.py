"""Messages of pushes: XML and JSON, read strictly."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.push.push_message import (
    MOST_DEPTH,
    MOST_ELEMENTS,
    Message,
    UnreadableMessage,
    read_message,
)

TEXT = """<xml>
 <ToUserName><![CDATA[gh_1a2b3c4d5e6f]]></ToUserName>
 <FromUserName>oUser</FromUserName>
 <CreateTime>1796000180</CreateTime>
 <MsgType><![CDATA[text]]></MsgType>
 <Content><![CDATA[你好 <b>&amp;]]></Content>
</xml>"""


def test_a_text_in_xml():
    message = read_message(TEXT.encode())
    assert not message.is_json
    assert "gh_1a2b3c4d5e6f" == message.to_user
    assert "oUser" == message.openid
    assert "text" == message.msg_type
    assert "你好 <b>&amp;" == message.content
    assert ["", "", ""] == [message.event, message.event_key, message.info_type]
    assert message.encrypted is None


def test_a_message_in_json():
    body = '{"ToUserName":"gh_1","MsgId":9007199254740993,"Content":"a\tb","List":[1]}'
    message = read_message(body.encode())
    assert message.is_json
    assert "9007199254740993" == message.fields["MsgId"]
    assert "a\tb" == message.content
    assert "List" not in message.fields


@pytest.mark.parametrize("name", ["Encrypt", "encrypt"])
def test_the_encrypted_part(name):
    assert "abc" == read_message(f'{{"{name}":"abc"}}'.encode()).encrypted
    assert "abc" == read_message(f"<xml><{name}>abc</{name}></xml>".encode()).encrypted


def test_a_field_within_another_is_not_an_outer_one():
    body = "<xml><Info><ToUserName>inner</ToUserName></Info><Event>SCAN</Event></xml>"
    message = read_message(body.encode())
    assert ("", "SCAN") == (message.to_user, message.event)


def test_of_a_repeated_field_the_first_counts():
    body = "<xml><Url>1</Url><Url>2</Url></xml>"
    assert "1" == read_message(body.encode()).fields["Url"]
    assert "1" == read_message(b'{"Url":"1","Url":"2"}').fields["Url"]


@pytest.mark.parametrize(
    "body",
    [
        "<xml><FromUserName>a</FromUserName><FromUserName>b</FromUserName></xml>",
        '{"FromUserName":"a","FromUserName":"b"}',
        '<!DOCTYPE xml [<!ENTITY a "b">]><xml><Content>&a;</Content></xml>',
        '<!DOCTYPE xml SYSTEM "http://192.0.2.1/x.dtd"><xml></xml>',
        "<xml><a></xml>",
        "<xml></xml><xml></xml>",
        "plain",
        "",
        "[]",
        "{",
        '{"a":1}{"b":2}',
        "<a>" * (MOST_DEPTH + 1) + "</a>" * (MOST_DEPTH + 1),
        "<xml>" + "<a/>" * MOST_ELEMENTS + "</xml>",
        "[" * 100_000,
        '{"a":' * 100_000,
        '<?xml version="1.0" encoding="utf-16"?><xml><a>b</a>',
    ],
)
def test_a_message_that_cannot_be_read(body):
    with pytest.raises(UnreadableMessage):
        read_message(body.encode())


@pytest.mark.parametrize(
    "body", [b"\xff\xfe<\0x\0", b"<xml>\xff</xml>", b'{"a":"\xff"}']
)
def test_a_body_that_is_not_utf_8(body):
    with pytest.raises(UnreadableMessage):
        read_message(body)


def test_the_deepest_and_longest_message():
    deepest = "<a>" * MOST_DEPTH + "</a>" * MOST_DEPTH
    longest = "<xml>" + "<a/>" * (MOST_ELEMENTS - 1) + "</xml>"
    for body in (deepest, longest):
        assert isinstance(read_message(body.encode()), Message)


@given(st.binary(max_size=300))
def test_any_body_is_read_or_refused(body):
    for each in (body, b"{" + body, b"<xml>" + body + b"</xml>"):
        with suppress(UnreadableMessage):
            read_message(each)


ROBOT = (
    '{"msgid":"m1","create_time":1796001060,"from":{"userid":"ZhangSan"},'
    '"msgtype":"text","text":{"content":"hello"}}'
)


def test_a_robots_text_has_the_names_of_all_others():
    message = read_message(ROBOT.encode())
    named = message.msg_type, message.openid, message.content, message.get("MsgId")
    assert ("text", "ZhangSan", "hello", "m1") == named
    assert ("1796001060", "") == (message.get("CreateTime"), message.to_user)


def test_a_robots_event():
    event = (
        '{"eventtype":"template_card_event","template_card_event":{"event_key":"k"}}'
    )
    message = read_message(f'{{"msgtype":"event","event":{event}}}'.encode())
    named = message.msg_type, message.event, message.event_key, message.openid
    assert ("event", "template_card_event", "k", "") == named


def test_an_update_of_a_card_has_a_type():
    body = b'{"response_type":"update_template_card","template_card":{}}'
    assert "update_template_card" == read_message(body).msg_type


@pytest.mark.parametrize(
    "body",
    [
        ROBOT.replace('"from":', '"from":{"userid":"li"},"from":'),
        ROBOT.replace('"userid":', '"userid":"li","userid":'),
    ],
)
def test_a_robots_sender_stands_in_it_once(body):
    """Two readers could take different ones."""
    with pytest.raises(UnreadableMessage):
        read_message(body.encode())


def test_what_has_a_msgtype_of_wechats_own_is_no_robots():
    body = ROBOT.replace('"msgtype"', '"MsgType":"event","msgtype"')
    message = read_message(body.encode())
    assert ("event", "") == (message.msg_type, message.openid)
