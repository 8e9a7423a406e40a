"""Passive replies: all types, and each way in which one can be wrong."""

import json

import pytest
from wechatpy import replies
from wechatpy.messages import TextMessage

from runtime.push.passive_replies import (
    LARGEST_REPLY,
    LONGEST_TEXT,
    BadReply,
    articles_of,
    check_reply,
)
from runtime.push.push_message import read_message

ACCOUNT, USER = "gh_1a2b3c4d5e6f", "o" + "B" * 27
PUSH = read_message(
    f"<xml><ToUserName>{ACCOUNT}</ToUserName><FromUserName>{USER}</FromUserName>"
    "<MsgType>text</MsgType><Content>hello</Content></xml>".encode()
)
JSON_PUSH = read_message(
    json.dumps(
        {"ToUserName": ACCOUNT, "FromUserName": USER, "MsgType": "text"}
    ).encode()
)
ARTICLE = {"title": "T", "description": "D", "image": "http://i", "url": "http://u"}


def article(**changes):
    return {**ARTICLE, **changes}


def made_by_wechatpy(kind, **values):
    message = TextMessage({"FromUserName": USER, "ToUserName": ACCOUNT})
    made = kind(message=message, **values)
    return made.render().encode()


WECHATPY = {
    "text": made_by_wechatpy(replies.TextReply, content="你好 <a href='u'>&</a>"),
    "image": made_by_wechatpy(replies.ImageReply, media_id="m"),
    "voice": made_by_wechatpy(replies.VoiceReply, media_id="m"),
    "video": made_by_wechatpy(
        replies.VideoReply, media_id="m", title="t", description="d"
    ),
    "music": made_by_wechatpy(
        replies.MusicReply,
        thumb_media_id="m",
        title="t",
        description="d",
        music_url="u",
        hq_music_url="h",
    ),
    "news": made_by_wechatpy(replies.ArticlesReply, articles=[ARTICLE, article()]),
    "transfer_customer_service": made_by_wechatpy(
        replies.TransferCustomerServiceReply, account="kf@test"
    ),
}


def reply(inner, *, to=USER, sender=ACCOUNT):
    head = f"<ToUserName>{to}</ToUserName><FromUserName>{sender}</FromUserName>"
    return f"<xml>{head}<CreateTime>1</CreateTime>{inner}</xml>".encode()


def reason(body, *, push=PUSH, **more):
    with pytest.raises(BadReply) as raised:
        check_reply(body, push, **{"sender": "account", **more})
    return raised.value.reason


@pytest.mark.parametrize("kind", WECHATPY)
def test_a_reply_of_every_type_made_by_wechatpy(kind):
    """It stays byte by byte as it is."""
    found = check_reply(WECHATPY[kind], PUSH, sender="account")
    assert (WECHATPY[kind], False) == (found.body, found.is_json)
    assert kind == found.fields["MsgType"]


def test_the_fields_within():
    video = check_reply(WECHATPY["video"], PUSH, sender="account").fields
    assert {"MediaId": "m", "Title": "t", "Description": "d"} == video["Video"]
    news = check_reply(WECHATPY["news"], PUSH, sender="account").fields
    expected = {"Title": "T", "Description": "D", "PicUrl": "http://i"}
    assert [{**expected, "Url": "http://u"}] * 2 == articles_of(news)


@pytest.mark.parametrize("trans_info", ["", "<TransInfo></TransInfo>"])
def test_a_transfer_to_any_customer_service_account(trans_info):
    body = reply(f"<MsgType>transfer_customer_service</MsgType>{trans_info}")
    assert check_reply(body, PUSH, sender="miniprogram")


@pytest.mark.parametrize("kind", sorted({*WECHATPY} - {"transfer_customer_service"}))
def test_a_mini_program_may_only_transfer(kind):
    assert "type" == reason(WECHATPY[kind], sender="miniprogram")


