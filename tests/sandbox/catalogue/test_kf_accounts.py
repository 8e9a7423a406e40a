"""Customer-service accounts are made, renamed, listed and removed."""

import pytest

from sandbox.catalogue.state.desk import MOST_ACCOUNTS

OK = {"errcode": 0, "errmsg": "ok"}
ACCOUNT = "/customservice/kfaccount"


def put(account, verb, kf_account, nickname="Anna"):
    body = {"kf_account": kf_account, "nickname": nickname}
    return account.post(f"{ACCOUNT}/{verb}", body)


def test_an_account_lives_from_add_to_del(account):
    """It shows with its latest nickname and the id it got first."""
    added = put(account, "add", "anna@shop")
    renamed = put(account, "update", "anna@shop", "安娜")
    listed = account.get("/cgi-bin/customservice/getkflist")
    online = account.get("/cgi-bin/customservice/getonlinekflist")
    removed = account.get(f"{ACCOUNT}/del", kf_account="anna@shop")

    assert [OK, OK, OK] == [added, renamed, removed]
    assert listed == {
        "kf_list": [
            {
                "kf_account": "anna@shop",
                "kf_nick": "安娜",
                "kf_id": 1001,
                "kf_headimgurl": "",
            }
        ]
    }
    assert {"kf_online_list": []} == online
    assert {"kf_list": []} == account.get("/cgi-bin/customservice/getkflist")


@pytest.mark.parametrize(
    ("kf_account", "nickname", "errcode"),
    [
        pytest.param("", "n", 61452, id="no account"),
        pytest.param("anna", "n", 61452, id="no at sign"),
        pytest.param("@shop", "n", 61452, id="no name"),
        pytest.param("anna@", "n", 61452, id="no shop"),
        pytest.param("elevenchars@shop", "n", 61454, id="too long"),
        pytest.param("an-na@shop", "n", 61455, id="character"),
        pytest.param("anna@shop", "", 61451, id="no nickname"),
        pytest.param("taken@shop", "n", 61453, id="taken"),
    ],
)
def test_a_wrong_account_is_refused(account, kf_account, nickname, errcode):
    """Name, length, characters and clash have codes of their own."""
    put(account, "add", "taken@shop")

    assert errcode == put(account, "add", kf_account, nickname)["errcode"]


def test_names_may_be_ten_characters_long(account):
    """Each account gets the next id."""
    added = [put(account, "add", name) for name in ("a@shop", "tencharact@shop")]
    listed = account.get("/cgi-bin/customservice/getkflist")["kf_list"]

    assert [OK, OK] == added
    assert [1001, 1002] == [clerk["kf_id"] for clerk in listed]


@pytest.mark.parametrize(
    ("kf_account", "nickname", "errcode"), [("", "n", 61452), ("a@b", "", 61451)]
)
def test_an_update_names_account_and_nickname(account, kf_account, nickname, errcode):
    """Either of them missing has its code."""
    assert errcode == put(account, "update", kf_account, nickname)["errcode"]


def test_an_unknown_account_cannot_be_changed(account):
    """Neither renamed nor removed."""
    renamed = put(account, "update", "anna@shop")
    removed = account.get(f"{ACCOUNT}/del", kf_account="anna@shop")

    assert (61452, 61452) == (renamed["errcode"], removed["errcode"])


def test_there_is_a_limit_to_accounts(account):
    """One too many is refused."""
    codes = [put(account, "add", f"a{n}@shop")["errcode"] for n in range(101)]

    assert [0] * MOST_ACCOUNTS + [61456] == codes
