"""One-time codes, and the tokens of the users who agreed."""

import pytest

from sandbox.clock import Clock
from sandbox.errors import WeChatError
from sandbox.ids import Ids
from sandbox.state.codes import Codes
from sandbox.state.user_tokens import UserTokens
from sandbox.state.users import Consent, User


@pytest.fixture
def clock():
    return Clock(lambda: 1_800_000_000)


@pytest.fixture
def codes(clock):
    return Codes(clock, Ids(1), expired=42003)


@pytest.fixture
def user_tokens(clock):
    return UserTokens(clock, Ids(1))


@pytest.fixture
def consent():
    user = User("José", "", "oUnion", {"wx1": "oOpen"})
    return Consent("wx1", user, "snsapi_userinfo")


def errcode_of(action, *arguments):
    with pytest.raises(WeChatError) as caught:
        action(*arguments)
    return caught.value.errcode


def test_a_code_is_good_once(codes):
    """The first use gives its subject, the second is 40163."""
    code = codes.make("wx1", "subject", life=300)

    assert codes.redeem("wx1", code) == "subject"
    assert errcode_of(codes.redeem, "wx1", code) == 40163


def test_a_foreign_code_is_not_used_up(codes):
    """Another app gets 40029 and leaves the code to its owner."""
    code = codes.make("wx1", "subject", life=300)

    assert errcode_of(codes.redeem, "wx2", code) == 40029
    assert codes.redeem("wx1", code) == "subject"
    assert errcode_of(codes.redeem, "wx1", "no such code") == 40029


def test_a_late_code_is_expired(codes, clock):
    """At the end of its life a code answers the errcode it was set up with."""
    code = codes.make("wx1", "subject", life=300)
    clock.advance(300)

    assert errcode_of(codes.redeem, "wx1", code) == 42003


def test_a_live_user_token_is_renewed(user_tokens, consent, clock):
    """A refresh while it lives keeps the token and gives it two more hours."""
    token = user_tokens.issue(consent)
    clock.advance(7000)
    renewed = user_tokens.refresh("wx1", token.refresh_token)
    clock.advance(7000)

    assert renewed.value == token.value
    assert user_tokens.check(token.value, "oOpen") == consent


def test_a_dead_user_token_is_replaced(user_tokens, consent, clock):
    """A refresh after its end gives another token; the dead one stays expired."""
    token = user_tokens.issue(consent)
    clock.advance(7200)
    renewed = user_tokens.refresh("wx1", token.refresh_token)

    assert errcode_of(user_tokens.check, token.value, "oOpen") == 42001
    assert user_tokens.check(renewed.value, "oOpen") == consent


def test_a_refresh_token_lives_thirty_days(user_tokens, consent, clock):
    """Refreshing does not prolong them: after thirty days it is 42002."""
    token = user_tokens.issue(consent)
    clock.advance(29 * 86400)
    user_tokens.refresh("wx1", token.refresh_token)
    clock.advance(86400)

    assert errcode_of(user_tokens.refresh, "wx1", token.refresh_token) == 42002


def test_a_refresh_token_belongs_to_its_app(user_tokens, consent):
    """Another app, and a made-up token, are 40030."""
    token = user_tokens.issue(consent)

    assert errcode_of(user_tokens.refresh, "wx2", token.refresh_token) == 40030
    assert errcode_of(user_tokens.refresh, "wx1", token.value) == 40030


def test_a_user_token_belongs_to_its_openid(user_tokens, consent):
    """Another openid is 40003, another token 40001 without the cgi-bin advice."""
    token = user_tokens.issue(consent)

    assert errcode_of(user_tokens.check, token.value, "oOther") == 40003
    with pytest.raises(WeChatError) as caught:
        user_tokens.check("made up", "oOpen")

    assert caught.value.errmsg == (
        "invalid credential, access_token is invalid or not latest"
    )
