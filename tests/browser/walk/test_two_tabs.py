"""Two tabs of one browser sign in at the same time, each on its own."""

from __future__ import annotations

import pytest

from tests.browser.walk.person import IN_WECHAT

ORDERS = pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["first", "last"])


@pytest.fixture(params=["desk", "WeChat"])
def pair(request, meet):
    """A person with two tabs, and how the person agrees in one of them."""
    if request.param == "WeChat":
        person = meet(**IN_WECHAT)
        agree = person.agree
    else:
        person = meet()

        def agree(tab):
            person.on_the_phone("confirm", tab)

    return person, [person.tab, person.context.new_page()], agree


@pytest.mark.case(39)
@ORDERS
def test_both_reach_their_own_page(host, pair, order):
    """Whichever is the first; each ends where it wanted to go."""
    person, tabs, agree = pair
    for number, tab in enumerate(tabs):
        person.open(f"/login?next=/login/me%3Ftab={number}", tab=tab)
    for number in order:
        agree(tabs[number])
        person.arrive(f"/login/me?tab={number}", tabs[number])

    names = [person.told(tab)["name"] for tab in tabs]
    assert [host.user()["nickname"]] * 2 == names


@pytest.mark.case(39, 45, 46)
@ORDERS
def test_both_reach_their_own_service(host, pair, order, service):
    """Two sign-ins of one service: each answer has its own state, and its own code."""
    person, tabs, agree = pair
    for tab in tabs:
        person.open(f"{service.url}/oidc", tab=tab)
    for number in order:
        agree(tabs[number])
        person.arrive(f"{service.url}/signed_in", tabs[number])

    names = [person.told(tab)["name"] for tab in tabs]
    one, other = service.answers[-2:]
    assert [host.user()["nickname"]] * 2 == names
    assert one["state"] != other["state"]
    assert one["code"] != other["code"]
