"""Pages of a sign-in, on a phone and a desktop, in light and dark colours."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.sign_in.test_in_wechat import IN_A_MINI_PROGRAM, IN_WECOM, ON_A_PHONE

WIDTHS = {"phone": 360, "desktop": 1280}
MEASURE = """() => [
  document.documentElement.scrollWidth - innerWidth,
  getComputedStyle(document.body).backgroundColor,
]"""


@pytest.fixture(params=["light", "dark"])
def scheme(request):
    return request.param


@pytest.fixture(params=WIDTHS)
def looks(request, scheme):
    width = WIDTHS[request.param]
    return {"viewport": {"width": width, "height": 740}, "color_scheme": scheme}


@pytest.fixture
def check(scheme):
    """Hold that the page in the tab is no wider than the tab, and of its scheme."""
    ground = {"light": "rgb(244, 245, 246)", "dark": "rgb(17, 20, 22)"}[scheme]

    def one(user):
        assert [0, ground] == user.tab.evaluate(MEASURE), user.tab.url

    return one


def test_the_sign_in_by_qr_code(new_user, service, looks, check):
    """From the service's sign-in over WeChat's bad minute to the last word."""
    desktop = new_user(**looks)
    desktop.open(f"{service.url}/oidc")
    desktop.on_the_phone("scan")
    desktop.in_frame("[data-state=scanned]").wait_for()
    check(desktop)
    desktop.host.add_fault(path="/sns/oauth2/access_token", status=500)
    desktop.on_the_phone("confirm")
    expect(desktop.tab.get_by_role("link", name="Start again")).to_be_visible()
    check(desktop)
    desktop.tab.get_by_role("link", name="Start again").click()
    desktop.on_the_phone("confirm")
    desktop.arrive(f"{service.url}/signed_in")
    desktop.open(f"/oidc/logout?client_id={service.client['client_id']}")
    check(desktop)
    desktop.tab.get_by_role("button", name="Sign out").click()
    expect(desktop.tab.get_by_role("heading")).to_have_text("You are signed out.")
    check(desktop)


def test_where_it_cannot_be_done(new_user, service, looks, check):
    """The address of a service's sign-in is long and has no blanks."""
    for agent in (IN_WECOM, IN_A_MINI_PROGRAM, ON_A_PHONE):
        user = new_user(**looks, user_agent=agent)
        user.open(f"{service.url}/oidc")
        check(user)
        for summary in user.tab.locator("summary").all():
            summary.click()
        check(user)


def test_what_is_not_there(new_user, looks, check):
    """A page of ours with a link, for every request."""
    desktop = new_user(**looks)
    for path in ("/login/nowhere", "/oidc/authorize", "/login/me"):
        answer = desktop.open(path)
        check(desktop)

        assert answer.status in (400, 401, 404)
        assert desktop.tab.get_by_role("link").count()
