"""Two tabs of one browser sign in at the same time, each on its own."""

from __future__ import annotations

import pytest

from tests.browser.sign_in.user import IN_WECHAT

ORDERS = pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["first", "last"])


@pytest.fixture(params=["desktop", "WeChat"])
def two_tabs(request, new_user):
    """A user with two tabs, and how the user agrees in one of them."""
    if request.param == "WeChat":
        user = new_user(**IN_WECHAT)
        agree = user.agree
    else:
        user = new_user()

        def agree(tab):
            user.on_the_phone("confirm", tab)

    return user, [user.tab, user.context.new_page()], agree


@pytest.mark.case(39)
@ORDERS
def test_both_reach_their_own_page(host, two_tabs, order):
    """Whichever is the first; each ends where it wanted to go."""
    user, tabs, agree = two_tabs
    for number, tab in enumerate(tabs):
        user.open(f"/login?next=/login/me%3Ftab={number}", tab=tab)
    for number in order:
        agree(tabs[number])
        user.arrive(f"/login/me?tab={number}", tabs[number])

    names = [user.told(tab)["name"] for tab in tabs]
    assert [host.user()["nickname"]] * 2 == names


@pytest.mark.case(39, 45, 46)
@ORDERS
def test_both_reach_their_own_service(host, two_tabs, order, service):
    """Two sign-ins of one service: each answer has its own state, and its own code."""
    user, tabs, agree = two_tabs
    for tab in tabs:
        user.open(f"{service.url}/oidc", tab=tab)
    for number in order:
        agree(tabs[number])
        user.arrive(f"{service.url}/signed_in", tabs[number])

    names = [user.told(tab)["name"] for tab in tabs]
    one, other = service.answers[-2:]
    assert [host.user()["nickname"]] * 2 == names
    assert one["state"] != other["state"]
    assert one["code"] != other["code"]
