"""A product behind Apache, whose preset admits a company's members, unmodified."""

from __future__ import annotations

import pytest

from tests.browser.sign_in.user import IN_WECHAT, ON_DESKTOP
from tests.clients.catalogue import CLIENTS

APACHE = next(each for each in CLIENTS if each.source == "Debian")
IN_WECOM = {**IN_WECHAT, "user_agent": IN_WECHAT["user_agent"] + " wxwork/4.1.20"}


@pytest.mark.parametrize("looks", [IN_WECOM, ON_DESKTOP], ids=["client", "computer"])
def test_a_member_is_admitted_without_an_operator(host, start, new_user, looks):
    """By the preset as it is: nobody has entered the user, whom WeCom knows."""
    service = start(APACHE, kinds=("wecom",))
    user = new_user(**looks)
    with service.log_on_failure(user):
        user.open(f"{service.url}/me")
        if looks is ON_DESKTOP:
            user.tab.get_by_role("link", name="Continue with WeCom").click()
            user.tab.get_by_role("button", name="Sign in with one click").click()
        user.arrive(f"{service.url}/me")
        told = user.told()
    corpid = host.app("wecom")["corpid"]

    assert told["sub"] == f"{corpid}:{host.user()['userid'][corpid].lower()}"
    assert told["name"] == host.user()["nickname"]
