"""Followers of an account: /cgi-bin/user/*."""

import pytest

from sandbox.catalogue.state.paging import openid_page
from sandbox.catalogue.state.remarks import Remarks
from sandbox.errors import WeChatError

OK = {"errcode": 0, "errmsg": "ok"}


def test_a_follower_is_described_without_the_fields_that_were_withdrawn(account):
    """A follower has ids, time, remark and tags, and no nickname any more."""
    openid, user = account.openid(), account.sandbox.user()
    answer = account.get("/cgi-bin/user/info", openid=openid, lang="en")

    assert answer == {
        "subscribe": 1,
        "openid": openid,
        "language": "zh_CN",
        "subscribe_time": user["subscribed"][account.appid],
        "unionid": user["unionid"],
        "remark": "",
        "groupid": 0,
        "tagid_list": [],
        "subscribe_scene": "ADD_SCENE_OTHERS",
        "qr_scene": 0,
        "qr_scene_str": "",
    }


def test_an_unbound_account_learns_no_unionid(account):
    """Without an open platform account there is no unionid."""
    account.sandbox.control("apps", appid=account.appid, bound=False)

    assert "unionid" not in account.get("/cgi-bin/user/info", openid=account.openid())


def test_somebody_who_does_not_follow_stays_unknown(account):
    """Of a non-follower the account learns that, and nothing else."""
    openid = account.openid(3)

    assert {"subscribe": 0, "openid": openid} == account.get(
        "/cgi-bin/user/info", openid=openid
    )


@pytest.mark.parametrize(("openid", "errcode"), [("", 41009), ("oNobody", 40003)])
def test_an_openid_that_is_missing_or_unknown_is_refused(account, openid, errcode):
    """No openid and nobody's openid have their codes."""
    assert errcode == account.get("/cgi-bin/user/info", openid=openid)["errcode"]


def test_a_batch_describes_each_user_in_order(account):
    """One call answers for up to a hundred users."""
    openids = [account.openid(3), account.openid(0)] * 50
    answer = account.post(
        "/cgi-bin/user/info/batchget",
        {"user_list": [{"openid": openid, "lang": "zh_CN"} for openid in openids]},
    )

    assert openids == [user["openid"] for user in answer["user_info_list"]]
    assert [0, 1] * 50 == [user["subscribe"] for user in answer["user_info_list"]]


@pytest.mark.parametrize(
    ("user_list", "errcode"),
    [
        pytest.param(None, 40031, id="no list"),
        pytest.param(["o"], 40031, id="no objects"),
        pytest.param([], 40032, id="empty"),
        pytest.param([{"openid": "o"}] * 101, 40032, id="too long"),
        pytest.param([{}], 41009, id="no openid"),
        pytest.param([{"openid": 1}], 47001, id="a number"),
        pytest.param([{"openid": "oNobody"}], 40003, id="nobody"),
    ],
)
def test_a_batch_that_is_malformed_is_refused(account, user_list, errcode):
    """A batch is refused as a whole, with the code for what is wrong."""
    answer = account.post("/cgi-bin/user/info/batchget", {"user_list": user_list})

    assert errcode == answer["errcode"]


def test_the_followers_are_listed_in_pages(account):
    """A page ends with the openid the next one begins after; the last is empty."""
    openids = [account.openid(index) for index in range(3)]
    first = account.get("/cgi-bin/user/get")
    last = account.get("/cgi-bin/user/get", next_openid=first["next_openid"])

    assert first == {
        "total": 3,
        "count": 3,
        "data": {"openid": openids},
        "next_openid": openids[-1],
    }
    assert {"total": 3, "count": 0, "next_openid": ""} == last


def test_a_page_begins_after_the_openid_it_is_asked_for():
    """Pages neither overlap nor leave anybody out."""
    openids = [f"o{n}" for n in range(5)]
    pages, after = [], ""
    while (page := openid_page(openids, after=after, size=2))["count"]:
        pages.append(page["data"]["openid"])
        after = page["next_openid"]

    assert [["o0", "o1"], ["o2", "o3"], ["o4"]] == pages


def test_a_page_has_ten_thousand_openids():
    """The next one has the rest."""
    openids = [f"o{n}" for n in range(10_001)]
    first = openid_page(openids, after="")
    second = openid_page(openids, after=first["next_openid"])

    assert (10_000, 1) == (first["count"], second["count"])


def test_a_page_after_a_stranger_is_refused():
    """A next_openid that is not in the list is nobody's."""
    with pytest.raises(WeChatError) as refused:
        openid_page(["o1"], after="o2")

    assert refused.value.errcode == 40003


def test_a_remark_is_shown_with_its_follower(account):
    """A remark comes back with the user, in whatever script."""
    openid = account.openid()
    noted = account.post(
        "/cgi-bin/user/info/updateremark", {"openid": openid, "remark": "常客🌿"}
    )

    assert noted == OK
    assert "常客🌿" == account.get("/cgi-bin/user/info", openid=openid)["remark"]


@pytest.mark.parametrize(
    ("index", "remark", "errcode"),
    [(0, "长" * 31, 40097), (3, "x", 50005), (0, 5, 47001), (None, "x", 41009)],
)
def test_a_remark_that_does_not_fit_is_refused(account, index, remark, errcode):
    """Thirty characters are the limit, and only followers have remarks."""
    openid = "" if index is None else account.openid(index)
    fields = {"openid": openid, "remark": remark}

    assert errcode == account.post("/cgi-bin/user/info/updateremark", fields)["errcode"]


def test_a_remark_may_be_thirty_characters_long():
    """Characters count, not bytes."""
    remarks = Remarks()
    remarks.put("o1", remark="长" * 30)

    assert "长" * 30 == remarks.of("o1")
