"""Contents of customer-service messages: required fields and lengths of each type."""

import pytest

from sandbox.catalogue.custom_contents import CHECKS
from sandbox.errors import WeChatError

ARTICLE = {"title": "t" * 192, "description": "d" * 512, "picurl": "p" * 1024}
PAGE = {"appid": "wx" + "0" * 16, "pagepath": "index", "thumb_media_id": "thumb"}
MUSIC = {
    "musicurl": "u" * 1024,
    "hqmusicurl": "u" * 1024,
    "thumb_media_id": "image",
    "title": "t" * 192,
}
VIDEO = {"media_id": "video", "description": "d" * 512}
RIGHT = {
    "text": {"content": "长" * 682 + "xx"},
    "image": {"media_id": "image"},
    "voice": {"media_id": "voice"},
    "video": VIDEO,
    "music": MUSIC,
    "news": {"articles": [{**ARTICLE, "url": "u" * 1024}]},
    "mpnews": {"media_id": "news"},
    "mpnewsarticle": {"article_id": "a"},
    "msgmenu": {"list": [{"id": "1", "content": "好"}, {"id": 2, "content": "不"}]},
    "wxcard": {"card_id": "c"},
    "miniprogrampage": {**PAGE, "title": "t" * 192},
    "link": {"url": "u" * 1024, "title": "t" * 192},
}


def check(msgtype, content):
    """Return 0 or the errcode; a media_id is that of a file of the kind it names."""

    def media(media_id, kinds):
        if media_id not in kinds:
            raise WeChatError(40007)

    try:
        CHECKS[msgtype](content, media)
    except WeChatError as error:
        return error.errcode
    return 0


def test_right_messages_pass():
    """One of each type, as long as its parts may be."""
    assert dict.fromkeys(CHECKS, 0) == {
        msgtype: check(msgtype, content) for msgtype, content in RIGHT.items()
    }


def test_a_video_may_have_a_cover():
    """If it has one, it must have been uploaded."""
    covered = [{**VIDEO, "thumb_media_id": kind} for kind in ("thumb", "voice")]

    assert [0, 40007] == [check("video", content) for content in covered]


@pytest.mark.parametrize(
    ("msgtype", "name", "errcode"),
    [
        ("text", "content", 44004),
        ("image", "media_id", 41006),
        ("voice", "media_id", 41006),
        ("video", "media_id", 41006),
        ("music", "musicurl", 41010),
        ("music", "hqmusicurl", 41010),
        ("music", "thumb_media_id", 41006),
        ("news", "articles", 44003),
        ("mpnews", "media_id", 41006),
        ("mpnewsarticle", "article_id", 44003),
        ("msgmenu", "list", 44005),
        ("wxcard", "card_id", 40097),
        ("miniprogrampage", "appid", 40166),
        ("miniprogrampage", "pagepath", 40165),
        ("miniprogrampage", "thumb_media_id", 41006),
        ("link", "url", 41010),
    ],
)
def test_what_is_missing_has_a_code(msgtype, name, errcode):
    """Each necessary part is missed by its own code."""
    rest = {key: value for key, value in RIGHT[msgtype].items() if key != name}

    assert errcode == check(msgtype, rest)


@pytest.mark.parametrize(
    ("msgtype", "name", "errcode"),
    [
        ("text", "content", 45002),
        ("video", "description", 45004),
        ("music", "musicurl", 45005),
        ("music", "hqmusicurl", 45005),
        ("music", "title", 45003),
        ("miniprogrampage", "title", 45003),
        ("link", "url", 45005),
        ("link", "title", 45003),
    ],
)
def test_one_byte_too_many_has_a_code(msgtype, name, errcode):
    """Each part that is as long as it may be is refused when it is longer."""
    content = RIGHT[msgtype]

    assert errcode == check(msgtype, {**content, name: content[name] + "x"})


@pytest.mark.parametrize(
    ("name", "errcode"),
    [("title", 45003), ("description", 45004), ("url", 45005), ("picurl", 45006)],
)
def test_an_article_is_measured_in_all_its_parts(name, errcode):
    """The one article of a news message has four limits."""
    (article,) = RIGHT["news"]["articles"]
    longer = {**article, name: article[name] + "x"}

    assert errcode == check("news", {"articles": [longer]})


@pytest.mark.parametrize(
    ("msgtype", "content", "errcode"),
    [
        pytest.param("news", {"articles": []}, 44003, id="no article"),
        pytest.param("news", {"articles": [{}, {}]}, 45008, id="two articles"),
        pytest.param("news", {"articles": ["x"]}, 47001, id="article a text"),
        pytest.param("msgmenu", {"list": []}, 44005, id="no answers"),
        pytest.param("msgmenu", {"list": "x"}, 44005, id="answers a text"),
        pytest.param("msgmenu", {"list": ["x"]}, 47001, id="answer a text"),
        pytest.param("msgmenu", {"list": [{"id": "1"}]}, 45166, id="answer wordless"),
        pytest.param("msgmenu", {"list": [{"content": "x"}]}, 45166, id="no answer id"),
        pytest.param("image", {"media_id": "voice"}, 40007, id="another kind"),
        pytest.param("voice", {"media_id": "image"}, 40007, id="no voice"),
        pytest.param("video", {"media_id": "image"}, 40007, id="no video"),
        pytest.param("mpnews", {"media_id": "image"}, 40007, id="no news"),
        pytest.param(
            "music", {**MUSIC, "thumb_media_id": "news"}, 40007, id="no cover"
        ),
    ],
)
def test_what_is_not_as_it_should_be_has_a_code(msgtype, content, errcode):
    """Shapes, numbers and kinds of media are checked."""
    assert errcode == check(msgtype, content)
