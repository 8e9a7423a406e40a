"""Menus for some followers only: who sees which, and what is refused."""

import pytest

from sandbox.catalogue.state.menus import (
    MOST_CONDITIONAL,
    MOST_CONDITIONAL_DOMAINS,
    Menu,
    Menus,
)
from sandbox.errors import WeChatError

OK = {"errcode": 0, "errmsg": "ok"}
CLICK = {"type": "click", "name": "今日", "key": "TODAY"}


def button(name):
    return {"type": "click", "name": name, "key": "k"}


def with_default(account):
    account.post("/cgi-bin/menu/create", {"button": [button("all")]})
    return account


def add(account, name, **rule):
    body = {"button": [button(name)], "matchrule": rule}
    return account.post("/cgi-bin/menu/addconditional", body)


def seen_by(account, index):
    answer = account.post("/cgi-bin/menu/trymatch", {"user_id": account.openid(index)})
    return [shown["name"] for shown in answer["button"]]


def test_a_follower_sees_the_newest_menu_that_fits(account):
    """Tag and platform choose; everybody else sees the default menu."""
    with_default(account)
    tagid = account.tag("书友")
    body = {"openid_list": [account.openid(0)], "tagid": tagid}
    account.post("/cgi-bin/tags/members/batchtagging", body)
    before = seen_by(account, 1)
    add(account, "old", tag_id=str(tagid))
    add(account, "new", tag_id=str(tagid))
    add(account, "ios", client_platform_type="1")

    assert (["all"], ["new"], ["all"]) == (
        before,
        seen_by(account, 0),
        seen_by(account, 1),
    )
    add(account, "android", client_platform_type="2")
    assert ["android"] == seen_by(account, 1)


def test_a_menuid_is_a_text_here_and_a_number_there(account):
    """addconditional answers a text, menu/get a number, and either is removed."""
    with_default(account)
    menuid = add(account, "some", client_platform_type="2")["menuid"]
    listed = account.get("/cgi-bin/menu/get")["conditionalmenu"]
    removed = account.post("/cgi-bin/menu/delconditional", {"menuid": menuid})

    assert listed == [
        {
            "button": [{**button("some"), "sub_button": []}],
            "menuid": int(menuid),
            "matchrule": {"client_platform_type": "2"},
        }
    ]
    assert removed == OK
    assert "conditionalmenu" not in account.get("/cgi-bin/menu/get")


def test_deleting_the_menu_deletes_the_conditional_ones(account):
    """After menu/delete nothing matches any more."""
    with_default(account)
    menuid = add(account, "some", client_platform_type="2")["menuid"]
    account.get("/cgi-bin/menu/delete")
    gone = account.post("/cgi-bin/menu/delconditional", {"menuid": menuid})
    match = account.post("/cgi-bin/menu/trymatch", {"user_id": account.openid()})

    assert (65301, 46003) == (gone["errcode"], match["errcode"])


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        pytest.param({"matchrule": {"tag_id": "2"}}, 65307, id="no buttons"),
        pytest.param({"button": [CLICK]}, 65304, id="no rule"),
        pytest.param({"button": [CLICK], "matchrule": {}}, 65304, id="empty rule"),
        pytest.param(
            {"button": [CLICK], "matchrule": {"sex": "1"}}, 65304, id="retired rule"
        ),
        pytest.param(
            {"button": [{"name": "n"}], "matchrule": {"tag_id": "2"}},
            65308,
            id="button without a type",
        ),
        pytest.param(
            {"button": [CLICK] * 4, "matchrule": {"tag_id": "2"}},
            40016,
            id="four buttons",
        ),
        pytest.param(
            {"button": [CLICK], "matchrule": {"tag_id": "999"}}, 45159, id="no such tag"
        ),
        pytest.param(
            {"button": [CLICK], "matchrule": {"client_platform_type": "4"}},
            40097,
            id="no such platform",
        ),
    ],
)
def test_a_wrong_conditional_menu_is_refused(account, body, errcode):
    """Buttons and rule are checked before anything is added."""
    answer = with_default(account).post("/cgi-bin/menu/addconditional", body)

    assert errcode == answer["errcode"]


def test_a_conditional_menu_needs_a_default_one(account):
    """The default menu comes first."""
    assert add(account, "some", client_platform_type="2")["errcode"] == 65303


@pytest.mark.parametrize("menuid", ["", "x", 5, None])
def test_only_conditional_menus_are_removed(account, menuid):
    """Neither an unknown id nor the default menu's is a conditional menu."""
    with_default(account)
    default = account.get("/cgi-bin/menu/get")["menu"]["menuid"]
    answers = [
        account.post("/cgi-bin/menu/delconditional", {"menuid": one})["errcode"]
        for one in (menuid, default)
    ]

    assert [65301, 65301] == answers


@pytest.mark.parametrize("user", ["", "oNobody", 3])
def test_only_followers_see_a_menu(account, user):
    """Nobody and a non-follower are no users of the menu."""
    user_id = account.openid(user) if isinstance(user, int) else user
    answer = with_default(account).post("/cgi-bin/menu/trymatch", {"user_id": user_id})

    assert answer["errcode"] == 65302


def menus_with_default():
    menus = Menus()
    menus.create(Menu(1, [CLICK]))
    return menus


def refused(menus, menu):
    with pytest.raises(WeChatError) as error:
        menus.add_conditional(menu)
    return error.value.errcode


def test_there_is_a_limit_to_conditional_menus():
    """One menu too many is refused."""
    menus = menus_with_default()
    for menuid in range(MOST_CONDITIONAL):
        menus.add_conditional(Menu(menuid + 2, [CLICK], {"tag_id": "2"}))

    assert refused(menus, Menu(0, [CLICK], {"tag_id": "2"})) == 65305


def test_conditional_menus_lead_to_few_hosts():
    """Over all conditional menus a few hosts may be linked, often."""
    menus, rule = menus_with_default(), {"tag_id": "2"}

    def leading_to(host):
        return Menu(9, [{"type": "view", "name": "n", "url": f"http://{host}/"}], rule)

    for number in range(MOST_CONDITIONAL_DOMAINS):
        menus.add_conditional(leading_to(f"{number}.example.com"))
    menus.add_conditional(leading_to("0.example.com"))

    assert refused(menus, leading_to("more.example.com")) == 65316
