"""The list of a component's accounts: it fills gaps, and deletes nothing."""

from __future__ import annotations

import pytest

from runtime.crypto.envelope import Envelope
from runtime.errors import ServiceUnavailable, WeChatRefused
from runtime.gateway import Gateway
from runtime.registry.authorizers import Authorizers
from runtime.registry.models import App
from runtime.wechat import authorizer_list as module
from runtime.wechat.authorizations import AuthorizationCode, Authorizations
from runtime.wechat.authorizer_list import AuthorizerList
from tests.support.open_platform import Platform, Tokens

COMPONENT = App("wx" + "c" * 16, "component", secret="5" * 32)
ACCOUNT, OTHER, THIRD = ("wx" + letter * 16 for letter in "def")
AT = 1_700_000_000


class World:
    """A component of three accounts; the gateway has taken the first."""

    def __init__(self, settings):
        self.gateway = Gateway(settings)
        self.platform, self.tokens = Platform(), Tokens()
        self.authorizers = Authorizers(self.gateway.documents)
        self.authorizations = Authorizations(
            self.gateway.redis_store,
            Envelope(settings.master_keys),
            self.authorizers,
            ask=self.platform.ask,
            tokens=self.tokens,
        )
        self.list = AuthorizerList(
            self.authorizers,
            self.authorizations,
            ask=self.platform.ask,
            tokens=self.tokens,
            known=self.authorizers.newest,
            now=lambda: AT + 100,
        )
        for number, appid in enumerate((ACCOUNT, OTHER, THIRD)):
            self.platform.authorize(appid, f"code-{number}")
        self.take("code-0", ACCOUNT)
        self.tokens.done.clear()

    def take(self, code, appid):
        came = AuthorizationCode(code, AT, appid)
        self.authorizations.take(COMPONENT, came, way="event")

    def exchange_elsewhere(self, appid):
        self.platform.standing[appid]["exchanged"] = True

    def pull(self, seconds=60):
        return self.list.pull(COMPONENT, seconds=seconds)

    def document(self, appid):
        return self.authorizers.newest(COMPONENT.appid, appid)


@pytest.fixture
def world(settings):
    return World(settings)


def test_gaps_are_filled(world):
    """Of what was exchanged once; of the rest WeChat has no refresh token."""
    world.exchange_elsewhere(OTHER)
    pulled = world.pull()

    assert (pulled.listed, pulled.unchanged) == (3, 1)
    assert (pulled.filled, pulled.not_exchanged) == ([OTHER], [THIRD])
    found = world.document(OTHER)
    assert found.refresh_token == "refresh-code-1"
    assert (found.kind, found.user_name, found.stands) == ("service", "gh_eeeeee", True)
    assert world.document(THIRD) is None
    assert world.tokens.done == [("drop", OTHER)]


def test_a_second_pull_changes_nothing(world):
    """No version, and no call for an account that is as the list has it."""
    world.exchange_elsewhere(OTHER)
    world.pull()
    asked = world.platform.times("api_get_authorizer_info")
    pulled = world.pull()

    assert (pulled.unchanged, pulled.filled) == (2, [])
    assert world.document(OTHER).revision == 1
    assert world.platform.times("api_get_authorizer_info") == asked


def test_nothing_is_deleted(world):
    """An account that the list lacks keeps its document."""
    before = world.document(ACCOUNT)
    world.platform.withdraw(ACCOUNT)
    pulled = world.pull()

    assert pulled.listed == 2
    assert world.document(ACCOUNT) == before


def test_another_refresh_token_counts(world):
    """Another program has taken a new one with the component's secret."""
    world.platform.standing[ACCOUNT]["token"] = "refresh-9"
    assert world.pull().filled == [ACCOUNT]
    assert world.document(ACCOUNT).refresh_token == "refresh-9"


def test_what_was_not_told_of_an_account_is_filled_in(world):
    """WeChat did not describe it when it authorised; its token stays."""

    def refuse(name):
        if name == "api_get_authorizer_info":
            raise WeChatRefused(45009, "quota")

    world.platform.before = refuse
    world.take("code-1", OTHER)
    world.platform.before = None
    world.tokens.done.clear()
    assert world.document(OTHER).user_name == ""
    assert world.pull().filled == [OTHER]
    assert world.document(OTHER).user_name == "gh_eeeeee"
    assert world.tokens.done == []


def test_a_withdrawal_whose_opposite_was_lost(world):
    """WeChat says that the authorisation stands, so it does."""
    world.authorizations.withdraw(COMPONENT, ACCOUNT, at=AT + 10)
    assert not world.document(ACCOUNT).stands
    assert world.pull().filled == [ACCOUNT]
    found = world.document(ACCOUNT)
    assert (found.stands, found.authorized_at) == (True, AT + 10)


def test_what_comes_meanwhile_counts(world):
    """An event that is taken while WeChat is asked is newer than the answer."""
    world.platform.authorize(ACCOUNT, "code-8")

    def take(name):
        if name == "api_get_authorizer_info":
            world.platform.after = None
            world.platform.authorize(ACCOUNT, "code-9")
            came = AuthorizationCode("code-9", AT + 50, ACCOUNT)
            world.authorizations.take(COMPONENT, came, way="event")

    world.platform.standing[ACCOUNT]["exchanged"] = True
    world.platform.after = take
    world.pull()
    assert world.document(ACCOUNT).refresh_token == "refresh-code-9"


def test_all_pages_are_read(world, monkeypatch):
    """However many accounts there are."""
    monkeypatch.setattr(module, "PAGE", 2)
    for appid in (OTHER, THIRD):
        world.exchange_elsewhere(appid)
    assert sorted(world.pull().filled) == [OTHER, THIRD]
    assert world.platform.times("api_get_authorizer_list") == 2


def test_one_that_fails_stops_no_other(world):
    """It is named, and a later pull tries again."""
    for appid in (OTHER, THIRD):
        world.exchange_elsewhere(appid)
    first = []

    def refuse(name):
        if name == "api_get_authorizer_info" and not first:
            first.append(name)
            raise WeChatRefused(45009, "quota")

    world.platform.before = refuse
    pulled = world.pull()
    assert (len(pulled.failed), len(pulled.filled)) == (1, 1)
    assert world.pull().filled == pulled.failed


def test_it_ends_in_time(world):
    """Function Compute gives a call a minute."""
    world.exchange_elsewhere(OTHER)
    pulled = world.pull(seconds=0)
    assert len(pulled.left) == 3
    assert world.document(OTHER) is None


def test_without_the_list(world):
    """The operator learns WeChat's own reason."""

    def away(name):
        raise ServiceUnavailable

    world.platform.before = away
    with pytest.raises(ServiceUnavailable):
        world.pull()
