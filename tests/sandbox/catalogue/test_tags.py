"""Tags: made, renamed, put on followers, and taken off again."""

import pytest

from sandbox.catalogue.state.tags import (
    MOST_FANS_TO_DELETE,
    MOST_TAGS,
    MOST_TAGS_OF_ONE,
    Tags,
)
from sandbox.errors import WeChatError

OK = {"errcode": 0, "errmsg": "ok"}


def errcode_of(act, *arguments, **options):
    with pytest.raises(WeChatError) as refused:
        act(*arguments, **options)
    return refused.value.errcode


def test_a_tag_lives_from_create_to_delete(account):
    """A tag gets an id beyond the system's, another name, and goes again."""
    tag = account.post("/cgi-bin/tags/create", {"tag": {"name": "书友"}})["tag"]
    renamed = account.post(
        "/cgi-bin/tags/update", {"tag": {"id": tag["id"], "name": "老书友"}}
    )
    listed = account.get("/cgi-bin/tags/get")["tags"]
    deleted = account.post("/cgi-bin/tags/delete", {"tag": {"id": tag["id"]}})

    assert {"id": 100, "name": "书友"} == tag
    assert {"id": 100, "name": "老书友", "count": 0} in listed
    assert [OK, OK] == [renamed, deleted]
    assert [2] == [tag["id"] for tag in account.get("/cgi-bin/tags/get")["tags"]]


def test_a_name_may_be_thirty_bytes_long(account):
    """Bytes count, not characters; the next tag gets the next id."""
    assert [100, 101] == [account.tag("长" * 10), account.tag("n" * 30)]


@pytest.mark.parametrize(
    ("path", "tag", "errcode"),
    [
        pytest.param("create", {"name": ""}, 45157, id="no name"),
        pytest.param("create", {"name": "星标组"}, 45157, id="name taken"),
        pytest.param("create", {"name": "长" * 11}, 45158, id="name too long"),
        pytest.param("create", {"name": 7}, 47001, id="name a number"),
        pytest.param("create", "书友", 47001, id="no object"),
        pytest.param("update", {"id": 1, "name": "x"}, 45058, id="hidden tag"),
        pytest.param("update", {"id": 2, "name": "x"}, 45058, id="system tag"),
        pytest.param("update", {"id": 999, "name": "x"}, 45159, id="unknown"),
        pytest.param("update", {"name": "x"}, 45159, id="no id"),
        pytest.param("delete", {"id": 0}, 45058, id="delete system tag"),
        pytest.param("delete", {}, 45159, id="delete no id"),
        pytest.param("delete", {"id": 999}, 45159, id="delete unknown"),
        pytest.param("delete", {"id": "100"}, 47001, id="id a text"),
        pytest.param("delete", {"id": True}, 47001, id="id a truth value"),
    ],
)
def test_a_wrong_tag_is_refused(account, path, tag, errcode):
    """Each thing that can be wrong about a tag has its code."""
    assert errcode == account.post(f"/cgi-bin/tags/{path}", {"tag": tag})["errcode"]


def test_followers_carry_and_drop_tags(account):
    """A tag shows on the user and in its own list until it is taken off."""
    tagid, openids = account.tag("书友"), [account.openid(0), account.openid(1)]
    body = {"openid_list": openids, "tagid": tagid}
    tagged = account.post("/cgi-bin/tags/members/batchtagging", body)
    members = account.post("/cgi-bin/user/tag/get", {"tagid": tagid})
    own = account.post("/cgi-bin/tags/getidlist", {"openid": openids[0]})
    shown = account.get("/cgi-bin/user/info", openid=openids[0])["tagid_list"]
    untagged = account.post("/cgi-bin/tags/members/batchuntagging", body)
    after = account.post("/cgi-bin/user/tag/get", {"tagid": tagid})

    assert [OK, OK] == [tagged, untagged]
    assert members == {
        "count": 2,
        "data": {"openid": openids},
        "next_openid": openids[1],
    }
    assert {"tagid_list": [tagid]} == own
    assert [tagid] == shown
    assert {"count": 0, "next_openid": ""} == after


@pytest.mark.parametrize(
    ("path", "errcode"),
    [
        ("/cgi-bin/tags/create", 47001),
        ("/cgi-bin/tags/getidlist", 41009),
        ("/cgi-bin/user/tag/get", 45159),
        ("/cgi-bin/tags/members/batchtagging", 40031),
        ("/cgi-bin/tags/members/batchuntagging", 40031),
    ],
)
def test_what_is_missing_has_a_code(account, path, errcode):
    """An empty object lacks tag, openid, tagid or openid_list."""
    assert errcode == account.post(path, {})["errcode"]


@pytest.mark.parametrize("verb", ["batchtagging", "batchuntagging"])
def test_up_to_fifty_are_tagged_at_once(account, verb):
    """Fifty are not too many; without a tag nothing happens."""
    path, body = f"/cgi-bin/tags/members/{verb}", {"openid_list": [account.openid()]}
    fifty = {"openid_list": [account.openid()] * 50, "tagid": account.tag("书友")}

    assert OK == account.post(path, fifty)
    assert account.post(path, body)["errcode"] == 45159


@pytest.mark.parametrize(
    ("openids", "tagid", "errcode"),
    [
        pytest.param([], 100, 40032, id="nobody"),
        pytest.param(["o"] * 51, 100, 40032, id="too many"),
        pytest.param(None, 100, 47001, id="no list"),
        pytest.param(["oNobody"], 100, 40003, id="unknown"),
        pytest.param("stranger", 100, 50005, id="no follower"),
        pytest.param("follower", 999, 45159, id="no such tag"),
    ],
)
def test_tagging_is_refused_as_a_whole(account, openids, tagid, errcode):
    """Between one and fifty followers get a tag that exists, or nobody does."""
    users = {"stranger": [account.openid(3)], "follower": [account.openid()]}
    body = {"openid_list": users.get(str(openids), openids), "tagid": tagid}
    account.tag("书友")
    answer = account.post("/cgi-bin/tags/members/batchtagging", body)

    assert errcode == answer["errcode"]


def test_an_account_has_a_limited_number_of_tags():
    """One tag too many is refused; the system's do not count."""
    tags = Tags()
    for number in range(MOST_TAGS):
        tags.create(f"tag {number}")

    assert errcode_of(tags.create, "one more") == 45056


def test_a_follower_carries_a_limited_number_of_tags():
    """One tag too many on a user is refused, and nobody of the batch gets it."""
    tags = Tags()
    ids = [tags.create(f"tag {number}") for number in range(MOST_TAGS_OF_ONE + 1)]
    for tagid in ids[:-1]:
        tags.put(tagid, openids=["full"])

    assert errcode_of(tags.put, ids[-1], openids=["free", "full"]) == 45059
    assert [] == tags.members(ids[-1])


def test_a_tag_with_very_many_followers_stays():
    """Only after some were untagged can such a tag be removed."""
    tags = Tags()
    tagid = tags.create("everybody")
    tags.put(tagid, openids=[f"o{n}" for n in range(MOST_FANS_TO_DELETE + 1)])

    assert errcode_of(tags.delete, tagid) == 45057
    tags.take(tagid, openids=["o0"])
    tags.delete(tagid)
    assert errcode_of(tags.members, tagid) == 45159


def test_a_tag_may_keep_its_own_name():
    """Renaming a tag to what it is called is no clash."""
    tags = Tags()
    tags.rename(tags.create("same"), name="same")

    assert "same" in [name for _, name, _ in tags.listing()]
