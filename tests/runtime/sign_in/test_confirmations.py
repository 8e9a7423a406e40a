"""Confirmations: one phone, four digits, three tries, five minutes, and once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from runtime.errors import ServiceUnavailable
from runtime.sign_in.confirmations import (
    CONFIRMED,
    EXPIRED,
    FAILED,
    KEPT_SECONDS,
    MOST_WRONG,
    OPEN_SECONDS,
    REFUSED,
    TYPING_SECONDS,
    USED,
    WAITING,
    Asked,
    Confirmation,
    Confirmations,
    Taken,
    confirmation_id,
    random_digits,
)
from runtime.state.redis_clients import connect
from runtime.state.redis_store import RedisStore
from tests.support.relay import Relay

ID = "AbCd-0123_EfGh45"
ASKED = Asked("demo", "wx" + "a" * 16, device="Chrome, Windows", browser="f" * 64)
USER = {"wechat_openid": "o-1", "name": "张三"}
OTHER = {"wechat_openid": "o-2", "name": "李四"}


def make(url, *, digits="0815", **more):
    store = RedisStore(lambda: connect(url))
    return Confirmations(store, digits=lambda: digits, **more)


@pytest.fixture
def confirmations(redis_server):
    return make(redis_server.url)


@pytest.fixture
def confirmed(confirmations):
    """A confirmation that the first user has confirmed."""
    confirmations.start(ID, ASKED)
    confirmations.confirm(ID, by="one", user=USER)
    return confirmations


def test_the_id_is_short_and_tells_no_state():
    """16 characters of a URL, another one for each flow."""
    one, other = confirmation_id("0" * 32), confirmation_id("1" * 32)

    assert (16, 16) == (len(one), len(other))
    assert one != other
    assert one == confirmation_id("0" * 32)


def test_it_waits_as_it_was_asked(confirmations):
    """For five minutes; to begin it again changes nothing."""
    begun = confirmations.start(ID, ASKED)
    again = confirmations.start(ID, Asked("other", "wx" + "b" * 16))

    assert Confirmation(ASKED, WAITING, seconds=OPEN_SECONDS) == begun
    assert (ASKED, WAITING) == (again.asked, again.state)
    assert confirmations.find("another-id-of-16") is None


def test_the_digits_sign_in_whoever_confirmed(confirmed):
    """They are shown to that user, and the user comes out."""
    found = confirmed.find(ID)

    assert (CONFIRMED, "one", "0815") == (found.state, found.by, found.digits)
    assert Taken(USER, ASKED) == confirmed.take(ID, "0815")
    assert USED == confirmed.find(ID).state


def test_without_a_phone_no_digits_are_right(confirmations):
    """Not even none; and nothing is counted, so nobody can end it so."""
    confirmations.start(ID, ASKED)
    answers = [confirmations.take(ID, each) for each in ("", "0815", "0000", "1")]

    assert [(WAITING, MOST_WRONG)] * 4 == [(a.state, a.tries) for a in answers]


def test_the_first_user_is_the_one(confirmed):
    """Whoever comes second changes nothing and cannot refuse."""
    second = confirmed.confirm(ID, by="two", user=OTHER)
    confirmed.refuse(ID, by="two")

    assert (CONFIRMED, "one") == (second.state, second.by)
    assert Taken(USER, ASKED) == confirmed.take(ID, "0815")


def test_the_same_user_gets_the_same_digits(redis_server, confirmed):
    """On another phone, too: WeChat knows whose it is."""
    again = make(redis_server.url, digits="4711").confirm(ID, by="one", user=USER)

    assert "0815" == again.digits


def test_two_phones_at_once(redis_server):
    """One of many confirms, and all are told the same one."""
    made = make(redis_server.url)
    made.start(ID, ASKED)
    names = [f"user-{number}" for number in range(16)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda by: made.confirm(ID, by=by, user={}).by, names))

    assert 1 == len(set(found))


def test_three_wrong_digits_end_it(confirmed):
    """The right ones come too late then, and Redis has forgotten the user."""
    tries = [confirmed.take(ID, wrong).tries for wrong in ("0816", "", "08150")]
    late = confirmed.take(ID, "0815")

    assert [2, 1, 0] == [each if each < MOST_WRONG else 0 for each in tries]
    assert (FAILED, "") == (late.state, late.digits)
    assert FAILED == confirmed.confirm(ID, by="one", user=USER).state


def test_guesses_at_once_are_all_counted(redis_server):
    """Twenty instances guess no more often than one."""
    made = make(redis_server.url)
    made.start(ID, ASKED)
    made.confirm(ID, by="one", user=USER)
    guesses = [f"{number:04}" for number in range(20)]
    with ThreadPoolExecutor(8) as pool:
        states = [each.state for each in pool.map(lambda g: made.take(ID, g), guesses)]

    assert MOST_WRONG - 1 == states.count(CONFIRMED)
    assert 20 - states.count(CONFIRMED) == states.count(FAILED)


def test_the_right_digits_again_are_the_same_answer(confirmed):
    """A browser may send its form twice; wrong ones open nothing then."""
    answers = [confirmed.take(ID, "0815") for _ in range(2)]

    assert [Taken(USER, ASKED)] * 2 == answers
    assert USED == confirmed.take(ID, "0816").state


@pytest.mark.parametrize("by", ["one", "two"])
def test_whoever_has_scanned_may_refuse_before(confirmations, by):
    """Then nobody can confirm."""
    confirmations.start(ID, ASKED)
    confirmations.refuse(ID, by=by)
    found = confirmations.confirm(ID, by="one", user=USER)

    assert (REFUSED, by) == (found.state, found.by)


def test_who_has_confirmed_may_think_better_of_it(confirmed):
    """The digits are worth nothing then; after a sign-in it is too late."""
    confirmed.refuse(ID, by="one")
    taken = confirmed.take(ID, "0815")

    assert REFUSED == taken.state


def test_it_expires_and_cannot_be_begun_again(redis_server):
    """It is remembered for as long as its flow."""
    made = make(redis_server.url, open_seconds=0.05)
    made.start(ID, ASKED)
    time.sleep(0.1)
    late = made.confirm(ID, by="one", user=USER)

    assert (EXPIRED, 0) == (late.state, late.seconds)
    assert EXPIRED == made.start(ID, ASKED).state
    life = redis_server.client().pttl(next(redis_server.client().scan_iter("*")))
    assert KEPT_SECONDS * 1000 - 5000 < life <= KEPT_SECONDS * 1000


def test_there_is_time_to_type(redis_server):
    """Whoever confirms in the last second has two minutes for the digits."""
    made = make(redis_server.url, open_seconds=10)
    made.start(ID, ASKED)
    found = made.confirm(ID, by="one", user=USER)

    assert TYPING_SECONDS - 5 < found.seconds <= TYPING_SECONDS


def test_digits_that_come_too_late(redis_server):
    """They are not even compared."""
    made = make(redis_server.url, open_seconds=0.3, typing_seconds=0.0)
    made.start(ID, ASKED)
    assert CONFIRMED == made.confirm(ID, by="one", user=USER).state
    time.sleep(0.4)

    assert EXPIRED == made.take(ID, "0815").state


def test_digits_are_four_and_each_may_come():
    """0000 as well as 9999."""
    made = {random_digits() for _ in range(2000)}

    assert {4} == {len(each) for each in made}
    assert any(each.startswith("0") for each in made)
    assert 1500 < len(made)


@pytest.mark.parametrize("digits", ["0815", "0816"])
def test_a_lost_answer_is_no_second_attempt(redis_server, digits):
    """Redis has counted a wrong attempt, or taken the right one, and nobody heard."""
    with Relay(redis_server.port) as proxy:
        through = make(proxy.url)
        through.start(ID, ASKED)
        proxy.begin(swallow=1)
        through.confirm(ID, by="one", user=USER)
        assert proxy.swallowed
        proxy.begin(swallow=1)
        found = through.take(ID, digits)
        assert proxy.swallowed

    if digits == "0815":
        assert Taken(USER, ASKED) == found
    else:
        assert (CONFIRMED, MOST_WRONG - 1) == (found.state, found.tries)


def test_without_redis_nobody_is_signed_in():
    """It is an error, and no answer."""
    with pytest.raises(ServiceUnavailable):
        make("redis://127.0.0.1:1/0").take(ID, "0815")
