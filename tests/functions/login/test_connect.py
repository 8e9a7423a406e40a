"""/connect: a client that speaks WeChat's dialect sends its browsers here."""

from __future__ import annotations

import re

import pytest

from runtime.errors import (
    BadRequest,
    ClientDisabled,
    FlowExpired,
    RedirectUriUnknown,
    SignInNotConfigured,
)
from tests.support.client_sign_in import BACK, Visit, exchanged, query_of, willing
from tests.support.handles import login, oauth_callback
from tests.support.refusal import refusal
from tests.support.scripted_wechat import HTML, SERVICE, WEBSITE, change, header, load

EVIL = "https://evil.example.com/"
ROUTE = "https://app.example.com/shop?a=1#/cb?b=2"
"""A hash route of a single-page app, with queries on both sides of the hash."""


@pytest.fixture
def visit(gateway):
    uris = [BACK, BACK + "?a=1&b=%20", ROUTE]
    change(gateway, "clients", "demo", redirect_uris=uris)
    return Visit(gateway)


def refused(visit, **changes):
    kinds = (RedirectUriUnknown, BadRequest, SignInNotConfigured, ClientDisabled)
    with pytest.raises(kinds) as caught:
        visit.connect(**changes)
    return caught.type


class TestRedirectToWeChat:
    @pytest.mark.case(46, 63)
    def test_wechat_gets_our_own_state(self, visit):
        """WeChat does not see the client's state; the query has WeChat's order."""
        location = header(visit.connect(), "Location")

        assert location.startswith("https://open.weixin.qq.com/connect/oauth2/author")
        assert list(query_of(location)) == [
            *("appid", "redirect_uri", "response_type", "scope", "state")
        ]
        assert query_of(location)["state"] != "s-1"
        assert location.endswith("#wechat_redirect")

    @pytest.mark.parametrize("scope", ["snsapi_base", "snsapi_userinfo"])
    def test_the_scope_that_was_asked_for_is_asked_of_wechat(self, visit, scope):
        """A silent sign-in stays silent."""
        location = header(visit.connect(scope=scope), "Location")

        assert query_of(location)["scope"] == scope

    @pytest.mark.case(129)
    @pytest.mark.parametrize("appid", ["demo", SERVICE])
    def test_the_client_is_named_by_its_id_or_by_the_apps(self, visit, appid):
        """With an app's id the redirect_uri identifies the client."""
        location = header(visit.connect(appid=appid), "Location")

        assert query_of(location)["appid"] == SERVICE

    @pytest.mark.case(129, 21, 24)
    @pytest.mark.parametrize(
        "changes",
        [
            {"redirect_uri": EVIL},
            {"redirect_uri": BACK + "/"},
            {"redirect_uri": BACK + "?a=1"},
            {"redirect_uri": BACK + "#x"},
            {"redirect_uri": ROUTE + "&c=3"},
            {"redirect_uri": ROUTE.partition("#")[0]},
            {"redirect_uri": BACK.upper()},
            {"redirect_uri": BACK.replace("com/", "com:443/")},
            {"redirect_uri": BACK.replace("signed", "%73igned")},
            {"redirect_uri": None},
            {"redirect_uri": ""},
            {"appid": ""},
            {"appid": "stranger"},
            {"appid": "../apps/demo"},
            {"appid": None},
            {"appid": "wx" + "0" * 16},
        ],
    )
    def test_an_address_that_nobody_registered_is_a_page(self, visit, changes):
        """URLs are compared exactly; an unknown one gets no redirect at all."""
        assert refused(visit, **changes) is RedirectUriUnknown

    @pytest.mark.parametrize("appid", ["stranger", "", SERVICE[:-1], f"{SERVICE}0"])
    def test_who_names_no_app_lists_no_clients(self, visit, gateway, appid):
        """Otherwise any stranger could make the store list all versions."""
        listings, listing = [], gateway.documents.listing

        def counted(kind, **more):
            listings.append(kind)
            return listing(kind, **more)

        gateway.documents.listing = counted
        refused(visit, appid=appid)

        assert [] == listings
        visit.connect(appid=SERVICE)
        assert ["clients"] == listings

    def test_two_clients_with_one_address_have_to_use_their_ids(self, visit, gateway):
        """With the app's id they would be ambiguous."""
        content = gateway.documents.read("clients", "demo").content
        gateway.documents.write("clients", "other", content, after=0)

        assert refused(visit, appid=SERVICE) is RedirectUriUnknown
        assert visit.connect(appid="other").status == 303

    def test_a_public_client_is_unknown_here(self, visit, gateway):
        """It has no secret to redeem a code, and makes no other client ambiguous."""
        content = gateway.documents.read("clients", "demo").content
        program = {**content, "public": True, "secret_hashes": []}
        gateway.documents.write("clients", "program", program, after=0)

        assert refused(visit, appid="program") is RedirectUriUnknown
        assert visit.connect(appid=SERVICE).status == 303

    @pytest.mark.case(126)
    def test_a_disabled_client_is_called_so(self, visit, gateway):
        """By its id and by its redirect URI; not to who knows neither."""
        change(gateway, "clients", "demo", disabled=True)

        assert refused(visit) is refused(visit, appid=SERVICE) is ClientDisabled
        elsewhere = {"redirect_uri": "https://x.example/"}
        assert refused(visit, appid=SERVICE, **elsewhere) is RedirectUriUnknown

    @pytest.mark.parametrize(
        "changes",
        [
            {"scope": "snsapi_login"},
            {"scope": None},
            {"response_type": "token"},
            {"state": "x" * 2501},
            {"state": ""},
            {"scope": ""},
            {"response_type": ""},
        ],
    )
    def test_what_wechat_would_refuse_is_refused(self, visit, changes):
        """WeChat answers by a page, and so does the gateway."""
        assert refused(visit, **changes) is BadRequest

    def test_by_qr_the_website_app_is_used_alone(self, visit):
        """An openid of the service account would be no answer."""
        visit.headers = (("accept", "application/json"),)
        told = load(visit.connect(path="/connect/qrconnect", scope="snsapi_login"))

        assert (told["qr"]["appid"], told["wechat"]) == (WEBSITE, None)

    def test_by_qr_an_empty_state_is_accepted(self, visit):
        """And comes back empty, as at WeChat."""
        visit.headers = HTML
        page = visit.connect(
            path="/connect/qrconnect", scope="snsapi_login", state=""
        ).body.decode()
        state = re.search(r"[?&;]state=([0-9a-f]{32})", page)[1]
        back = visit.get(oauth_callback, f"/{WEBSITE}", f"state={state}")

        assert header(back, "Location") == BACK + "?state="

    def test_an_app_of_the_other_kind_is_refused(self, visit):
        """As WeChat refuses a website app at the consent sheet."""
        assert refused(visit, appid=WEBSITE) is SignInNotConfigured

    @pytest.mark.case(62)
    def test_outside_wechat_the_page_leads_into_it(self, visit):
        """The page shows the client's URL, at which the user starts again."""
        visit.headers = (*HTML, ("user-agent", "Mozilla/5.0 (Linux; Android 14)"))
        page = visit.connect().body.decode()

        assert ">https://app.example.com/</textarea>" in page


