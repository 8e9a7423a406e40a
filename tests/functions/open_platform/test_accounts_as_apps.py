"""An authorised account is an app like any other: calls, scopes and sign-in."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from functions.refresh.index import refresh
from runtime.entry.dialects import wechat_dialect
from runtime.errors import GatewayError
from runtime.operations.verbs import operation, perform
from runtime.registry.authorizers import UNAUTHORIZED, Authorizer
from runtime.registry.client_secrets import hash_secret
from tests.support.client_sign_in import BACK
from tests.support.handles import login, oauth_callback, oidc, wechat_api
from tests.support.scripted_wechat import CLIENT_SECRET, IN_WECHAT, ask, cookie, header

MENU = "/cgi-bin/menu/get"
SNS = "/sns/oauth2/component"
WECHAT = {"User-Agent": "MicroMessenger/8.0.50"}


@pytest.fixture
def gateway(component):
    return component.gateway


@pytest.fixture
def client(gateway, component):
    """Write the client's document with these scopes; by default all accounts."""

    def write(scopes=None, **more):
        scopes = scopes or {f"{component.appid}-*": ["/cgi-bin/*", "/wxa/*"]}
        content = {
            "name": "Demo",
            "scopes": scopes,
            "secret_hashes": [hash_secret(CLIENT_SECRET)],
            "redirect_uris": [BACK],
            **more,
        }
        after = gateway.documents.version("clients", "demo")
        gateway.documents.write("clients", "demo", content, after=after)

    write()
    return write


def answered(request, gateway, handle=wechat_api):
    """Return the JSON of an answer, or of an error as WeChat writes it."""
    try:
        response = handle(request, gateway)
    except GatewayError as error:
        response = wechat_dialect(request, error, https=True)
    return json.loads(response.body)


def get(gateway, path, **query):
    return answered(ask(path=path, query=urlencode(query)), gateway)


def token_for(gateway, appid, secret=CLIENT_SECRET):
    query = {"grant_type": "client_credential", "appid": appid, "secret": secret}
    return get(gateway, "/cgi-bin/token", **query)


def call(gateway, appid, path=MENU):
    token = token_for(gateway, appid)["access_token"]
    return get(gateway, path, access_token=token)


def change_state(component, **fields):
    """Change the account's authorisation, as an event would."""

    def change(found):
        kept = {name: getattr(found, name) for name in found.__slots__}
        return type(found)(**{**kept, **fields})

    component.gateway.authorizers.change(component.appid, component.merchant, change)


class TestCalls:
    @pytest.mark.usefixtures("client")
    def test_a_call_for_an_account(self, gateway, component):
        """By WeChat's own paths and by the gateway's; WeChat sees the real token."""
        component.authorize()

        assert call(gateway, component.merchant)["errcode"] == 46003
        path = f"/{component.merchant}/cgi-bin/menu/get"
        token = token_for(gateway, component.merchant)["access_token"]
        assert get(gateway, path, access_token=token)["errcode"] == 46003

    def test_a_token_that_was_replaced_elsewhere(self, gateway, component, client):
        """After 40001, as after updateauthorized, the call is repeated once."""
        component.authorize()
        assert call(gateway, component.merchant)["errcode"] == 46003
        component.act(
            "update", authorizer=component.merchant, func_info=[1, 15], deadline=0.2
        )

        assert call(gateway, component.merchant)["errcode"] == 46003
        menus = [each["errcode"] for each in component.asked(MENU)]
        assert menus == [46003, 40001, 46003]

    def test_an_account_that_withdraws(self, gateway, component, client):
        """Its calls end at once with 61003; the client is not told 40013."""
        component.authorize()
        token = token_for(gateway, component.merchant)["access_token"]
        change_state(component, state=UNAUTHORIZED)
        asked = len(component.sandbox.journal())
        for path in (MENU, "/cgi-bin/ticket/getticket"):
            query = {"access_token": token, "type": "jsapi"}
            assert get(gateway, path, **query)["errcode"] == 61003

        assert "access_token" in token_for(gateway, component.merchant)
        assert len(component.sandbox.journal()) == asked

    @pytest.mark.usefixtures("client")
    def test_the_round_of_refresh(self, gateway, component, redis_server):
        """It replaces an account's token ahead of time, and the component's.

        A full pass, after the index was lost, finds both by the documents' ids.
        """
        component.authorize()
        call(gateway, component.merchant)
        redis = redis_server.client()
        for key in redis.keys("gateway:credential:{*access_token:*}"):
            redis.hset(key, "due_at", 1)

        assert refresh(gateway)["fetched"] == 2
        assert len(component.asked("/cgi-bin/component/api_authorizer_token")) == 2
        redis.delete("gateway:credentials:{due}")
        redis.close()
        assert refresh(gateway) == {"fresh": 2}


