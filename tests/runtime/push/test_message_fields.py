"""Fields of messages: what lies within them, from XML and JSON alike."""

import pytest
from defusedxml.ElementTree import fromstring

from runtime.push.message_fields import read_fields, write_json, write_xml
from runtime.push.push_message import (
    MOST_DEPTH,
    MOST_ELEMENTS,
    UnreadableMessage,
    read_message,
)


def fields(body, **more):
    return read_fields(read_message(body), **more)


def test_elements_within_each_other():
    body = (
        b"<xml><MsgType><![CDATA[event]]></MsgType><CreateTime>1</CreateTime>"
        b"<SendPicsInfo><Count>1</Count>\n<PicList><item><PicMd5Sum>a</PicMd5Sum></item>"
        b"</PicList></SendPicsInfo><EventKey></EventKey></xml>"
    )
    assert {
        "MsgType": "event",
        "CreateTime": "1",
        "SendPicsInfo": {"Count": "1", "PicList": {"item": [{"PicMd5Sum": "a"}]}},
        "EventKey": "",
    } == fields(body)


def test_repeated_elements_are_a_list():
    body = b"<xml><List><A>1</A></List><List><A>2</A></List><List>3</List></xml>"
    assert {"List": [{"A": "1"}, {"A": "2"}, "3"]} == fields(body)


def test_json_has_the_same_values_as_xml():
    """A MsgId is longer than the numbers of JavaScript."""
    body = b'{"MsgId":9007199254740993,"Ok":true,"No":null,"List":[{"A":1.5},"b"]}'
    expected = {"MsgId": "9007199254740993", "Ok": "true", "No": ""}
    assert {**expected, "List": [{"A": "1.5"}, "b"]} == fields(body)


def test_of_a_repeated_name_in_json_the_first_counts():
    assert {"A": "1"} == fields(b'{"A":1,"A":2}')


@pytest.mark.parametrize(
    "body",
    [
        b'{"A":' * (MOST_DEPTH + 1) + b"1" + b"}" * (MOST_DEPTH + 1),
        b'{"A":' + b"[" * (MOST_DEPTH + 1) + b"]" * (MOST_DEPTH + 1) + b"}",
        b'{"A":[' + b",".join([b"1"] * (MOST_ELEMENTS + 1)) + b"]}",
    ],
    ids=["objects", "lists", "many"],
)
def test_json_beyond_the_bounds(body):
    with pytest.raises(UnreadableMessage):
        fields(body)


def test_the_root():
    assert {"A": "1"} == fields(b"<xml><A>1</A></xml>", root="xml")
    with pytest.raises(UnreadableMessage):
        fields(b"<html><A>1</A></html>", root="xml")


def test_fields_as_xml():
    """What XML cannot hold is left out; a text may hold the end mark of CDATA."""
    written = write_xml(
        {"A": "x]]>y\x07\ud800 & <b>", "N": "12", "L": [{"item": ["1", "2"]}, "3"]}
    )
    assert b"<N>12</N><L><item>1</item><item>2</item></L><L>3</L>" in written
    root = fromstring(written)
    assert "x]]>y & <b>" == root.findtext("A")


@pytest.mark.parametrize("name", ["", "a b", "1", "a><b", "数"])
def test_a_name_that_no_element_may_have(name):
    with pytest.raises(UnreadableMessage):
        write_xml({name: "1"})


def test_fields_as_json():
    assert '{"A":"你?"}'.encode() == write_json({"A": "你\ud800"})
