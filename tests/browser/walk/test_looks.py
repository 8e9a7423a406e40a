"""Every page of the walk, on a phone and at a desk, by day and by night."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.walk.test_in_wechat import IN_A_MINI_PROGRAM, IN_WECOM, ON_A_PHONE

WIDTHS = {"phone": 360, "desk": 1280}
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

    def one(person):
        assert [0, ground] == person.tab.evaluate(MEASURE), person.tab.url

    return one


def test_the_way_by_qr_code(meet, service, looks, check):
    """From the service's sign-in over WeChat's bad minute to the last word."""
    desk = meet(**looks)
    desk.open(f"{service.url}/oidc")
    desk.on_the_phone("scan")
    desk.in_frame("[data-state=scanned]").wait_for()
    check(desk)
    desk.host.misbehave(path="/sns/oauth2/access_token", status=500)
    desk.on_the_phone("confirm")
    expect(desk.tab.get_by_role("link", name="Start again")).to_be_visible()
    check(desk)
    desk.tab.get_by_role("link", name="Start again").click()
    desk.on_the_phone("confirm")
    desk.arrive(f"{service.url}/signed_in")
    desk.open(f"/oidc/logout?client_id={service.client['client_id']}")
    check(desk)
    desk.tab.get_by_role("button", name="Sign out").click()
    expect(desk.tab.get_by_role("heading")).to_have_text("You are signed out.")
    check(desk)


def test_where_it_cannot_be_done(meet, service, looks, check):
    """The address of a service's sign-in is long and has no blanks."""
    for agent in (IN_WECOM, IN_A_MINI_PROGRAM, ON_A_PHONE):
        person = meet(**looks, user_agent=agent)
        person.open(f"{service.url}/oidc")
        check(person)
        for summary in person.tab.locator("summary").all():
            summary.click()
        check(person)


def test_what_is_not_there(meet, looks, check):
    """A page of ours with a way on, whatever was asked for."""
    desk = meet(**looks)
    for path in ("/nowhere", "/oidc/authorize", "/login/me"):
        answer = desk.open(path)
        check(desk)

        assert answer.status in (400, 401, 404)
        assert desk.tab.get_by_role("link").count()
