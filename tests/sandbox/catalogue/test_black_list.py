"""The black list: who is on it, and that it keeps messages away."""

import pytest

OK = {"errcode": 0, "errmsg": "ok"}
MEMBERS = "/cgi-bin/tags/members"


def test_users_are_blocked_and_unblocked(account):
    """The list shows who was blocked, until they are not."""
    openid = account.openid(1)
    blocked = account.post(f"{MEMBERS}/batchblacklist", {"openid_list": [openid]})
    listed = account.post(f"{MEMBERS}/getblacklist", {"begin_openid": ""})
    body = {"openid_list": [openid]}
    unblocked = account.post(f"{MEMBERS}/batchunblacklist", body)
    after = account.post(f"{MEMBERS}/getblacklist", {})

    assert [OK, OK] == [blocked, unblocked]
    assert listed == {
        "total": 1,
        "count": 1,
        "data": {"openid": [openid]},
        "next_openid": openid,
    }
    assert {"total": 0, "count": 0, "next_openid": ""} == after


@pytest.mark.parametrize("count", [0, 21])
def test_between_one_and_twenty_are_blocked_at_once(account, count):
    """Fewer or more are refused."""
    body = {"openid_list": [account.openid()] * count}

    assert account.post(f"{MEMBERS}/batchblacklist", body)["errcode"] == 40032
