"""Authorisations: none is lost, none is exchanged twice, whatever happens between."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from runtime.crypto.envelope import Envelope
from runtime.documents.folder import FolderStore
from runtime.documents.store import StoreAway
from runtime.errors import (
    GatewayError,
    ServiceUnavailable,
    WeChatRefused,
    WeChatTimeout,
    WeChatUnreachable,
)
from runtime.gateway import Gateway
from runtime.registry.authorizers import Authorizers
from runtime.registry.models import App
from runtime.wechat import authorizations as module
from runtime.wechat.authorizations import (
    AuthorizationCode,
    AuthorizationLost,
    AuthorizationPending,
    Authorizations,
)
from tests.support.open_platform import Platform, Tokens

COMPONENT = App("wx" + "c" * 16, "component", secret="5" * 32)
ACCOUNT, OTHER = "wx" + "d" * 16, "wx" + "e" * 16
AT = 1_800_000_000


class Killed(BaseException):
    """The process ends here: nothing after it runs, not even what cleans up."""


class World:
    """Processes on one Redis and one folder of documents, and the open platform."""

    def __init__(self, settings):
        self.settings = settings
        self.platform, self.tokens = Platform(), Tokens()

    def process(self, **more):
        """Return the authorisations of another process."""
        gateway = Gateway(replace(self.settings, **more))
        return Authorizations(
            gateway.redis_store,
            Envelope(self.settings.master_keys),
            Authorizers(gateway.documents),
            ask=self.platform.ask,
            tokens=self.tokens,
        )

    @property
    def documents(self):
        return Gateway(self.settings).documents

    def document(self, appid=ACCOUNT):
        return self.documents.read("authorizers", f"{COMPONENT.appid}-{appid}")

    def version(self, appid=ACCOUNT):
        return self.documents.version("authorizers", f"{COMPONENT.appid}-{appid}")

    def event(self, code="code-1", *, at=AT, appid=ACCOUNT, by=None):
        came = AuthorizationCode(code, at, appid)
        return (by or self.process()).take(COMPONENT, came, way="event")

    def redirect(self, code="code-1", *, at=AT, by=None):
        came = AuthorizationCode(code, at)
        return (by or self.process()).take(COMPONENT, came, way="redirect")

    def withdraw(self, *, at, appid=ACCOUNT):
        self.process().withdraw(COMPONENT, appid, at=at)

    def resume(self):
        return self.process().resume(COMPONENT, until=time.monotonic() + 60)


@pytest.fixture
def world(settings):
    made = World(settings)
    made.platform.authorize(ACCOUNT, "code-1")
    return made


@pytest.fixture
def redis(redis_server):
    with redis_server.client() as client:
        yield client


@pytest.fixture
def short_lease(monkeypatch):
    """Let what a killed process had be free soon."""
    from runtime.wechat import authorization_records

    monkeypatch.setattr(authorization_records, "LEASE_SECONDS", 0.3)
    monkeypatch.setattr(module, "LEASE_SECONDS", 0.3)
    monkeypatch.setattr(module, "WAIT_SECONDS", 1.0)


@pytest.fixture
def at_once(monkeypatch):
    """Let what was given up be due at once."""
    from runtime.wechat import authorization_records

    monkeypatch.setattr(authorization_records, "FIRST_PAUSE", 0.0)


def is_saved(world, appid=ACCOUNT, *, renewal="refresh-code-1"):
    content = world.document(appid).content
    return (content["state"], content["refresh_token"]) == ("authorized", renewal)


def test_an_event_becomes_a_document(world, redis, caplog):
    """What the account is and allows; nothing shows a token or the code."""
    caplog.set_level(logging.DEBUG)
    assert world.event() == ACCOUNT

    content = world.document().content
    assert {
        "component": COMPONENT.appid,
        "appid": ACCOUNT,
        "kind": "service",
        "refresh_token": "refresh-code-1",
        "permission_sets": [1, 15],
        "state": "authorized",
        "user_name": "gh_dddddd",
        "service_type": 2,
        "authorized_at": AT,
    }.items() <= content.items()
    assert world.tokens.done == [("put", ACCOUNT, "access-1", True)]
    for key in redis.scan_iter("gateway:authorization:*"):
        assert b"code-1" not in key + redis.dump(key)
        assert redis.ttl(key) > 0
    assert not redis.keys("*:record:*")
    assert "code-1" not in caplog.text
    assert "access-1" not in caplog.text


@pytest.mark.parametrize("first", ["event", "redirect"])
def test_event_and_redirect_are_exchanged_once(world, first):
    """Whichever comes first."""
    steps = [world.event, world.redirect]
    for step in steps if first == "event" else reversed(steps):
        assert step() == ACCOUNT

    assert world.platform.times("api_query_auth") == 1
    assert world.version() == 1


def test_all_at_once(world):
    """Deliveries, repetitions and the browser, in several processes."""
    with ThreadPoolExecutor(8) as pool:
        steps = [world.event, world.redirect] * 4
        found = [each.result(20) for each in [pool.submit(one) for one in steps]]

    assert found == [ACCOUNT] * 8
    assert world.platform.times("api_query_auth") == 1
    assert world.version() == 1


def test_it_is_recognized_when_it_is_told_again(world):
    """Doubled and replayed: nothing is asked, nothing is written."""
    world.event()
    asked = len(world.platform.asked)
    world.event()
    world.redirect()

    assert len(world.platform.asked) == asked
    assert world.version() == 1


def test_other_permissions_replace_both_tokens(world):
    """One version more; the same permissions once more write none."""
    world.event()
    world.platform.authorize(ACCOUNT, "code-2", sets=(1, 2), anew=False)
    world.event("code-2", at=AT + 60)
    assert world.document().content["permission_sets"] == [1, 2]
    assert world.version() == 2
    world.platform.authorize(ACCOUNT, "code-3", sets=(1, 2), anew=False)
    world.event("code-3", at=AT + 120)

    assert world.version() == 2
    assert [each[2] for each in world.tokens.done] == [
        "access-1",
        "access-2",
        "access-3",
    ]


# Killed at each step, and then what goes on: the repeated event, the browser, refresh.

STEPS = {
    "before the exchange": ("api_query_auth", "before"),
    "after the exchange": ("api_query_auth", "after"),
    "before the document": ("api_get_authorizer_info", "before"),
    "with the account known": ("api_get_authorizer_info", "after"),
}


def kill(world, monkeypatch, step, take=None):
    """Take the event in a process that ends at a step."""
    if step in STEPS:
        name, when = STEPS[step]

        def end(asked):
            if asked == name:
                raise Killed

        setattr(world.platform, when, end)
    elif step == "after the document":
        monkeypatch.setattr(world.tokens, "put", lambda *_, **__: _end())
    else:
        target = module.AuthorizationRecords
        monkeypatch.setattr(target, "finish", lambda *_: _end())
    with pytest.raises(Killed):
        (take or world.event)()
    world.platform.before = world.platform.after = None
    monkeypatch.undo()


def _end():
    raise Killed


ALL_STEPS = (*STEPS, "after the document", "before the end")


@pytest.mark.parametrize("then", ["event", "redirect", "resume"])
@pytest.mark.parametrize("step", ALL_STEPS)
def test_killed_at_each_step(world, monkeypatch, step, then):
    """Whoever comes next goes on from there, and WeChat gives for a code but once."""
    kill(world, monkeypatch, step)
    _pass_lease(world, monkeypatch)
    if then == "resume":
        assert world.resume() == {"done": 1}
    else:
        assert getattr(world, then)() == ACCOUNT

    assert is_saved(world)
    assert world.version() == 1
    assert world.platform.issued == 1
    exchanges = 2 if step == "before the exchange" else 1
    assert world.platform.times("api_query_auth") == exchanges
    assert world.process().unfinished(COMPONENT) == 0


@pytest.mark.parametrize("then", ["event", "redirect", "resume"])
@pytest.mark.parametrize("step", [each for each in ALL_STEPS if "exchange" not in each])
def test_a_browser_is_enough(world, monkeypatch, step, then):
    """It tells no appid, but the answer that was stored does."""
    kill(world, monkeypatch, step, world.redirect)
    _pass_lease(world, monkeypatch)
    assert {"done": 1} == world.resume() if then == "resume" else getattr(world, then)()

    assert is_saved(world)
    assert world.platform.times("api_query_auth") == 1


def _pass_lease(world, monkeypatch):
    """Let the killed process' lease end, and the record be due."""
    store = Gateway(world.settings).redis_store
    store.run(
        """
        for _, key in ipairs(redis.call('KEYS', 'gateway:authorization:*:record:*')) do
          redis.call('HSET', key, 'until', '0')
        end
        for _, key in ipairs(redis.call('KEYS', 'gateway:authorization:{*}')) do
          for _, id in ipairs(redis.call('ZRANGE', key, 0, -1)) do
            redis.call('ZADD', key, 0, id)
          end
        end
        """,
        [],
        [],
    )


