"""The callback: one exchange, however often and close together it comes."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from runtime.errors import (
    FlowExpired,
    Overloaded,
    WeChatTimeout,
    WeChatUnavailable,
)
from runtime.gateway import Gateway
from runtime.sign_in.flows import Flows
from runtime.usage.in_flight import CallsInFlight
from tests.support.callback_flows import TOKEN, USERINFO, StartedFlow
from tests.support.client_sign_in import BACK, GRANTED, USER, Visit, query_of
from tests.support.refusal import refusal
from tests.support.scripted_wechat import (
    COOKIE,
    change,
    cookie,
    header,
)

ONE, TWO = b"t" * 32, b"u" * 32


def rolled(gateway, keys):
    """Return another instance of the deployment, with these keys for TOKEN_SECRETS."""
    settings = replace(gateway.settings, token_secrets=keys)
    return Gateway(settings, clock=gateway.clock, transport=gateway.transport)


@pytest.fixture
def visit(gateway, willing):
    """A browser of a client's, at an instance with the first key alone."""
    change(gateway, "clients", "demo", redirect_uris=[BACK])
    changed = replace(gateway.settings, oidc_key={1: b"a key"}, token_secrets={1: ONE})
    gateway.settings = changed
    return Visit(gateway)


@pytest.fixture
def let_wait(shared_redis):
    """Wait until so many callers block on Redis for what another one gets."""

    def until_blocked(number):
        deadline = time.monotonic() + 5
        with shared_redis.client() as redis:
            while redis.info("clients")["blocked_clients"] < number:
                assert time.monotonic() < deadline, "they do not wait"
                time.sleep(0.005)

    return until_blocked


class TestOnce:
    @pytest.mark.case(47, 48)
    @pytest.mark.bug(4)
    def test_ten_callbacks_at_once_exchange_once(self, walk, wechat, let_wait):
        """Nine wait, and all ten get the same redirect with the same session."""
        gate = threading.Event()

        def slow(_):
            gate.wait(10)
            return GRANTED

        wechat.script(TOKEN, slow)
        wechat.script(USERINFO, USER)
        with ThreadPoolExecutor(10) as pool:
            answers = [pool.submit(walk.back, code=f"code-{n % 2}") for n in range(10)]
            let_wait(9)
            gate.set()
            responses = [each.result() for each in answers]

        assert len(wechat.calls(TOKEN)) == 1
        assert {header(each, "Location") for each in responses} == {"/orders"}
        assert len({cookie(each)[COOKIE] for each in responses}) == 1

    @pytest.mark.case(49)
    @pytest.mark.bug(5)
    def test_a_repetition_gets_the_same_answer(self, walk, willing):
        """Reload and Back do not spend the code again."""
        first, second = walk.back(), walk.back()

        assert cookie(first) == cookie(second)
        assert len(willing.calls(TOKEN)) == 1

    @pytest.mark.case(50)
    def test_a_minute_later_the_flow_is_over(self, walk, willing, shared_redis):
        """Its result is kept for sixty seconds; after that nothing is exchanged."""
        walk.back()
        redis = shared_redis.client()
        (done,) = redis.scan_iter("gateway:flow:*:done")
        life = redis.pttl(done)
        redis.delete(done)  # as the minute does
        redis.close()

        with refusal(FlowExpired) as caught:
            walk.back(code="code-2")
        assert caught.links.start_again == "/login?next=%2Forders"
        assert 50_000 < life <= 60_000
        assert len(willing.calls(TOKEN)) == 1

    @pytest.mark.case(49)
    def test_a_repetition_after_a_change_of_keys(self, visit, gateway):
        """The same code, which is good: the flow knows which key has made it."""
        begun = visit.authorize()
        first = visit.agree(begun)
        visit.gateway = rolled(gateway, {1: ONE, 2: TWO})
        second = visit.agree(begun)
        code = query_of(header(second, "Location"))["code"]

        assert header(first, "Location") == header(second, "Location")
        assert visit.gateway.grants.redeem(code)[1].client_id == "demo"

    @pytest.mark.case(49)
    def test_a_repetition_where_the_new_key_is_not_yet(self, visit, gateway):
        """Half of a deployment cannot make the code: a page, and no dead code."""
        visit.gateway = new = rolled(gateway, {2: TWO, 1: ONE})
        begun = visit.authorize()
        first = visit.agree(begun)
        visit.gateway = gateway
        with refusal(FlowExpired) as caught:
            visit.agree(begun)
        visit.gateway = new

        assert caught.links.start_again.startswith("/oidc/authorize?")
        assert header(first, "Location") == header(visit.agree(begun), "Location")

    def test_a_failed_exchange_frees_the_flow(self, walk, wechat):
        """After a failure of WeChat the callback can be repeated without a scan."""
        wechat.script(TOKEN, WeChatUnavailable(), GRANTED)
        wechat.script(USERINFO, USER)
        with refusal(WeChatUnavailable):
            walk.back()

        assert [walk.back().status for _ in range(3)] == [303] * 3

    def test_whoever_waits_for_a_failed_exchange_is_told_at_once(self, walk, let_wait):
        """They do not wait for the timeout of a dead exchange."""
        started, over = threading.Event(), threading.Event()

        def fail():
            started.set()
            over.wait(5)
            raise WeChatTimeout

        flows = walk.gateway.flows
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(flows.once, walk.state, fail)
            started.wait(5)
            second = pool.submit(flows.once, walk.state, dict)
            let_wait(1)
            over.set()

            assert isinstance(first.exception(), WeChatTimeout)
            assert type(second.exception(2)) is WeChatUnavailable

    @pytest.mark.case(51)
    def test_whoever_waits_for_a_dead_exchange_is_told(self, walk):
        """If the process dies in the exchange, the others wait a limited time."""
        started = threading.Event()
        over = threading.Event()

        def die():
            started.set()
            over.wait(5)
            raise WeChatUnavailable

        flows = Flows(walk.gateway.redis_store, secure=True, wait_seconds=0.05)
        with ThreadPoolExecutor(1) as pool:
            dead = pool.submit(flows.once, walk.state, die)
            started.wait(5)
            with pytest.raises(WeChatTimeout):
                flows.once(walk.state, dict)
            over.set()
            assert isinstance(dead.exception(), WeChatUnavailable)


def test_a_callback_beyond_the_limit_may_come_again(gateway, wechat, willing):
    """Its code is neither exchanged nor claimed, and its page says when to reload."""
    walk = StartedFlow(gateway)
    gateway.sign_ins_in_flight = CallsInFlight(1)
    with gateway.sign_ins_in_flight.counted("another"), refusal(Overloaded) as told:
        walk.back()
    assert (503, 1) == (told.error.status, told.error.retry_after)
    assert [] == wechat.calls("/sns/oauth2/access_token")

    assert 303 == walk.back().status
    assert 0 == gateway.sign_ins_in_flight.number
