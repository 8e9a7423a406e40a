"""A sign-in is one browser's, and a session is of one sign-in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runtime.errors import ConsentRefused, FlowExpired, NotSignedIn
from runtime.sign_in.flows import EXCHANGE_SECONDS, Flow
from runtime.web.cookies import sign_cookie
from tests.support.client_sign_in import (
    BACK,
    GRANTED,
    USER,
    Visit,
    exchanged,
    query_of,
    willing,
)
from tests.support.handles import login
from tests.support.refusal import refusal
from tests.support.scripted_wechat import COOKIE, SERVICE, ask, change, header, load

TOKEN, USERINFO = "/sns/oauth2/access_token", "/sns/userinfo"


@pytest.fixture
def visit(gateway):
    """A browser of somebody."""
    change(gateway, "clients", "demo", redirect_uris=[BACK])
    gateway.settings = replace(gateway.settings, oidc_key={1: b"a key"})
    return Visit(gateway)


def begin(visit):
    return visit.get(login, "/", "next=/orders")


def session_of(visit, value):
    asked = ask(cookies={COOKIE: value})
    return visit.gateway.sessions.of(asked, now=visit.gateway.clock())


def whoami(visit):
    return load(login(ask(path="/me", cookies=visit.cookies), visit.gateway))


class TestAnothersFlow:
    @pytest.mark.case(34)
    def test_who_began_it_gets_nothing_of_who_ends_it(self, visit, gateway, wechat):
        """A user who follows a stranger's link does not sign the stranger in."""
        willing(wechat)
        stranger = Visit(gateway)
        begun = begin(stranger)
        restarted = visit.agree(begun)
        visit.agree(restarted)

        assert whoami(visit)["sub"] == "u-1"
        assert len(wechat.calls(TOKEN)) == 1
        for response, wrong in ((begun, ConsentRefused), (restarted, FlowExpired)):
            with refusal(wrong):
                stranger.agree(response, code=None)
        with pytest.raises(NotSignedIn):
            whoami(stranger)

    @pytest.mark.case(34)
    def test_there_is_no_code_for_a_flow_that_another_one_ended(self, visit, gateway):
        """The stranger knows the state that was begun, and not the one that ended."""
        begun = Visit(gateway).connect()
        state = query_of(header(begun, "Location"))["state"]
        visit.agree(begun)

        code = gateway.grants.code_of(state, key=1)
        assert exchanged(gateway, code)["errcode"] == 40029

    @pytest.mark.case(36, 37)
    @pytest.mark.bug(3)
    @pytest.mark.parametrize(
        "turned",
        [
            lambda state: state + "http://home.example/",
            lambda state: state + " ",
            lambda state: state + "\n",
            lambda state: f" {state}",
            lambda state: state[:31],
            lambda state: state[:31] + "g",
            lambda state: state[:31] + ("0" if state[31] != "0" else "1"),
        ],
        ids=["URL", "space", "line", "space before", "short", "letter", "digit"],
    )
    def test_a_state_that_is_nearly_right(self, visit, wechat, turned):
        """A state with added or missing characters is refused."""
        begun = begin(visit)
        state = query_of(header(begun, "Location"))["state"]
        with refusal(FlowExpired) as caught:
            visit.agree(begun, state=turned(state))

        assert caught.links.start_again == "/login"
        assert wechat.seen == []

    @pytest.mark.case(32)
    @pytest.mark.bug(1)
    @pytest.mark.parametrize("way", [Visit.authorize, Visit.connect])
    def test_a_client_is_answered_after_a_restart(self, visit, wechat, way):
        """The web-view lost the cookie once; the client's request is the same."""
        willing(wechat)
        begun = way(visit)
        visit.cookies.clear()
        told = query_of(header(visit.agree(visit.agree(begun)), "Location"))

        assert told["state"] == "s-1"
        assert len(told["code"]) == 43

    @pytest.mark.case(39)
    def test_two_tabs_of_two_clients_dialects(self, visit, wechat):
        """Each is answered by its own code."""
        willing(wechat)
        begun = [visit.connect(state="a"), visit.authorize(state="b")]
        told = [query_of(header(visit.agree(each), "Location")) for each in begun]

        assert [each["state"] for each in told] == ["a", "b"]
        assert told[0]["code"] != told[1]["code"]

    @pytest.mark.case(51)
    def test_an_exchange_that_dies_is_given_up(self, gateway, shared_redis):
        """Its lock ends by itself, and then another one may exchange."""
        redis, lives = shared_redis.client(), []
        state = gateway.flows.start(Flow("/", (SERVICE,))).state

        def dying():
            (lock,) = redis.scan_iter("gateway:flow:*:exchange")
            lives.append(redis.pttl(lock))
            redis.delete(lock)  # as its time does
            return gateway.flows.once(state, lambda: {"sub": "second"}).fields

        assert gateway.flows.once(state, dying).fields == {"sub": "second"}
        assert 0 < lives[0] <= EXCHANGE_SECONDS * 1000
        redis.close()