@pytest.mark.parametrize("step", ALL_STEPS)
def test_killed_and_redis_emptied(world, monkeypatch, redis, step):
    """The platform sends the event again, because it got no answer."""
    kill(world, monkeypatch, step)
    redis.flushall()
    world.event()

    assert is_saved(world)
    assert world.platform.issued == 1


def test_a_lease_ends_by_itself(world, monkeypatch, short_lease):
    """The repeated event waits for the killed one, no longer than the platform does."""
    kill(world, monkeypatch, "after the exchange")
    began = time.monotonic()
    assert world.event() == ACCOUNT
    assert time.monotonic() - began < 5
    assert is_saved(world)


def test_who_is_at_work_is_waited_for(world):
    """A slow exchange outlives the lease, since it is renewed."""
    asked, goes_on = threading.Event(), threading.Event()

    def hold(name):
        if name == "api_query_auth":
            asked.set()
            assert goes_on.wait(20)

    world.platform.before = hold
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(world.event)
        assert asked.wait(20)
        with pytest.raises(AuthorizationPending) as refused:
            world.redirect()
        goes_on.set()
        assert first.result(20) == ACCOUNT
    assert refused.value.status == 503
    assert world.redirect() == ACCOUNT
    assert world.platform.times("api_query_auth") == 1