class TestScopes:
    @pytest.mark.usefixtures("client")
    @pytest.mark.case(175)
    def test_a_stranger_learns_of_no_account(self, gateway, component, monkeypatch):
        """Without the client's secret every account is an unknown appid.

        Nor is one looked for: a flood of appids costs the store nothing.
        """
        component.authorize()
        looked_for = []
        monkeypatch.setattr(
            gateway.registry, "authorizer", lambda *names: looked_for.append(names)
        )
        for secret in ("", "demo_" + "2" * 32, "nobody_" + "1" * 32):
            for appid in (component.merchant, "wx00000000000000ff"):
                found = token_for(gateway, appid, secret)
                assert found["errcode"] == 40013
                query = {"appid": appid, "secret": secret, "js_code": "x"}
                found = get(gateway, "/sns/jscode2session", **query)
                assert found["errcode"] == 40013
        assert looked_for == []

    @pytest.mark.case(176)
    def test_of_all_accounts(self, gateway, component, client):
        """`{component}-*` covers a path for each; never the real token."""
        component.authorize()
        component.authorize(component.program, kind="miniprogram")
        client({f"{component.appid}-*": ["/cgi-bin/menu/*", "token:read"]})
        for appid in (component.merchant, component.program):
            assert call(gateway, appid, "/cgi-bin/user/get")["errcode"] == 48001
            token = token_for(gateway, appid)["access_token"]
            path = f"/{appid}/access_token"
            assert get(gateway, path, access_token=token)["errcode"] == 48001

        assert call(gateway, component.merchant)["errcode"] == 46003

    def test_an_exact_appid_wins(self, gateway, component, client):
        """It may have fewer scopes, or the real token."""
        component.authorize()
        every = {f"{component.appid}-*": ["/cgi-bin/*"]}
        client({**every, component.merchant: ["/cgi-bin/user/*", "token:read"]})

        assert call(gateway, component.merchant)["errcode"] == 48001
        token = token_for(gateway, component.merchant)["access_token"]
        path = f"/{component.merchant}/access_token"
        assert "expires_in" in get(gateway, path, access_token=token)

    @pytest.mark.case(176)
    def test_of_another_component(self, gateway, component, client):
        """It is none of this client's, and an unknown appid."""
        component.authorize()
        client({"wx00000000000000c9-*": ["/cgi-bin/*"]})

        assert token_for(gateway, component.merchant)["errcode"] == 40013


