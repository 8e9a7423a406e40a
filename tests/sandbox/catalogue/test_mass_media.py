"""Articles and videos as mass messages show them."""

import pytest

NEWS, VIDEO = "/cgi-bin/media/uploadnews", "/cgi-bin/media/uploadvideo"


def make_article(account, **changes):
    thumb = account.media_id("thumb")
    return {"title": "书", "content": "<p>…</p>", "thumb_media_id": thumb, **changes}


def test_articles_get_a_media_id(account):
    """Up to eight articles become one media of type news, which has no bytes."""
    article = make_article(account, title="t" * 192, content="c" * 2**20)
    body = {"articles": [article] + [make_article(account)] * 7}
    answer = account.post(NEWS, body)
    fetched = account.get("/cgi-bin/media/get", media_id=answer["media_id"])

    assert {"type", "media_id", "created_at"} == answer.keys()
    assert answer["type"] == "news"
    assert fetched["errcode"] == 40007


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        pytest.param({"title": ""}, 45003, id="no title"),
        pytest.param({"title": "t" * 193}, 45003, id="long title"),
        pytest.param({"content": ""}, 44004, id="no content"),
        pytest.param({"content": "c" * (2**20 + 1)}, 45002, id="long content"),
        pytest.param({"thumb_media_id": ""}, 41006, id="no cover"),
        pytest.param({"thumb_media_id": "x"}, 40007, id="unknown cover"),
    ],
)
def test_a_wrong_article_is_refused(account, changes, errcode):
    """Title, content and cover are each looked at."""
    body = {"articles": [make_article(account, **changes)]}

    assert errcode == account.post(NEWS, body)["errcode"]


@pytest.mark.parametrize(
    ("articles", "errcode"),
    [(None, 44003), ([], 44003), (["x"], 47001), ([{}] * 9, 45008)],
)
def test_between_one_and_eight_articles_are_taken(account, articles, errcode):
    """Fewer, more, or something else is refused."""
    assert errcode == account.post(NEWS, {"articles": articles})["errcode"]


def test_a_video_gets_a_media_id_for_mass_messages(account, files):
    """The new media_id is another one, and shows the same video."""
    uploaded = account.media_id("video", "a.mp4", files["mp4"])
    body = {"media_id": uploaded, "title": "t", "description": "d"}
    answer = account.post(VIDEO, body)
    url = account.get("/cgi-bin/media/get", media_id=answer["media_id"])["video_url"]
    path = url.removeprefix(account.sandbox.url)

    assert answer["type"] == "video"
    assert uploaded != answer["media_id"]
    assert files["mp4"] == account.sandbox.get(path).body


def test_only_a_video_is_a_video(account):
    """An image's media_id does not do, and none does not either."""
    image = account.post(VIDEO, {"media_id": account.media_id()})
    missing = account.post(VIDEO, {"title": "t"})

    assert (40007, 41006) == (image["errcode"], missing["errcode"])