def test_without_the_documents_nothing_is_acknowledged(world, monkeypatch, redis):
    """The answer waits in Redis, sealed, and is written as soon as they are back."""

    def away(*_):
        raise StoreAway("PutObject: test")

    monkeypatch.setattr(FolderStore, "create", away)
    for step in (world.event, world.event, world.redirect):
        with pytest.raises(ServiceUnavailable):
            step()
    assert world.platform.times("api_query_auth") == 1
    (record,) = redis.keys("*:record:*")
    assert 6 * 86400 < redis.ttl(record) <= 7 * 86400
    for secret in (b"code-1", b"refresh", b"access-1"):
        assert secret not in redis.dump(record)
    monkeypatch.undo()
    _pass_lease(world, monkeypatch)
    assert world.resume() == {"done": 1}

    assert is_saved(world)
    assert world.platform.times("api_query_auth") == 1
    assert world.tokens.done == [("put", ACCOUNT, "access-1", False)]
    assert world.redirect() == ACCOUNT


def test_without_redis_nothing_is_exchanged(world, own_redis):
    """The code is not used up by a process that could not store its answer."""
    own_redis.stop()
    with pytest.raises(ServiceUnavailable):
        world.event(by=world.process(redis_url=own_redis.url))
    assert not world.platform.asked


def test_redis_that_goes_away_after_the_exchange(world, own_redis):
    """The document is written from memory: that is what counts."""

    def stop(name):
        if name == "api_query_auth":
            own_redis.stop()

    world.platform.after = stop
    assert world.event(by=world.process(redis_url=own_redis.url)) == ACCOUNT
    assert is_saved(world)


@pytest.mark.parametrize("error", [WeChatUnreachable(), WeChatRefused(45009, "quota")])
def test_wechat_that_refuses_for_now_is_asked_again(world, at_once, error):
    """It has not seen the code, or says that it has not taken it."""

    def refuse(name):
        if name == "api_query_auth":
            raise error

    world.platform.before = refuse
    with pytest.raises(GatewayError):
        world.event()
    world.platform.before = None
    assert world.resume() == {"done": 1}
    assert is_saved(world)


def test_an_answer_that_is_lost_is_not_asked_for_again(world):
    """WeChat tells what stands: the code was used by the call that timed out."""

    def lose(name):
        if name == "api_query_auth":
            raise WeChatTimeout

    world.platform.after = lose
    with pytest.raises(WeChatTimeout):
        world.event()
    world.platform.after = None
    world.event()

    assert is_saved(world)
    assert world.platform.times("api_query_auth") == 1
    assert world.tokens.done == [("drop", ACCOUNT)]


def test_a_browser_whose_answer_is_lost(world):
    """It knows no appid, so it cannot go on; the event of the same code does."""

    def lose(name):
        if name == "api_query_auth":
            raise WeChatTimeout

    world.platform.after = lose
    with pytest.raises(WeChatTimeout):
        world.redirect()
    world.platform.after = None
    with pytest.raises(AuthorizationLost):
        world.redirect()
    assert world.event() == ACCOUNT

    assert is_saved(world)
    assert world.redirect() == ACCOUNT


def test_a_code_that_is_of_no_use(world, caplog):
    """It is told to the operator once, and not asked for again."""
    world.platform.codes.clear()
    for _ in range(2):
        with pytest.raises(AuthorizationLost):
            world.event()

    assert world.document() is None
    assert world.platform.times("api_query_auth") == 1
    assert f"the code of {ACCOUNT} is of no use, 61009" in caplog.text


def test_an_event_and_a_browser_with_two_codes(world):
    """That both have the same is not confirmed: the second tells nothing new."""
    world.event()
    world.platform.codes["code-2"] = ACCOUNT
    assert world.redirect("code-2", at=AT + 1) == ACCOUNT
    world.event("code-3", at=AT)

    assert is_saved(world)
    assert world.version() == 1


