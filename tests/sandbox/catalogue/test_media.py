"""Temporary media: what may be uploaded, how it comes back, when it is gone."""

import pytest
from urllib3.filepost import encode_multipart_formdata

from sandbox.catalogue.state.media_shelf import LIFE, Media, MediaShelf
from sandbox.errors import WeChatError

UPLOAD = "/cgi-bin/media/upload"
MB = 1024 * 1024


def padded(content, size):
    return content + b"\0" * (size - len(content))


@pytest.mark.parametrize(
    ("kind", "filename", "content_type"),
    [
        ("image", "a.jpg", "image/jpeg"),
        ("image", "书.PNG", "image/png"),
        ("voice", "a.amr", "audio/amr"),
    ],
)
def test_a_file_comes_back_byte_by_byte(account, files, kind, filename, content_type):
    """Its type is told by its name, and it is named by its media_id."""
    content = files[filename[-3:].lower()]
    uploaded = account.upload(UPLOAD, kind, filename, content)
    media_id = uploaded["media_id"]
    reply = account.fetch("/cgi-bin/media/get", media_id=media_id)
    name = f"{media_id}.{filename[-3:].lower()}"

    assert {"type", "media_id", "created_at"} == uploaded.keys()
    assert (kind, int) == (uploaded["type"], type(uploaded["created_at"]))
    assert (200, content) == (reply.status, reply.body)
    assert content_type == reply.headers["Content-Type"]
    assert f'attachment; filename="{name}"' == reply.headers["Content-disposition"]


def test_a_thumb_has_another_key(account, files):
    """A thumb's id is called thumb_media_id, and leads to it all the same."""
    uploaded = account.upload(UPLOAD, "thumb", "a.jpg", files["jpg"])
    media_id = uploaded["thumb_media_id"]

    assert "media_id" not in uploaded
    assert files["jpg"] == account.fetch("/cgi-bin/media/get", media_id=media_id).body


def test_a_video_comes_back_as_an_address(account, files):
    """media/get answers JSON, and the address in it has the bytes."""
    media_id = account.media_id("video", "a.mp4", files["mp4"])
    answer = account.get("/cgi-bin/media/get", media_id=media_id)
    path = answer["video_url"].removeprefix(account.sandbox.url)
    reply = account.sandbox.get(path)

    assert {"video_url"} == answer.keys()
    assert (200, files["mp4"]) == (reply.status, reply.body)
    assert reply.headers["Content-Type"] == "video/mp4"


def test_only_videos_have_such_an_address(account):
    """An image's media_id and nonsense are no videos."""
    query = {"media_id": account.media_id()}
    replies = [account.sandbox.get("/mmvideo", one) for one in (query, {})]

    assert [404, 404] == [reply.status for reply in replies]


@pytest.mark.parametrize(
    ("kind", "filename", "content", "errcode"),
    [
        pytest.param("wave", "a.jpg", "jpg", 40004, id="unknown type"),
        pytest.param("", "a.jpg", "jpg", 40004, id="no type"),
        pytest.param("image", "a", "jpg", 41005, id="no extension"),
        pytest.param("image", "a.", "jpg", 41005, id="empty extension"),
        pytest.param("image", "a.jpg", b"", 44001, id="empty"),
        pytest.param("image", "a.bmp", b"BM", 40005, id="other format"),
        pytest.param("image", "a.jpg", "png", 40137, id="not what it says"),
        pytest.param("voice", "a.amr", "mp4", 40005, id="no recording"),
        pytest.param("voice", "a.mp3", b"ID4", 40005, id="no mp3"),
        pytest.param("video", "a.mp4", "amr", 40005, id="no video"),
        pytest.param("thumb", "a.png", "png", 40005, id="thumb a png"),
    ],
)
def test_a_wrong_file_is_refused(account, files, kind, filename, content, errcode):
    """Type, name, emptiness and format have codes of their own."""
    content = content if isinstance(content, bytes) else files[content]

    assert errcode == account.upload(UPLOAD, kind, filename, content)["errcode"]


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"file": ("a.jpg", b"x")}, id="other name"),
        pytest.param({"media": "text"}, id="no file"),
    ],
)
def test_the_part_is_called_media(account, fields):
    """A file under another name, or none, is missing."""
    body, content_type = encode_multipart_formdata(fields)
    path = f"{UPLOAD}?type=image&access_token={account.token}"
    headers = {"Content-Type": content_type}
    answer = account.sandbox.post(path, body, headers=headers).json()

    assert answer["errcode"] == 41005


def test_media_is_kept_for_three_days(account):
    """After that its media_id is unknown."""
    media_id = account.media_id()
    outcomes = []
    for seconds in (LIFE - 60, 60):
        account.sandbox.control("clock", advance=seconds)
        account.token = account.sandbox.token()
        outcomes.append(account.fetch("/cgi-bin/media/get", media_id=media_id))

    assert outcomes[0].headers["Content-Type"] == "image/jpeg"
    assert outcomes[1].json()["errcode"] == 40007


@pytest.mark.parametrize(("media_id", "errcode"), [("", 41006), ("x", 40007)])
def test_an_unknown_media_id_is_refused(account, media_id, errcode):
    """No media_id and nothing's media_id have their codes."""
    assert errcode == account.get("/cgi-bin/media/get", media_id=media_id)["errcode"]


def test_another_apps_media_is_unknown(account, miniprogram):
    """A media_id belongs to the app that uploaded."""
    answer = miniprogram.get("/cgi-bin/media/get", media_id=account.media_id())

    assert answer["errcode"] == 40007


def test_the_shelf_drops_what_has_expired():
    """Expired media does not stay in memory, younger media does."""
    shelf = MediaShelf()
    for media_id, at in (("old", 0), ("young", 1), ("new", LIFE)):
        shelf.put(Media(media_id, "image", at, body=b"x"))

    assert LIFE == 3 * 24 * 60 * 60
    assert ["young", "new"] == [
        shelf.get(i, now=LIFE).media_id for i in ("young", "new")
    ]
    for media_id, now in (("young", LIFE + 1), ("old", 0)):
        # The old one not even by a clock that would still have shown it.
        with pytest.raises(WeChatError):
            shelf.get(media_id, now=now)


def test_an_image_for_an_article_gets_an_address(account, files):
    """uploadimg answers where the image is, and keeps it in no library."""
    path = "/cgi-bin/media/uploadimg"
    answer = account.upload(path, "", "a.png", files["png"])
    large = account.upload(path, "", "a.png", padded(files["png"], MB + 1))
    gif = account.upload(path, "", "a.gif", b"GIF89a")

    assert {"url"} == answer.keys()
    assert answer["url"].startswith("http://mmbiz.qpic.cn/")
    assert (40006, 40005) == (large["errcode"], gif["errcode"])
