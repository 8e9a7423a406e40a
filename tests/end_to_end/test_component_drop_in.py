"""SDKs in component mode: the gateway's values, closed on themselves."""

from __future__ import annotations

import json
import time
from urllib.parse import urlencode

import pytest

from tests.support.component_host import (
    BACK,
    ComponentHost,
    Merchant,
    Relayed,
    query_of,
)
from tests.support.developer_host import DeveloperHost
from tests.support.push_callback import serve_callback

API = "/cgi-bin/component/"


@pytest.fixture(scope="module")
def developer(tmp_path_factory):
    with DeveloperHost(tmp_path_factory.mktemp("drop_in")) as running:
        yield running


@pytest.fixture(scope="module")
def world(developer):
    return ComponentHost(developer)


@pytest.fixture(scope="module")
def callback():
    """The callback of the client, to which all events are relayed."""
    with serve_callback() as served:
        yield served


@pytest.fixture(scope="module")
def relayed(world, callback):
    return Relayed(callback, world.add_route(callback.url))


@pytest.fixture(scope="module")
def ticket(world, relayed):
    """The ticket that came with a push."""
    return relayed.first_ticket(world)


class Sdk:
    """What an SDK in component mode sends, with a client's secret as its own."""

    def __init__(self, world, ticket, registered=None):
        self.world, self.ticket = world, ticket
        self.registered = registered or world.registered
        self.token = ""

    def post(self, name, query=None, **fields):
        """Call an API with the component's appid in the body; return the JSON."""
        body = {"component_appid": self.world.component, **fields}
        body = {name: value for name, value in body.items() if value is not None}
        text = f"?{urlencode(query)}" if query else ""
        answer = self.world.host.http.request(
            "POST", f"{self.world.url}{API}{name}{text}", json=body
        )
        assert answer.status == 200, answer.data
        return json.loads(answer.data)

    def fetch(self, **changes):
        """Fetch a component_access_token; return the answer."""
        fields = {
            "component_appsecret": self.registered["secret"],
            "component_verify_ticket": self.ticket,
            **changes,
        }
        answer = self.post("api_component_token", **fields)
        self.token = answer.get("component_access_token", "")
        return answer

    def ask(self, name, parameter="component_access_token", **fields):
        """Call an API with the component's token."""
        return self.post(name, {parameter: self.token}, **fields)

    def call(self, token, path, **fields):
        """Call an API of an account with its token."""
        url = f"{self.world.url}{path}?{urlencode({'access_token': token})}"
        method = "POST" if fields else "GET"
        sent = {"json": fields} if fields else {}
        return json.loads(self.world.host.http.request(method, url, **sent).data)


@pytest.fixture
def sdk(world, ticket):
    """An SDK that has fetched the component's token."""
    made = Sdk(world, ticket)
    assert made.fetch()["expires_in"] == 7200
    return made


@pytest.fixture
def code(world):
    """A code that came back with a merchant's browser."""
    merchant = Merchant(world)
    back = merchant.get(merchant.authorize(1, 2, 15))
    return query_of(back.headers["Location"])["auth_code"]


def exchange(sdk, code):
    return sdk.ask("api_query_auth", authorization_code=code)


def test_from_ticket_to_a_call(world, sdk, code):
    """Exchange, renew, and call for the account, without a value of WeChat's."""
    info = exchange(sdk, code)["authorization_info"]
    renewed = sdk.ask(
        "api_authorizer_token",
        authorizer_appid=info["authorizer_appid"],
        authorizer_refresh_token=info["authorizer_refresh_token"],
    )
    menu = {"button": [{"type": "click", "name": "青禾", "key": "a"}]}
    made = sdk.call(info["authorizer_access_token"], "/cgi-bin/menu/create", **menu)
    read = sdk.call(renewed["authorizer_access_token"], "/cgi-bin/menu/get")
    real = {each["token_id"] for each in world.host.journal("/cgi-bin/menu/get")}

    assert info["authorizer_appid"] == world.account
    assert [1, 2, 15] == [one["funcscope_category"]["id"] for one in info["func_info"]]
    assert info["expires_in"] == renewed["expires_in"] == 7200
    assert renewed["authorizer_refresh_token"] == info["authorizer_refresh_token"]
    assert made["errcode"] == 0
    assert read["menu"]["button"][0]["name"] == "青禾"
    assert len(real) == 1
    assert [] == world.asked("api_component_token")[1:]


