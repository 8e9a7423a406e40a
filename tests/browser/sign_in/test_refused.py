"""Failed sign-ins (refused, expired, WeChat down): a page offers a new sign-in."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.sign_in.user import IN_WECHAT

EXCHANGE = "/sns/oauth2/access_token"


def start_again(user):
    user.tab.get_by_role("link", name="Start again").click()


@pytest.fixture
def desktop(new_user):
    return new_user()


@pytest.fixture
def phone(new_user):
    return new_user(**IN_WECHAT)


class TestBySomebody:
    @pytest.mark.case(40)
    def test_on_the_sheet(self, phone):
        """The page says so, and asks once more if one likes."""
        phone.open("/login?next=/login/me")
        phone.refuse()
        sentence = phone.sentence.inner_text()
        refused = phone.is_signed_in()
        start_again(phone)
        phone.agree()
        phone.arrive("/login/me")

        assert ("Sign-in was cancelled in WeChat.", False) == (sentence, refused)

    @pytest.mark.case(30, 40, 96)
    def test_a_service_by_openid_connect_is_told(self, phone, service):
        """In its own words, with its state; no page of ours stands in between."""
        phone.open(f"{service.url}/oidc")
        phone.refuse()
        phone.arrive(f"{service.url}/signed_in")
        answer = service.answers[-1]

        assert {"error", "error_description", "state", "iss"} == answer.keys()
        assert ("access_denied", phone.host.url) == (answer["error"], answer["iss"])

    @pytest.mark.case(40)
    def test_a_service_in_wechats_words_is_told(self, phone, service):
        """As WeChat does: the state, and no code."""
        phone.open(f"{service.url}/oauth2")
        phone.refuse()
        phone.arrive(f"{service.url}/signed_in")

        assert {"state"} == service.answers[-1].keys()

    def test_on_the_phone(self, desktop):
        """WeChat's page says so; the same code may be scanned again."""
        desktop.open("/login?next=/login/me")
        desktop.on_the_phone("refuse")
        expect(desktop.in_frame("[data-state=refused]")).to_be_visible()
        desktop.on_the_phone("confirm")
        desktop.arrive("/login/me")

        assert desktop.is_signed_in()

    @pytest.mark.case(40)
    def test_on_the_phone_where_wechat_sends_one_back(self, desktop):
        """Some apps are told of it: then the page is ours, with a new code behind."""
        website = desktop.host.app("website")["appid"]
        change = {"appid": website, "refusal": "redirect"}
        desktop.host.sandbox("POST", "/_sandbox/apps", change)
        desktop.open("/login?next=/login/me")
        desktop.on_the_phone("refuse")
        start_again(desktop)
        desktop.on_the_phone("confirm")
        desktop.arrive("/login/me")

        assert desktop.is_signed_in()


class TestByTime:
    def test_a_code_in_its_own_page_is_renewed(self, desktop):
        """WeChat's page has a button for it, and the new code signs in."""
        desktop.open("/login?next=/login/me")
        desktop.tab.get_by_role("link", name="Open the QR code in its own page").click()
        desktop.qr()
        desktop.host.sandbox("POST", "/_sandbox/clock", {"advance": 301})
        desktop.tab.get_by_role("link", name="Reload").click()
        desktop.on_the_phone("confirm")
        desktop.arrive("/login/me")

        assert desktop.is_signed_in()

    @pytest.mark.case(36)
    def test_a_page_that_stood_open_for_long(self, desktop):
        """Ten minutes later the code still shows, and leads to a page that leads on."""
        desktop.open("/login?next=/login/me")
        desktop.qr()
        desktop.host.remove_keys("gateway:flow:*")
        desktop.on_the_phone("confirm")
        start_again(desktop)
        desktop.on_the_phone("confirm")
        desktop.arrive("/login/me")

        assert desktop.is_signed_in()

    @pytest.mark.case(36)
    @pytest.mark.bug(10)
    @pytest.mark.parametrize("way", ["oidc", "qrconnect"])
    def test_a_services_page_that_stood_open_for_long(self, desktop, service, way):
        """The link leads to the service, where a new sign-in succeeds."""
        desktop.open(f"{service.url}/{way}")
        desktop.qr()
        desktop.host.remove_keys("gateway:flow:*")
        desktop.on_the_phone("confirm")
        desktop.tab.get_by_role("link", name="Go to Bookshop").click()
        desktop.arrive(f"{service.url}/")
        last_url = desktop.tab.url
        desktop.open(f"{service.url}/{way}")
        desktop.on_the_phone("confirm")
        desktop.arrive(f"{service.url}/signed_in")

        assert f"{service.url}/" == last_url
        assert {"code", "state"} <= service.answers[-1].keys()

    @pytest.mark.case(52)
    def test_wechats_code_came_too_late(self, phone):
        """The user is asked once more by itself, and that is that."""
        phone.host.add_fault(path=EXCHANGE, errcode=40029)
        phone.open("/login?next=/login/me")
        phone.agree()
        phone.agree()
        phone.arrive("/login/me")

        assert phone.is_signed_in()

    @pytest.mark.case(52)
    def test_wechats_code_is_never_good(self, phone):
        """Not for ever: the second time the user decides."""
        phone.host.add_fault(path=EXCHANGE, errcode=40163, times=2)
        phone.open("/login?next=/login/me")
        phone.agree()
        phone.agree()
        start_again(phone)
        phone.agree()
        phone.arrive("/login/me")

        assert phone.is_signed_in()


@pytest.mark.case(53)
class TestByWeChat:
    @pytest.mark.parametrize(
        "fault",
        [{"status": 500}, {"drop": True}, {"delay_ms": 2500}, {"body": "<html>"}],
        ids=lambda fault: next(iter(fault)),
    )
    def test_it_is_down(self, desktop, fault):
        """It says whose fault it is, and when WeChat is back, one starts again."""
        desktop.host.add_fault(path=EXCHANGE, **fault)
        desktop.open("/login?next=/login/me")
        desktop.on_the_phone("confirm")
        expect(desktop.sentence).to_contain_text("WeChat did not answer")
        refused = desktop.is_signed_in()
        start_again(desktop)
        desktop.on_the_phone("confirm")
        desktop.arrive("/login/me")

        assert not refused
        assert desktop.is_signed_in()

    def test_a_reload_is_enough(self, phone):
        """Where WeChat has not seen the code yet, it is as good as before."""
        phone.host.add_fault(path=EXCHANGE, status=500)
        phone.open("/login?next=/login/me")
        phone.agree()
        expect(phone.sentence).to_contain_text("WeChat did not")
        phone.tab.reload()

        assert phone.tab.url.startswith(f"{phone.host.url}/login/me")

    def test_a_service_gets_its_user_all_the_same(self, desktop, service):
        """Starting again is the service's own sign-in, with its own state."""
        desktop.host.add_fault(path=EXCHANGE, status=500)
        desktop.open(f"{service.url}/oidc")
        desktop.on_the_phone("confirm")
        expect(desktop.tab.get_by_role("link", name="Start again")).to_be_visible()
        start_again(desktop)
        desktop.on_the_phone("confirm")
        desktop.arrive(f"{service.url}/signed_in")

        assert desktop.host.user()["nickname"] == desktop.told()["name"]