class TestSession:
    @pytest.mark.case(41)
    def test_each_sign_in_makes_a_new_one(self, visit, wechat):
        """No value that anybody could have seen before proves it."""
        willing(wechat)
        visit.agree(begin(visit))
        first = visit.cookies[COOKIE]
        visit.agree(begin(visit))
        second = visit.cookies[COOKIE]

        assert first != second
        assert session_of(visit, first).sid != session_of(visit, second).sid

    @pytest.mark.case(42)
    def test_a_planted_one_is_ignored_and_replaced(self, visit, gateway, wechat):
        """Another host of our domain can set a cookie, but cannot sign one."""
        willing(wechat)
        text = '{"v":1,"sub":"stranger","sid":"s","at":1800000000}'
        keys = {1: b"another secret of another gateway."}
        planted = sign_cookie(COOKIE, text, keys=keys, now=gateway.clock())
        visit.cookies[COOKIE] = planted
        with pytest.raises(NotSignedIn):
            whoami(visit)
        visit.agree(begin(visit))

        assert visit.cookies[COOKIE] != planted
        assert whoami(visit)["sub"] == "u-1"

    @pytest.mark.case(42)
    @pytest.mark.parametrize("hidden_by", ["x=1,", "\u2000", "\xa0"])
    def test_a_good_one_is_not_smuggled_in(self, visit, gateway, wechat, hidden_by):
        """Another host cannot set a __Host- cookie, nor hide one in another cookie."""
        willing(wechat)
        visit.agree(begin(visit))
        ((name, value),) = [each for each in visit.cookies.items() if COOKIE in each]
        line = ("cookie", f"{hidden_by}{name}={value}")

        assert gateway.sessions.of(ask(headers=[line]), now=gateway.clock()) is None

    @pytest.mark.case(34, 42)
    def test_nor_is_a_strangers_sign_in(self, visit, gateway, wechat):
        """An attacker's own flow cookie in another browser signs nobody in."""
        willing(wechat)
        begun = begin(visit)
        state = query_of(header(begun, "Location"))["state"]
        ((name, value),) = visit.cookies.items()
        victim = Visit(gateway)
        victim.cookies["x"] = f"1,{name}={value}"
        response = victim.agree(begun)

        assert query_of(header(response, "Location"))["state"] != state
        assert wechat.seen == []

    @pytest.mark.case(44)
    def test_another_user_takes_the_place_of_the_first(self, visit, wechat):
        """Nothing of the first one is left beside the second."""
        avatar = "https://thirdwx.qlogo.cn/a/132"
        second = {"openid": "o-2", "unionid": "u-2"}
        wechat.script(TOKEN, GRANTED, {**GRANTED, **second})
        wechat.script(USERINFO, {**USER, "headimgurl": avatar}, second)
        visit.agree(begin(visit))
        first = whoami(visit)
        visit.agree(begin(visit))

        assert (first["sub"], first["picture"]) == ("u-1", avatar)
        assert whoami(visit) == {
            "sub": "u-2",
            "name": "",
            "picture": None,
            "wechat_openid": "o-2",
            "wechat_unionid": "u-2",
            "wechat_appid": SERVICE,
            "wechat_scope": "snsapi_userinfo",
            "auth_time": 1800000000,
        }
