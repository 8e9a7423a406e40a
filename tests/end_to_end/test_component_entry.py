"""A merchant authorises a component through the gateway's page; what is refused."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, urlsplit

import pytest
from redis import Redis

from tests.support.component_host import BACK, STATE, ComponentHost, Merchant, query_of
from tests.support.developer_host import DeveloperHost


@pytest.fixture(scope="module")
def developer(tmp_path_factory):
    with DeveloperHost(tmp_path_factory.mktemp("components")) as running:
        yield running


@pytest.fixture(scope="module")
def world(developer):
    return ComponentHost(developer)


@pytest.fixture
def redis(developer):
    """The Redis of the host."""
    settings = developer.folder / ".local" / "settings.json"
    url = json.loads(settings.read_text("utf-8"))["REDIS_URL"]
    with Redis.from_url(url) as client:
        yield client


@pytest.fixture(autouse=True)
def _fresh(world):
    """Let no account have authorised, and no call have been made."""
    world.act("ticket")
    yield
    for account in (world.account, world.program):
        world.host.http.request(
            "POST",
            f"{world.host.sandbox_url}/_sandbox/component",
            json={
                "appid": world.component,
                "action": "unauthorize",
                "authorizer": account,
            },
        )
    world.host.sandbox("DELETE", "/_sandbox/journal")


@pytest.mark.parametrize("in_wechat", [False, True])
@pytest.mark.parametrize("more", [{}, {"event": False}, {"one_code": False}])
def test_the_whole_way(world, in_wechat, more):
    """By redirect and event, in either browser: exchanged once, then to the client."""
    merchant = Merchant(world, in_wechat=in_wechat)
    back = merchant.authorize(1, 15, **more)
    answer = merchant.get(back)
    sent = query_of(answer.headers["Location"])

    assert answer.status == 303
    assert answer.headers["Location"].startswith(BACK + "&auth_code=")
    assert (sent["appid"], sent["state"]) == (world.account, STATE)
    assert (sent["tenant"], sent["expires_in"]) == ("7", "3600")
    assert sent["auth_code"] not in back
    exchanged = world.asked("api_query_auth")
    assert all(each["errcode"] == 0 for each in exchanged)
    # Each of two codes may be exchanged, one code only once.
    assert 1 <= len(exchanged) <= (2 if more == {"one_code": False} else 1)


def test_the_link_says_what_was_asked_for(world):
    """Kinds, account and permission sets go to WeChat in WeChat's words."""
    computer = urlsplit(
        Merchant(world).link(auth_type="1", biz_appid=world.account, category="1|15")
    )
    phone = urlsplit(Merchant(world, in_wechat=True).link())
    sent = query_of(computer.geturl())

    assert computer.path == "/cgi-bin/componentloginpage"
    assert (sent["auth_type"], sent["biz_appid"]) == ("1", world.account)
    assert sent["category_id_list"] == "1|15"
    assert sent["redirect_uri"].startswith(
        f"{world.url}/oauth_callback/{world.component}/authorized?state="
    )
    assert phone.path == "/wxaopen/safe/bindcomponent"
    assert phone.fragment == "wechat_redirect"
    assert query_of(phone.geturl())["action"] == "bindcomponent"
    assert query_of(phone.geturl())["auth_type"] == "3"


def test_each_visit_has_its_own_code(world):
    """A pre_auth_code is taken for each visit, and for no browser without a link."""
    merchant = Merchant(world)
    codes = {query_of(merchant.link())["pre_auth_code"] for _ in range(2)}
    elsewhere = Merchant(world)
    elsewhere.agent = "Mozilla/5.0 (iPhone) Mobile Safari"
    page = elsewhere.get(world.entry())

    assert len(codes) == len(world.asked("api_create_preauthcode")) == 2
    assert "Set-Cookie" not in page.headers
    assert "/cgi-bin/componentloginpage" not in page.data.decode()


@pytest.mark.case(165)
@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"client_id": "nobody"}, 400),
        ({"client_id": "demo"}, 400),
        ({"redirect_uri": BACK + "&x=1"}, 400),
        ({"redirect_uri": "http://evil.example/"}, 400),
        ({"auth_type": "1&x"}, 400),
        ({"biz_appid": "wx1"}, 400),
        ({"category": "1|"}, 400),
        ({"state": "x" * 2501}, 400),
    ],
)
def test_a_wrong_request_takes_no_code(world, changes, status):
    """Nobody is redirected to a URL that is not the client's, and WeChat not asked."""
    page = Merchant(world).get(world.entry(**changes))

    assert page.status == status
    assert "Location" not in page.headers
    assert world.asked("api_create_preauthcode") == []