@pytest.mark.case(172)
def test_a_made_up_code_leads_to_no_account(world):
    """Though an account has just authorised by the same page, and WeChat told of it."""
    world.event()
    for _ in range(2):
        with pytest.raises(AuthorizationLost):
            world.redirect("code-made-up")

    assert world.version() == 1
    assert world.process().unfinished(COMPONENT) == 0


def test_a_withdrawal_ends_it(world):
    """The refresh token is dead, and so are the calls."""
    world.event()
    world.platform.withdraw(ACCOUNT)
    world.withdraw(at=AT + 60)

    content = world.document().content
    assert (content["state"], content["refresh_token"]) == ("unauthorized", "")
    assert world.tokens.done[-1] == ("drop", ACCOUNT)
    world.withdraw(at=AT + 60)
    assert world.version() == 2


@pytest.mark.case(173)
@pytest.mark.parametrize("earlier", [0, 1, 600])
def test_an_old_withdrawal_after_a_new_authorisation(world, earlier):
    """WeChat tells which one counts, and the calls go on."""
    world.event(at=AT)
    done = list(world.tokens.done)
    world.withdraw(at=AT - earlier)

    assert is_saved(world)
    assert world.version() == 1
    assert world.tokens.done == done


def test_a_withdrawal_in_the_same_second(world):
    """Events have whole seconds, so WeChat has to tell."""
    world.event(at=AT)
    world.platform.withdraw(ACCOUNT)
    world.withdraw(at=AT)
    assert world.document().content["state"] == "unauthorized"


@pytest.mark.case(173)
def test_an_old_authorisation_after_a_withdrawal(world, monkeypatch):
    """It lay in Redis while the documents were away, and the withdrawal too."""

    def away(*_):
        raise StoreAway("PutObject: test")

    monkeypatch.setattr(FolderStore, "create", away)
    with pytest.raises(ServiceUnavailable):
        world.event()
    monkeypatch.undo()
    world.platform.withdraw(ACCOUNT)
    world.withdraw(at=AT + 60)
    _pass_lease(world, monkeypatch)
    assert world.resume() == {"done": 1}

    found = world.document()
    assert found is None or found.content["state"] == "unauthorized"
    assert world.tokens.done == []


def test_a_withdrawal_waits_for_the_documents(world, monkeypatch, at_once):
    """It is not acknowledged, and refresh goes on with it."""
    world.event()
    world.platform.withdraw(ACCOUNT)

    def away(*_):
        raise StoreAway("PutObject: test")

    monkeypatch.setattr(FolderStore, "create", away)
    with pytest.raises(ServiceUnavailable):
        world.withdraw(at=AT + 60)
    monkeypatch.undo()
    _pass_lease(world, monkeypatch)
    assert world.resume() == {"done": 1}
    assert world.document().content["state"] == "unauthorized"


def test_authorised_again_after_a_withdrawal(world):
    """With another refresh token; the old withdrawal, told again, ends nothing."""
    world.event()
    world.platform.withdraw(ACCOUNT)
    world.withdraw(at=AT + 60)
    world.platform.authorize(ACCOUNT, "code-2")
    world.event("code-2", at=AT + 61)
    world.process().withdraw(COMPONENT, ACCOUNT, at=AT + 60)
    world.process().withdraw(COMPONENT, ACCOUNT, at=AT + 59)

    assert is_saved(world, renewal="refresh-code-2")


def test_a_newer_authorisation_is_not_overwritten(world, monkeypatch):
    """An answer that lay in Redis meets a document of a later event."""

    def away(*_):
        raise StoreAway("PutObject: test")

    monkeypatch.setattr(FolderStore, "create", away)
    with pytest.raises(ServiceUnavailable):
        world.event()
    monkeypatch.undo()
    world.platform.authorize(ACCOUNT, "code-2", sets=(1, 2, 3))
    world.event("code-2", at=AT + 60)
    _pass_lease(world, monkeypatch)
    assert world.resume() == {"done": 1}

    assert is_saved(world, renewal="refresh-code-2")
    assert world.version() == 1
    assert [each[2] for each in world.tokens.done] == ["access-2"]


def test_wechat_that_does_not_describe_the_account(world):
    """The document has what the exchange gave: nothing is lost for a name."""

    def refuse(name):
        if name == "api_get_authorizer_info":
            raise WeChatRefused(45009, "quota")

    world.platform.before = refuse
    world.event()
    assert is_saved(world)
    assert world.document().content["user_name"] == ""


def test_accounts_do_not_meet(world):
    """Each has its own code, record and document."""
    world.platform.authorize(OTHER, "code-2")
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(world.event)
        two = pool.submit(world.event, "code-2", appid=OTHER)
        assert (one.result(20), two.result(20)) == (ACCOUNT, OTHER)

    assert is_saved(world)
    assert is_saved(world, OTHER, renewal="refresh-code-2")
