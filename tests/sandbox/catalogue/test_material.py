"""Permanent material: added, listed, fetched and removed."""

import json

import pytest

OK = {"errcode": 0, "errmsg": "ok"}
MATERIAL = "/cgi-bin/material"
DESCRIPTION = json.dumps({"title": "片头", "introduction": "介绍"}, ensure_ascii=False)


def add(account, kind, filename, content, **more):
    return account.upload(f"{MATERIAL}/add_material", kind, filename, content, **more)


def test_an_image_stays_until_it_is_deleted(account, files):
    """It has an address, outlives temporary media, and is gone after deletion."""
    added = add(account, "image", "书.png", files["png"])
    body = {"media_id": added["media_id"]}
    account.sandbox.control("clock", advance=30 * 86_400)
    account.token = account.sandbox.token()
    fetched = account.send(f"{MATERIAL}/get_material", body)
    deleted = account.post(f"{MATERIAL}/del_material", body)
    after = account.post(f"{MATERIAL}/get_material", body)

    assert {"media_id", "url"} == added.keys()
    assert (200, files["png"]) == (fetched.status, fetched.body)
    assert (
        f'attachment; filename="{added["media_id"]}.png"'
        == fetched.headers["Content-disposition"]
    )
    assert deleted == OK
    assert after["errcode"] == 40007


def test_a_video_has_words_and_an_address(account, files):
    """A video comes back as JSON, with the bytes elsewhere."""
    added = add(account, "video", "a.mp4", files["mp4"], description=DESCRIPTION)
    answer = account.post(f"{MATERIAL}/get_material", {"media_id": added["media_id"]})
    path = answer.pop("down_url").removeprefix(account.sandbox.url)

    assert {"media_id"} == added.keys()
    assert {"title": "片头", "description": "介绍"} == answer
    assert files["mp4"] == account.sandbox.get(path).body


@pytest.mark.parametrize(
    ("description", "errcode"),
    [
        pytest.param("", 47001, id="empty"),
        pytest.param("no json", 47001, id="not JSON"),
        pytest.param("[" * 100_000, 47001, id="very deep"),
        pytest.param("[]", 47001, id="no object"),
        pytest.param("{}", 45003, id="no title"),
    ],
)
def test_a_video_needs_its_words(account, files, description, errcode):
    """The description is a JSON object with a title."""
    answer = add(account, "video", "a.mp4", files["mp4"], description=description)

    assert errcode == answer["errcode"]


def test_material_keeps_the_rules_of_media(account, files):
    """Types and formats are checked; a bitmap is welcome here."""
    wrong_type = add(account, "wave", "a.jpg", files["jpg"])
    wrong_format = add(account, "thumb", "a.png", files["png"])
    bitmap = add(account, "image", "a.bmp", b"BM" + b"\0" * 9)

    assert (40004, 40005) == (wrong_type["errcode"], wrong_format["errcode"])
    assert "media_id" in bitmap


def test_material_is_counted_and_listed_by_kind(account, files):
    """A page shows the newest first and how many there are in all."""
    first = add(account, "image", "1.jpg", files["jpg"])
    second = add(account, "image", "2.jpg", files["jpg"])
    add(account, "voice", "a.amr", files["amr"])
    body = {"type": "image", "offset": 0, "count": 1}
    page = account.post(f"{MATERIAL}/batchget_material", body)
    later = {**body, "offset": 1, "count": 20}
    rest = account.post(f"{MATERIAL}/batchget_material", later)
    voices = account.post(f"{MATERIAL}/batchget_material", {**body, "type": "voice"})

    assert account.get(f"{MATERIAL}/get_materialcount") == {
        "image_count": 2,
        "voice_count": 1,
        "video_count": 0,
        "news_count": 0,
    }
    assert (2, 1) == (page["total_count"], page["item_count"])
    assert [(second["media_id"], "2.jpg", second["url"])] == [
        (item["media_id"], item["name"], item["url"]) for item in page["item"]
    ]
    assert [first["media_id"]] == [item["media_id"] for item in rest["item"]]
    assert "url" not in voices["item"][0]


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"type": "wave"}, 40004),
        ({"count": 0}, 40097),
        ({"count": 21}, 40097),
        ({"offset": -1}, 40097),
        ({"offset": "0"}, 47001),
    ],
)
def test_a_wrong_page_is_refused(account, changes, errcode):
    """Between one and twenty of a known kind."""
    body = {"type": "image", "offset": 0, "count": 20, **changes}

    assert errcode == account.post(f"{MATERIAL}/batchget_material", body)["errcode"]


def test_material_on_a_menu_cannot_be_deleted(account, files):
    """It is free again once the menu is gone."""
    media_id = add(account, "image", "a.jpg", files["jpg"])["media_id"]
    button = {"type": "media_id", "name": "n", "media_id": media_id}
    account.post("/cgi-bin/menu/create", {"button": [button]})
    held = account.post(f"{MATERIAL}/del_material", {"media_id": media_id})
    account.get("/cgi-bin/menu/delete")
    freed = account.post(f"{MATERIAL}/del_material", {"media_id": media_id})

    assert (48005, 0) == (held["errcode"], freed["errcode"])


@pytest.mark.parametrize("name", ["offset", "count"])
def test_a_page_says_where_and_how_long(account, name):
    """Neither has a default."""
    body = {"type": "image", "offset": 0, "count": 20}
    del body[name]

    assert account.post(f"{MATERIAL}/batchget_material", body)["errcode"] == 40097


@pytest.mark.parametrize("path", ["get_material", "del_material"])
@pytest.mark.parametrize(("media_id", "errcode"), [("", 41006), ("x", 40007)])
def test_an_unknown_media_id_is_refused(account, path, media_id, errcode):
    """No media_id and nothing's media_id have their codes."""
    answer = account.post(f"{MATERIAL}/{path}", {"media_id": media_id})

    assert errcode == answer["errcode"]