def test_only_a_component_has_the_page(world):
    """The id of another app, or of none, is 404."""
    service = world.host.app("service")["appid"]
    for appid in (service, "wx" + "0" * 16):
        path = world.entry().replace(world.component, appid)

        assert Merchant(world).get(path).status == 404


@pytest.mark.case(164)
def test_a_callback_that_is_not_this_browsers_is_refused(world):
    """Another browser's, an unknown state, another component's path, or no code."""
    merchant = Merchant(world)
    back = merchant.authorize(1, event=False)
    foreign, other = Merchant(world), Merchant(world)
    other.link()
    state = query_of(back)["state"]
    code = query_of(back)["auth_code"]
    service = world.host.app("service")["appid"]
    refused = [
        foreign.get(back),
        other.get(back),
        merchant.get(back.replace(state, state[::-1])),
        merchant.get(back.replace(state, "x")),
        merchant.get(back.replace(world.component, service)),
        merchant.get(back.replace("auth_code=", "code=")),
    ]

    assert [400] * 6 == [answer.status for answer in refused]
    assert all("Location" not in answer.headers for answer in refused)
    assert code not in "".join(answer.data.decode() for answer in refused)
    assert world.asked("api_query_auth") == []
    # None of them has used the flow up.
    assert merchant.get(back).status == 303


@pytest.mark.case(164)
def test_a_component_flow_signs_nobody_in(world):
    """Its state is of no use at the callback of a sign-in, and the other way round."""
    merchant = Merchant(world)
    back = merchant.authorize(1, event=False)
    service = world.host.app("service")["appid"]
    state = query_of(back)["state"]
    paths = [
        f"/oauth_callback/{world.component}?code=x&state={state}",
        f"/oauth_callback/{service}?code=x&state={state}",
    ]
    sign_in = Merchant(world, in_wechat=True)
    began = sign_in.get("/login?next=/login/me").headers["Location"]
    its_state = query_of(began)["state"]
    crossed = f"/oauth_callback/{world.component}/authorized?state={its_state}"

    assert [400, 400] == [merchant.get(path).status for path in paths]
    assert sign_in.get(f"{crossed}&auth_code=x").status == 400
    assert world.asked("api_query_auth") == []


@pytest.mark.case(164)
def test_a_repeated_callback_gets_the_same_answer(world):
    """Even in parallel: one exchange, one code of ours."""
    merchant = Merchant(world)
    back = merchant.authorize(1, event=False)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(merchant.get, [back] * 4))
    places = {answer.headers.get("Location") for answer in answers}

    assert {303} == {answer.status for answer in answers}
    assert len(places) == 1
    assert len(world.asked("api_query_auth")) == 1


def test_a_code_that_is_of_no_use_is_said(world):
    """A forged code: a page with the way back to the start, and no redirect."""
    merchant = Merchant(world)
    back = merchant.authorize(1, event=False)
    code = quote(query_of(back)["auth_code"])
    refused = merchant.get(back.replace(code, "queryauthcode%40%40%40forged"))

    assert refused.status == 400
    assert world.entry().partition("?")[0] in refused.data.decode()


def test_what_cannot_be_saved_yet_is_saved_later(world, redis):
    """Without documents the page waits, then leads on; the code is exchanged once.

    The flow lives on meanwhile, so that a merchant who waits long is led on, too.
    """
    merchant = Merchant(world)
    back = merchant.authorize(1, event=False)
    for key in redis.scan_iter("gateway:flow:{*}"):
        redis.expire(key, 60)
    folder = world.host.folder / ".local" / "config" / "authorizers"
    folder.parent.mkdir(exist_ok=True)
    aside = folder.with_name("aside")
    if folder.exists():
        folder.rename(aside)
    folder.write_text("in the way")
    try:
        pending = [merchant.get(back) for _ in range(2)]
        lives = [redis.ttl(key) for key in redis.scan_iter("gateway:flow:{*}")]
    finally:
        folder.unlink()
        if aside.exists():
            aside.rename(folder)
    saved = merchant.get(back)

    assert max(lives) > 500
    assert [503, 503] == [answer.status for answer in pending]
    assert pending[0].headers["Retry-After"] == "3"
    assert 'http-equiv="refresh" content="3"' in pending[0].data.decode()
    assert saved.status == 303
    assert len(world.asked("api_query_auth")) == 1