class TestPagesAndTickets:
    def test_signing_a_page(self, gateway, component, client):
        """By the account's ticket, for the hosts that the component's defaults name."""
        component.enter(authorized_defaults={"js_domains": ["shop.example.com"]})
        component.authorize()
        client({f"{component.appid}-*": ["/jssdk_config", "/cgi-bin/*"]})
        token = token_for(gateway, component.merchant)["access_token"]
        path = f"/{component.merchant}/jssdk_config"
        query = {"access_token": token, "url": "https://shop.example.com/"}
        signed = get(gateway, path, **query)
        other = get(gateway, path, **{**query, "url": "https://other.example.com/"})
        ticket = get(
            gateway, "/cgi-bin/ticket/getticket", access_token=token, type="jsapi"
        )

        assert signed["appId"] == component.merchant
        assert other["errcode"] == 40097
        assert ticket["errcode"] == 0

    def test_which_of_two_components_acts(self, gateway, component):
        """The newer authorisation that opens the path; else the newer one."""
        other = "wx00000000000000c2"
        content = {"kind": "component", "secret": "0" * 32}
        gateway.documents.write("apps", other, content, after=0)
        component.authorize(sets=(15,))
        newer = Authorizer(
            other,
            component.merchant,
            "service",
            refresh_token="refreshtoken@@@2",
            permission_sets=(2,),
            authorized_at=2**33,
        )
        gateway.authorizers.change(other, component.merchant, lambda _: newer)
        app = gateway.registry.app(component.merchant)

        def acting(path):
            return gateway.calls.real_token_source(app, path).authorizer.component

        assert acting("/cgi-bin/menu/get") == component.appid
        assert acting("/cgi-bin/user/get") == acting("/cgi-bin/material/x") == other
        assert acting("/cgi-bin/get_api_domain_ip") == other
        answer = gateway.calls.send(app, "GET", MENU)
        assert answer.errcode == 46003
        assert component.asked(MENU)[-1]["errcode"] == 46003


class TestWhichToken:
    """The path decides, by a table, which of the two tokens is put in."""

    @pytest.fixture
    def both(self, component, client):
        component.authorize()
        wide = ["/cgi-bin/*", "/wxa/*"]
        client({f"{component.appid}-*": wide, component.appid: wide})

    def posted(self, gateway, path, name, token, **content):
        request = ask(
            "POST",
            path,
            urlencode({name: token}),
            body=json.dumps(content).encode(),
        )
        return answered(request, gateway)

    @pytest.mark.usefixtures("both")
    @pytest.mark.parametrize("name", ["access_token", "component_access_token"])
    def test_the_components_own_paths(self, gateway, component, name):
        """With its token under either name, for a caller with one of the two tokens."""
        content = {"component_appid": component.appid}
        content["authorizer_appid"] = component.merchant
        content["option_name"] = "voice_recognize"
        for appid in (component.appid, component.merchant):
            token = token_for(gateway, appid)["access_token"]
            path = "/cgi-bin/component/get_authorizer_option"
            found = self.posted(gateway, path, name, token, **content)
            assert found["option_value"] == "0"

    @pytest.mark.usefixtures("both")
    @pytest.mark.parametrize(
        "path", ["/wxa/gettemplatelist", "/cgi-bin/component/fastregisterweapp"]
    )
    @pytest.mark.case(176)
    def test_the_components_token_for_an_accounts_caller(
        self, gateway, component, client, path
    ):
        """The sandbox tells whose token it saw; both scopes are needed."""
        token = token_for(gateway, component.merchant)["access_token"]
        self.posted(gateway, path, "access_token", token)
        assert component.asked(path)[-1]["appid"] == component.appid
        client()
        count = len(component.asked(path))
        refused = self.posted(gateway, path, "access_token", token)

        assert refused["errcode"] == 61014
        assert len(component.asked(path)) == count

    @pytest.mark.usefixtures("both")
    def test_everything_else_takes_the_accounts_token(self, gateway, component):
        """Code management, and what the gateway does not know."""
        call(gateway, component.merchant, "/wxa/get_category")

        assert component.asked("/wxa/get_category")[-1]["appid"] == component.merchant

    @pytest.mark.usefixtures("both")
    @pytest.mark.parametrize(
        "name",
        [
            *("api_component_token", "api_query_auth", "api_authorizer_token"),
            *("api_create_preauthcode", "api_get_authorizer_info"),
            *("api_get_authorizer_list", "api_start_push_ticket", "clear_quota/v2"),
            "API_Get_Authorizer_List",
        ],
    )
    @pytest.mark.case(177)
    def test_the_platforms_secrets_are_never_forwarded(self, gateway, component, name):
        """Neither a refresh token, nor a code, nor the component's secret passes."""
        count = len(component.sandbox.journal())
        token = token_for(gateway, component.appid)["access_token"]
        path = f"/cgi-bin/component/{name}"
        found = self.posted(gateway, path, "component_access_token", token)

        assert found["errcode"] != 0
        seen = component.sandbox.journal()[count:]
        assert [each for each in seen if each["path"] == path] == []