@pytest.mark.parametrize(
    "inner",
    [
        "<MsgType>text</MsgType>",
        "<MsgType>text</MsgType><Content></Content>",
        "<MsgType>text</MsgType><Content><a>1</a></Content>",
        "<MsgType>image</MsgType><MediaId>m</MediaId>",
        "<MsgType>image</MsgType><Image><MediaId></MediaId></Image>",
        "<MsgType>voice</MsgType><Image><MediaId>m</MediaId></Image>",
        "<MsgType>video</MsgType><Video><Title>t</Title></Video>",
        "<MsgType>music</MsgType><Music><Title>t</Title></Music>",
        "<MsgType>news</MsgType><ArticleCount>1</ArticleCount>",
        "<MsgType>news</MsgType><ArticleCount>0</ArticleCount><Articles></Articles>",
        "<MsgType>news</MsgType><ArticleCount>2</ArticleCount><Articles><item>"
        "<Title>t</Title></item></Articles>",
        "<MsgType>news</MsgType><ArticleCount>1</ArticleCount><Articles><item>"
        "</item></Articles>",
        "<MsgType>transfer_customer_service</MsgType><TransInfo>a</TransInfo>",
    ],
)
def test_a_reply_without_what_its_type_needs(inner):
    assert "fields" == reason(reply(inner))


@pytest.mark.parametrize("kind", ["", "event", "TEXT", "miniprogrampage", "link"])
def test_a_type_that_is_no_reply(kind):
    assert "type" == reason(reply(f"<MsgType>{kind}</MsgType><Content>a</Content>"))


@pytest.mark.parametrize(
    "addressees",
    [{"to": "o" + "C" * 27}, {"sender": "gh_another"}, {"to": ACCOUNT, "sender": USER}],
    ids=["another user", "another account", "not swapped"],
)
def test_a_reply_to_somebody_else(addressees):
    body = reply("<MsgType>text</MsgType><Content>a</Content>", **addressees)
    assert "addressee" == reason(body)


@pytest.mark.parametrize(
    "body",
    [
        b"ok",
        b"<html>error</html",
        b"[1]",
        b"<xml><MsgType>text</MsgType><MsgType>image</MsgType></xml>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><xml><A>&b;</A></xml>',
        b"\xff\xfe<xml></xml>",
        b"<html><MsgType>text</MsgType></html>",
    ],
)
def test_what_is_no_reply_at_all(body):
    assert "unreadable" == reason(body)


def test_a_text_that_is_too_long():
    """Bytes are counted, not characters."""

    def text(content):
        return reply(f"<MsgType>text</MsgType><Content>{content}</Content>")

    longest = "你" * (LONGEST_TEXT // 3) + "a" * (LONGEST_TEXT % 3)
    assert check_reply(text(longest), PUSH, sender="account")
    assert "size" == reason(text(longest + "a"))
    assert check_reply(
        text(longest + "a"), PUSH, sender="account", longest_text=LONGEST_TEXT + 1
    )
    assert "size" == reason(b"<xml>" + b" " * LARGEST_REPLY)


def test_a_reply_in_the_form_of_its_push():
    """A service behind a JSON account may answer in XML, and the reverse."""
    found = check_reply(WECHATPY["news"], JSON_PUSH, sender="account")
    assert found.is_json
    assert "T" == json.loads(found.body)["Articles"]["item"][0]["Title"]
    as_json = {"ToUserName": USER, "FromUserName": ACCOUNT, "CreateTime": 1}
    body = json.dumps({**as_json, "MsgType": "text", "Content": "a]]>b"}).encode()
    assert body == check_reply(body, JSON_PUSH, sender="account").body
    found = check_reply(body, PUSH, sender="account")
    assert not found.is_json
    assert "a]]>b" == found.fields["Content"]


@pytest.mark.parametrize("articles", [[{"Title": "T"}], {"item": {"Title": "T"}}])
def test_articles_in_json(articles):
    fields = {"ToUserName": USER, "FromUserName": ACCOUNT, "MsgType": "news"}
    body = json.dumps({**fields, "ArticleCount": 1, "Articles": articles}).encode()
    found = check_reply(body, JSON_PUSH, sender="account")
    assert [{"Title": "T"}] == articles_of(found.fields)


@pytest.mark.parametrize(
    "kind", ["stream", "template_card", "stream_with_template_card"]
)
@pytest.mark.parametrize("may_send", [False, True])
def test_a_robots_reply_to_a_push_of_an_app(kind, may_send):
    """It is refused as of another type, whichever way it would go."""
    body = reply(f"<MsgType>{kind}</MsgType>")

    assert reason(body, sender="wecom", may_send=may_send) == "type"