def test_info_list_and_options(world, sdk, code):
    """WeChat's answers, in which the refresh tokens are the client's."""
    info = exchange(sdk, code)["authorization_info"]
    name = {"authorizer_appid": world.account}
    described = sdk.ask("api_get_authorizer_info", **name)
    listed = sdk.ask("api_get_authorizer_list", offset=0, count=100)
    option = {**name, "option_name": "voice_recognize"}
    token = info["authorizer_access_token"]
    changed = sdk.ask("set_authorizer_option", **option, option_value="1")
    old = sdk.ask("api_get_authorizer_option", **option)
    new = sdk.post("get_authorizer_option", {"access_token": token}, **option)
    many = sdk.ask("api_get_authorizer_list", offset=0, count=501)
    ours = info["authorizer_refresh_token"]

    assert described["authorizer_info"]["nick_name"] == "山海茶铺"
    assert described["authorization_info"]["authorizer_refresh_token"] == ours
    assert {"authorizer_appid": world.account, "refresh_token": ours} == {
        key: value for key, value in listed["list"][0].items() if key != "auth_time"
    }
    assert changed["errcode"] == 0
    assert old["option_value"] == new["option_value"] == "1"
    assert many["errcode"] == 40170


def test_no_value_of_wechats_is_answered(world, sdk, code):
    """Nor is one of ours of any use at WeChat."""
    info = exchange(sdk, code)["authorization_info"]
    real = world.host.http.request(
        "POST",
        f"{world.host.sandbox_url}{API}api_get_authorizer_info"
        f"?component_access_token={sdk.token}",
        json={
            "component_appid": world.component,
            "authorizer_appid": world.account,
        },
    )
    answers = [
        info,
        sdk.ask("api_get_authorizer_info", authorizer_appid=world.account),
        sdk.ask("api_get_authorizer_list", offset=0, count=10),
    ]
    renewals = [*_values(answers, "authorizer_refresh_token", "refresh_token")]

    assert json.loads(real.data)["errcode"] == 40001
    assert set(renewals) == {info["authorizer_refresh_token"]}
    assert renewals[0].startswith("refreshtoken@@@1.")


def _values(content, *names):
    if isinstance(content, list):
        for each in content:
            yield from _values(each, *names)
    elif isinstance(content, dict):
        for name, value in content.items():
            yield from [value] if name in names else _values(value, *names)


@pytest.fixture(scope="module")
def other(world):
    """An SDK of another client, with the ticket that came to it."""
    registered = world.add_client("Other")
    with serve_callback() as served:
        client_id = registered["client_id"]
        route = world.add_route(
            served.url, "info_type=component_verify_ticket", client_id=client_id
        )
        made = Sdk(world, Relayed(served, route).first_ticket(world), registered)
    assert made.fetch()["expires_in"] == 7200
    return made


@pytest.mark.case(166)
def test_a_code_works_once_and_for_its_client_alone(world, sdk, other, code):
    """Another client's attempt does not use it up; nor does a forged one help."""
    wrong = [
        exchange(other, code),
        exchange(sdk, code[::-1]),
        exchange(sdk, None),
        sdk.ask("api_query_auth", authorization_code=7),
    ]
    good = exchange(sdk, code)
    again = exchange(sdk, code)

    assert [61009] * 4 == [answer["errcode"] for answer in wrong]
    assert good["authorization_info"]["authorizer_appid"] == world.account
    assert again["errcode"] == 61009


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"component_appid": None}, 41018),
        ({"component_appid": "wx" + "0" * 16}, 61011),
        ({"component_appid": "gateway"}, 61011),
        ({"component_appsecret": None}, 41004),
        ({"component_appsecret": "demo_" + "0" * 32}, 40125),
        ({"component_appsecret": 7}, 41004),
        ({"component_verify_ticket": None}, 61006),
        ({"component_verify_ticket": "ticket@@@1." + "a" * 43}, 61006),
        ({"component_verify_ticket": "ticket@@@9." + "a" * 43}, 61006),
    ],
)
def test_a_wrong_request_for_a_token(world, ticket, changes, errcode):
    """In WeChat's own codes."""
    assert Sdk(world, ticket).fetch(**changes)["errcode"] == errcode


@pytest.mark.case(166)
def test_a_ticket_is_its_clients(world, ticket, other):
    """Nor is WeChat's own ticket of any use, nor a client without the component."""
    ours = Sdk(world, ticket)
    stolen = Sdk(world, ticket, other.registered)
    real = world.act("ticket")["component_verify_ticket"]
    menu_only = world.add_client("Menus", app=world.component)
    demo = Sdk(world, ticket, menu_only)
    started = ours.post(
        "api_start_push_ticket", component_secret=ours.registered["secret"]
    )

    assert stolen.fetch()["errcode"] == 61006
    assert ours.fetch(component_verify_ticket=real)["errcode"] == 61006
    assert demo.fetch()["errcode"] == 48001
    assert started == {"errcode": 0, "errmsg": "in a normal state"}