class TestSignIn:
    @pytest.fixture
    def willing(self, component, client):
        """The platform's links lead back to the gateway's own host."""
        component.authorize()
        host = "gateway.example.com"
        appid = component.appid
        component.sandbox.control("apps", appid=appid, callback_domain=host)
        return component

    def signed_in(self, gateway, component, location):
        """Follow the link to the platform, agree there, and come back."""
        link = urlsplit(location)
        query = dict(parse_qsl(link.query))
        assert query["component_appid"] == component.appid
        assert list(query)[-1] == "component_appid"
        headers = {**WECHAT, "Content-Type": "application/x-www-form-urlencoded"}
        agreed = component.sandbox.post(
            link.path, b"answer=allow", query=link.query, headers=headers
        )
        assert agreed.status == 302, agreed.text
        return urlsplit(agreed.headers["Location"])

    def test_in_wechats_protocol(self, gateway, willing):
        """A link with the account's appid, and the component's path for the code."""
        merchant = willing.merchant
        query = {
            "appid": merchant,
            "redirect_uri": BACK,
            "response_type": "code",
            "scope": "snsapi_userinfo",
            "state": "s-1",
            "component_appid": willing.appid,
        }
        begun = login(
            ask(
                path="/connect/oauth2/authorize",
                query=urlencode(query),
                headers=IN_WECHAT,
            ),
            gateway,
        )
        back = self.signed_in(gateway, willing, header(begun, "Location"))
        path = back.path.removeprefix("/oauth_callback")
        done = oauth_callback(
            ask(path=path, query=back.query, cookies=cookie(begun), headers=IN_WECHAT),
            gateway,
        )
        code = dict(parse_qsl(urlsplit(header(done, "Location")).query))["code"]
        openid = willing.sandbox.user()["openid"][merchant]
        scopes = {f"{willing.appid}-*": ["/cgi-bin/*"], willing.appid: []}
        content = gateway.documents.read("clients", "demo").content
        gateway.documents.write(
            "clients", "demo", {**content, "scopes": scopes}, after=1
        )
        named = {
            "appid": merchant,
            "component_appid": willing.appid,
            "component_access_token": token_for(gateway, willing.appid)["access_token"],
        }
        fields = {"grant_type": "authorization_code", "code": code}
        tokens = get(gateway, f"{SNS}/access_token", **named, **fields)
        assert tokens["openid"] == openid
        renewed = get(
            gateway,
            f"{SNS}/refresh_token",
            grant_type="refresh_token",
            refresh_token=tokens["refresh_token"],
            **named,
        )

        assert renewed["openid"] == openid
        shown = get(
            gateway,
            "/sns/userinfo",
            access_token=renewed["access_token"],
            openid=openid,
        )
        assert shown["openid"] == openid
        assert len(willing.asked("/sns/oauth2/component/access_token")) == 1
        assert willing.asked("/sns/oauth2/access_token") == []

    def test_by_openid_connect(self, gateway, willing, client):
        """The client names the account in its scopes, and nothing else is special."""
        client({willing.merchant: []}, pkce="optional")
        query = {
            "client_id": "demo",
            "redirect_uri": BACK,
            "response_type": "code",
            "scope": "openid",
            "state": "s-1",
            "nonce": "n-1",
        }
        begun = oidc(
            ask(path="/authorize", query=urlencode(query), headers=IN_WECHAT), gateway
        )
        back = self.signed_in(gateway, willing, header(begun, "Location"))
        path = back.path.removeprefix("/oauth_callback")
        done = oauth_callback(
            ask(path=path, query=back.query, cookies=cookie(begun), headers=IN_WECHAT),
            gateway,
        )

        assert header(done, "Location").startswith(f"{BACK}?code=")

    @pytest.mark.parametrize(
        ("changes", "errcode"),
        [
            ({"component_appid": None}, 41018),
            ({"component_access_token": None}, 41021),
            ({"component_access_token": "x"}, 40001),
            ({"component_appid": "wx00000000000000c9"}, 40094),
            ({"appid": None}, 41002),
            ({"appid": "wx00000000000000ff"}, 61003),
            ({"js_code": None}, 41008),
            ({"grant_type": None}, 40002),
            ({}, 0),
        ],
    )
    def test_of_a_mini_program(self, gateway, component, client, changes, errcode):
        """With the component's token in place of a secret; errors in WeChat's order."""
        component.authorize(component.program, kind="miniprogram")
        client({f"{component.appid}-*": [], component.appid: []})
        code = component.sandbox.control("js_code", appid=component.program)["code"]
        query = {
            "appid": component.program,
            "js_code": code,
            "grant_type": "authorization_code",
            "component_appid": component.appid,
            "component_access_token": token_for(gateway, component.appid)[
                "access_token"
            ],
            **changes,
        }
        sent = {name: value for name, value in query.items() if value is not None}
        found = get(gateway, "/sns/component/jscode2session", **sent)

        assert found.get("errcode", 0) == errcode
        openid = component.sandbox.user()["openid"][component.program]
        assert found.get("openid") == (None if errcode else openid)

    @pytest.mark.parametrize("name", ["component/jscode2session", "oauth2/component/x"])
    def test_by_another_component_than_the_accounts(
        self, gateway, component, client, name
    ):
        """61003, as for an account that has withdrawn."""
        other = "wx00000000000000c2"
        content = {"kind": "component", "secret": "0" * 32}
        gateway.documents.write("apps", other, content, after=0)
        component.authorize()
        client({f"{component.appid}-*": [], component.appid: [], other: []})
        path = f"/sns/{name.replace('/x', '/access_token')}"
        for named, state in ((other, "authorized"), (component.appid, UNAUTHORIZED)):
            change_state(component, state=state)
            query = {
                "appid": component.merchant,
                "component_appid": named,
                "component_access_token": token_for(gateway, named)["access_token"],
            }
            assert get(gateway, path, **query)["errcode"] == 61003

    def test_of_an_account_that_has_withdrawn(self, gateway, component, client):
        """No link leads to the platform, and no code is asked for."""
        component.authorize()
        client({component.merchant: []})
        change_state(component, state=UNAUTHORIZED)
        query = {
            "appid": component.merchant,
            "redirect_uri": BACK,
            "response_type": "code",
            "scope": "snsapi_base",
            "state": "s-1",
        }
        request = ask(
            path="/connect/oauth2/authorize",
            query=urlencode(query),
            headers=IN_WECHAT,
        )
        with pytest.raises(GatewayError) as caught:
            login(request, gateway)
        assert caught.value.code == "sign_in_not_configured"


class TestOperators:
    def test_the_tokens_of_an_account(self, gateway, component, client):
        """`token show` and `token refresh` know the chain."""
        component.authorize()
        call(gateway, component.merchant)

        def names(verb, appid, **more):
            run = operation("token", verb).run
            found = perform(run, gateway, {"appid": appid, **more})
            return [each["name"].partition(":")[0] for each in found["tokens"]]

        assert names("show", component.merchant) == ["authorizer_access_token"]
        assert names("show", component.appid) == ["component_access_token"]
        forced = {"force": True, "only": "access_token"}
        assert names("refresh", component.merchant, **forced) == [
            "authorizer_access_token"
        ]
        assert len(component.asked("/cgi-bin/component/api_authorizer_token")) == 2