class TestRedirectToTheClient:
    @pytest.fixture(autouse=True)
    def _wechat(self, wechat):
        willing(wechat)

    @pytest.mark.case(31)
    def test_the_client_gets_a_code_of_ours_and_its_state(self, visit, wechat):
        """The client does not get WeChat's code, and the URL names no user."""
        response = visit.agree(visit.connect())
        location = header(response, "Location")

        told = query_of(location)
        assert location.startswith(BACK + "?code=")
        assert set(told) == {"code", "state"}
        assert (told["state"], len(told["code"])) == ("s-1", 43)
        assert (
            wechat.calls("/sns/oauth2/access_token")[0].arguments["code"]
            != (told["code"])
        )
        assert response.status == 303
        assert header(response, "Referrer-Policy") == "no-referrer"
        assert header(response, "Cache-Control") == "no-store"

    @pytest.mark.case(27)
    def test_an_address_with_a_query_keeps_it(self, visit):
        """The code is appended."""
        response = visit.agree(visit.connect(redirect_uri=BACK + "?a=1&b=%20"))

        assert header(response, "Location").startswith(BACK + "?a=1&b=%20&code=")

    @pytest.mark.parametrize("signed_in", [False, True])
    def test_the_query_goes_before_a_hash_route(self, visit, gateway, signed_in):
        """As WeChat does it, also at once for a user who is signed in."""
        if signed_in:
            visit.agree(visit.connect())
        begun = visit.connect(redirect_uri=ROUTE)
        location = header(begun if signed_in else visit.agree(begun), "Location")
        code = query_of(location)["code"]

        assert location == (
            f"https://app.example.com/shop?a=1&code={code}&state=s-1#/cb?b=2"
        )
        assert exchanged(gateway, code)["openid"] == "o-1"

    def test_by_qr_the_query_goes_before_a_hash_route(self, visit):
        """The answer comes through the website app."""
        visit.headers = HTML
        path, scope = "/connect/qrconnect", "snsapi_login"
        page = visit.connect(path=path, scope=scope, redirect_uri=ROUTE).body.decode()
        state = re.search(r"[?&;]state=([0-9a-f]{32})", page)[1]
        query = f"code=c&state={state}"
        location = header(visit.get(oauth_callback, f"/{WEBSITE}", query), "Location")

        assert location.startswith("https://app.example.com/shop?a=1&code=")
        assert location.endswith("&state=s-1#/cb?b=2")

    def test_a_refusal_leaves_a_hash_route_at_the_end(self, visit):
        """Without a state the URL is the registered one."""
        told, silent = (
            header(visit.agree(begun, code=None), "Location")
            for begun in (
                visit.connect(redirect_uri=ROUTE),
                visit.connect(redirect_uri=ROUTE, state=None),
            )
        )

        assert told == "https://app.example.com/shop?a=1&state=s-1#/cb?b=2"
        assert silent == ROUTE

    @pytest.mark.case(45)
    @pytest.mark.parametrize("state", ["a b&c=d%20é张" * 30, "x" * 512, None])
    def test_the_clients_state_comes_back_as_it_was(self, visit, state):
        """Byte for byte; if there was none, none is added."""
        told = query_of(header(visit.agree(visit.connect(state=state)), "Location"))

        assert told.get("state") == (state or None)

    @pytest.mark.case(40)
    @pytest.mark.parametrize("code", [None, "authdeny"])
    def test_a_refusal_goes_back_without_a_code(self, visit, code):
        """As at WeChat: only the state."""
        response = visit.agree(visit.connect(), code=code)

        assert header(response, "Location") == BACK + "?state=s-1"

    @pytest.mark.case(126)
    def test_a_client_disabled_meanwhile_gets_nothing(self, visit, gateway, wechat):
        """The user sees a page, and no code of WeChat is used."""
        begun = visit.connect()
        change(gateway, "clients", "demo", disabled=True)
        with refusal(ClientDisabled):
            visit.agree(begun)

        assert wechat.seen == []

    @pytest.mark.bug(10)
    @pytest.mark.case(126)
    def test_nor_does_one_that_lost_the_app(self, visit, gateway, wechat):
        """WeChat is not asked by an app that the client may not use any more."""
        begun = visit.connect()
        change(gateway, "clients", "demo", scopes={WEBSITE: []})
        with refusal(SignInNotConfigured):
            visit.agree(begun)

        assert wechat.seen == []

    def test_an_error_leads_back_to_where_it_began(self, visit, gateway, wechat):
        """The page also links to the client's home page."""
        change(gateway, "clients", "demo", home="https://app.example.com/")
        begun = visit.connect()
        visit.cookies = dict.fromkeys(visit.cookies, "0" * 32)
        with refusal(FlowExpired) as caught:
            visit.agree(begun)

        assert caught.links.home == "https://app.example.com/"
        assert caught.links.start_again.startswith("/connect/oauth2/authorize?appid=")
        assert visit.get(login, *caught.links.start_again.split("?", 1)).status == 303

    def test_who_is_signed_in_goes_through_at_once(self, visit, wechat):
        """WeChat is not asked again."""
        visit.agree(visit.connect())
        again = visit.connect()

        assert header(again, "Location").startswith(BACK + "?code=")
        assert len(wechat.calls("/sns/oauth2/access_token")) == 1

    def test_a_silent_session_is_not_enough_for_a_name(self, visit, wechat):
        """A client that asks for userinfo gets a name, or WeChat asks the user."""
        wechat.rescript(
            "/sns/oauth2/access_token",
            {"openid": "o-1", "unionid": "u-1", "scope": "snsapi_base"},
        )
        visit.agree(visit.connect(scope="snsapi_base"))

        silent = header(visit.connect(scope="snsapi_base"), "Location")
        named = header(visit.connect(), "Location")
        assert silent.startswith(BACK)
        assert named.startswith("https://open.weixin.qq.com/")