@pytest.mark.case(166)
def test_a_wrong_token_or_account(world, sdk, other, code):
    """No token, a forged one, an account's, and accounts that did not authorise."""
    info = exchange(sdk, code)["authorization_info"]
    account = {"authorizer_appid": world.account}
    ours = info["authorizer_refresh_token"]
    tokens = [
        sdk.post("api_create_preauthcode"),
        sdk.post("api_create_preauthcode", {"access_token": "x"}),
        sdk.post(
            "api_create_preauthcode", {"access_token": info["authorizer_access_token"]}
        ),
        sdk.ask("api_create_preauthcode", component_appid=world.account),
        sdk.ask("api_create_preauthcode", component_appid=None),
    ]
    accounts = [
        sdk.ask("api_get_authorizer_info", authorizer_appid=world.program),
        sdk.ask("api_get_authorizer_info"),
        sdk.ask("api_authorizer_token", **account, authorizer_refresh_token="x"),
        other.ask("api_authorizer_token", **account, authorizer_refresh_token=ours),
    ]

    assert [41021, 40001, 61014, 61011, 41018] == [each["errcode"] for each in tokens]
    assert [61003, 61003, 61023, 61023] == [each["errcode"] for each in accounts]


def test_the_sdks_own_link(world, sdk):
    """WeChat's own paths on our host take the pre_auth_code, and lead back."""
    code = sdk.ask("api_create_preauthcode", parameter="access_token")["pre_auth_code"]
    pairs = {
        "component_appid": world.component,
        "pre_auth_code": code,
        "redirect_uri": BACK,
        "auth_type": "3",
        "category_id_list": "1|15",
    }
    merchant = Merchant(world)
    page = merchant.get(f"/cgi-bin/componentloginpage?{urlencode(pairs)}")
    link = page.data.decode().partition('class="button" href="')[2].partition('"')[0]
    uuid = merchant.uuid(link.replace("&amp;", "&"))
    came = query_of(merchant.get(world.decide(uuid, 1)["back"]).headers["Location"])
    refused = [
        merchant.get(f"/safe/bindcomponent?{urlencode({**pairs, **change})}").status
        for change in (
            {"pre_auth_code": code[:-1] + ("a" if code[-1] != "a" else "b")},
            {"pre_auth_code": "preauthcode@@@x"},
            {"redirect_uri": "http://evil.example/"},
            {"component_appid": world.account},
        )
    ]

    assert "state" not in came
    assert "category_id_list=1%7C15" in link
    assert exchange(sdk, came["auth_code"])["authorization_info"]["func_info"]
    assert refused == [400] * 4


def test_relayed_events_carry_our_values(world, sdk, relayed, code):
    """Tickets that stay the same, and codes of which each works once."""
    exchange(sdk, code)
    before = len(relayed.of("updateauthorized"))
    tickets = len(relayed.of("component_verify_ticket"))
    came = world.act("update", authorizer=world.account, func_info=[1, 2])
    event = relayed.wait_for("updateauthorized", before + 1)
    world.act("ticket")
    again = relayed.wait_for("component_verify_ticket", tickets + 1)
    answer = exchange(sdk, event["AuthorizationCode"])
    info = answer["authorization_info"]

    assert event["AuthorizationCode"] != came["authorization_code"]
    assert event["AuthorizerAppid"] == info["authorizer_appid"] == world.account
    assert [1, 2] == [one["funcscope_category"]["id"] for one in info["func_info"]]
    assert abs(int(event["AuthorizationCodeExpiredTime"]) - time.time() - 3600) < 120
    assert event["PreAuthCode"].startswith("preauthcode@@@")
    assert again["ComponentVerifyTicket"] == sdk.ticket
    assert exchange(sdk, event["AuthorizationCode"])["errcode"] == 61009


def test_the_end_of_an_authorisation(world, sdk, code):
    """61003 for the SDK as well, from the event on."""
    info = exchange(sdk, code)["authorization_info"]
    world.act("unauthorize", authorizer=world.account)
    answer = sdk.ask(
        "api_authorizer_token",
        authorizer_appid=world.account,
        authorizer_refresh_token=info["authorizer_refresh_token"],
    )

    assert answer["errcode"] == 61003
