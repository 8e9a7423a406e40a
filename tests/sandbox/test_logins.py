"""States of a QR code, from its display to the answer."""

import pytest

from sandbox.clock import Clock
from sandbox.ids import Ids
from sandbox.state.logins import (
    CONFIRMED,
    EXPIRED,
    GONE,
    REFUSED,
    SCANNED,
    WAITING,
    LoginConflict,
    Logins,
)
from sandbox.state.users import User

ANN = User("Ann", "", "oAnn")
BEN = User("Ben", "", "oBen")


@pytest.fixture
def clock():
    return Clock(lambda: 1_800_000_000)


@pytest.fixture
def logins(clock):
    return Logins(clock, Ids(1))


def test_the_steps_to_a_confirmation(logins):
    """Waiting, scanned, confirmed with its code."""
    uuid = logins.open("wx1").uuid
    seen = [logins.status(uuid)]
    logins.scan(uuid, ANN)
    seen.append(logins.status(uuid))
    logins.confirm(uuid, ANN, "CODE")
    seen.append(logins.status(uuid))

    assert seen == [WAITING, SCANNED, CONFIRMED]
    assert logins.code(uuid) == "CODE"


def test_a_refused_qr_code_may_be_scanned_again(logins):
    """After a refusal anybody may scan it anew."""
    uuid = logins.open("wx1").uuid
    logins.refuse(uuid, ANN)

    assert logins.status(uuid) == REFUSED
    logins.scan(uuid, BEN)

    assert logins.status(uuid) == SCANNED


def test_a_qr_code_lives_five_minutes(logins, clock):
    """Then it cannot be scanned or confirmed any more."""
    waiting, scanned = logins.open("wx1").uuid, logins.open("wx1").uuid
    logins.scan(scanned, ANN)
    clock.advance(300)

    assert (logins.status(waiting), logins.status(scanned)) == (EXPIRED, EXPIRED)
    with pytest.raises(LoginConflict):
        logins.scan(waiting, ANN)
    with pytest.raises(LoginConflict):
        logins.confirm(scanned, ANN, "CODE")


def test_a_confirmation_outlives_the_qr_code(logins, clock):
    """The page that asks late still learns the code."""
    uuid = logins.open("wx1").uuid
    logins.confirm(uuid, ANN, "CODE")
    clock.advance(301)

    assert logins.status(uuid) == CONFIRMED


@pytest.mark.parametrize("act", ["scan", "refuse"])
def test_nobody_answers_for_another(logins, act):
    """Once somebody scanned it, another user's phone is refused."""
    uuid = logins.open("wx1").uuid
    logins.scan(uuid, ANN)

    with pytest.raises(LoginConflict):
        getattr(logins, act)(uuid, BEN)

    assert logins.status(uuid) == SCANNED


def test_a_confirmed_qr_code_is_done(logins):
    """It is neither confirmed twice nor refused afterwards."""
    uuid = logins.open("wx1").uuid
    logins.confirm(uuid, ANN, "CODE")

    with pytest.raises(LoginConflict):
        logins.confirm(uuid, ANN, "OTHER")
    with pytest.raises(LoginConflict):
        logins.refuse(uuid, ANN)

    assert logins.code(uuid) == "CODE"


def test_the_phone_sees_the_newest_first(logins, clock):
    """Pending are the codes that can still be answered, newest first."""
    logins.open("wx1")
    clock.advance(200)
    second, done, third = (logins.open("wx1").uuid for _ in range(3))
    logins.confirm(done, ANN, "CODE")
    clock.advance(100)

    assert [login.uuid for login in logins.pending()] == [third, second]


def test_a_code_whose_page_is_closed_is_not_pending(clock, logins):
    """One that was never polled is, and a poll that comes back brings it back."""
    closed, never = logins.open("wx1"), logins.open("wx1")
    with logins.polled(closed.uuid):
        clock.advance(60)
        polling = logins.pending()
    clock.advance(GONE + 1)
    without = logins.pending()
    with logins.polled(closed.uuid):
        again = logins.pending()

    assert [never, closed] == polling == again
    assert [never] == without
