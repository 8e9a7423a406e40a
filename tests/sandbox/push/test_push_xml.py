"""The XML of messages, as it goes over the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.push_xml import XmlError, read_xml, write_xml

# Characters that XML can carry and a parser gives back unchanged.
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]))


def test_the_form_is_the_captured_one():
    """A line per field, texts as CDATA, numbers bare: as in a captured push."""
    fields = {
        "ToUserName": "gh_a96a4a619366",
        "FromUserName": "olPjZjsXuQPJoV0HlruZkNzKc91E",
        "CreateTime": 1414387151,
        "MsgType": "text",
        "Content": "你好",
        "MsgId": 6074746557628292943,
    }

    assert write_xml(fields) == (
        "<xml><ToUserName><![CDATA[gh_a96a4a619366]]></ToUserName>\n"
        "<FromUserName><![CDATA[olPjZjsXuQPJoV0HlruZkNzKc91E]]></FromUserName>\n"
        "<CreateTime>1414387151</CreateTime>\n"
        "<MsgType><![CDATA[text]]></MsgType>\n"
        "<Content><![CDATA[你好]]></Content>\n"
        "<MsgId>6074746557628292943</MsgId>\n"
        "</xml>"
    )


def test_fields_nest_and_repeat():
    """A mapping nests, a list repeats its element."""
    fields = {"Pics": {"Count": 2, "item": [{"Sum": "a"}, {"Sum": "b"}]}}

    assert write_xml(fields) == (
        "<xml><Pics><Count>2</Count>\n"
        "<item><Sum><![CDATA[a]]></Sum></item>\n"
        "<item><Sum><![CDATA[b]]></Sum></item></Pics>\n"
        "</xml>"
    )


@pytest.mark.parametrize(
    "fields", [{"a": None}, {"a": True}, {"": "x"}, {"<a>": "x"}, {"1": "x"}]
)
def test_what_xml_cannot_say_is_an_error(fields):
    """Names must be names, values texts, numbers or fields."""
    with pytest.raises(XmlError):
        write_xml(fields)


@given(TEXTS)
def test_every_text_comes_back(text):
    """Whatever stands in a text, the end mark of CDATA included."""
    for value in (text, f"]]>{text}]]"):
        assert {"Content": value} == read_xml(write_xml({"Content": value}).encode())
