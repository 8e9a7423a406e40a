"""Industries and templates of an account."""

import pytest

from sandbox.catalogue.industries import INDUSTRIES
from sandbox.catalogue.state.templates import MOST_TEMPLATES, Templates
from sandbox.errors import WeChatError

OK = {"errcode": 0, "errmsg": "ok"}
MONTH = 30 * 86_400


def add(account, short_id="TM00015", **more):
    body = {"template_id_short": short_id, **more}
    return account.post("/cgi-bin/template/api_add_template", body)


def industries(account, primary, secondary):
    body = {"industry_id1": primary, "industry_id2": secondary}
    return account.post("/cgi-bin/template/api_set_industry", body)


def test_a_template_is_taken_listed_and_given_up(account):
    """What was added shows in the list with its fields, until it is deleted."""
    added = add(account, keyword_name_list=["订单", "金额"])
    listed = account.get("/cgi-bin/template/get_all_private_template")
    body = {"template_id": added["template_id"]}
    deleted = account.post("/cgi-bin/template/del_private_template", body)

    assert OK.items() <= added.items()
    assert listed == {
        "template_list": [
            {
                "template_id": added["template_id"],
                "title": "TM00015",
                "primary_industry": "IT科技",
                "deputy_industry": "互联网/电子商务",
                "content": "{{first.DATA}}\n订单：{{keyword1.DATA}}\n"
                "金额：{{keyword2.DATA}}\n{{remark.DATA}}",
                "example": "",
            }
        ]
    }
    assert deleted == OK
    assert {"template_list": []} == account.get(
        "/cgi-bin/template/get_all_private_template"
    )


def test_a_template_unknown_is_not_deleted(account):
    """An unknown template and none are the same."""
    path = "/cgi-bin/template/del_private_template"
    answers = [account.post(path, body) for body in ({"template_id": "nothing"}, {})]

    assert [40037, 40037] == [answer["errcode"] for answer in answers]


@pytest.mark.parametrize(
    ("short_id", "errcode"),
    [("", 40037), ("../TM1", 40037), ("TMabc", 40037), (15, 47001)],
)
def test_a_library_number_has_a_shape(account, short_id, errcode):
    """Only numbers of the library's shape are in it."""
    assert errcode == add(account, short_id)["errcode"]


def test_an_account_has_a_limited_number_of_templates(account):
    """One template too many is refused."""
    added = [add(account)["errcode"] for _ in range(MOST_TEMPLATES + 1)]

    assert [0] * MOST_TEMPLATES + [45026] == added


def test_industries_change_once_a_month(account):
    """A change comes back, and another one has to wait."""
    first = account.get("/cgi-bin/template/get_industry")
    changed = industries(account, "7", 41)
    shown = account.get("/cgi-bin/template/get_industry")
    too_soon = industries(account, "1", "2")["errcode"]
    account.sandbox.control("clock", advance=MONTH)
    account.token = account.sandbox.token()
    later = industries(account, "1", "2")

    assert (OK, 43100, OK) == (changed, too_soon, later)
    assert first == {
        "primary_industry": INDUSTRIES[1]._asdict(),
        "secondary_industry": INDUSTRIES[2]._asdict(),
    }
    assert shown == {
        "primary_industry": {"first_class": "金融业", "second_class": "银行"},
        "secondary_industry": {"first_class": "其它", "second_class": "其它"},
    }


def test_a_month_is_over_at_the_second():
    """One moment earlier it is too soon."""
    templates = Templates()
    templates.choose_industries(1, secondary=2, now=0)

    with pytest.raises(WeChatError):
        templates.choose_industries(3, secondary=4, now=MONTH - 0.1)
    templates.choose_industries(5, secondary=6, now=MONTH)
    assert templates.industries == (5, 6)


@pytest.mark.parametrize("industry", ["0", "42", "x", None])
def test_an_industry_has_a_number_of_the_list(account, industry):
    """There are 41 of them."""
    assert len(INDUSTRIES) == 41
    assert industries(account, "1", industry)["errcode"] == 40097
