"""Sessions of mini programs: the newest counts, and not too many a minute."""

import pytest

from sandbox.clock import Clock
from sandbox.errors import WeChatError
from sandbox.ids import Ids
from sandbox.state.sessions import Sessions
from sandbox.state.users import User

ANN = User("Ann", "", "oAnnUnion", {"wx1": "oAnn"})
BEN = User("Ben", "", "oBenUnion", {"wx1": "oBen"})


@pytest.fixture
def clock():
    return Clock(lambda: 1_800_000_000)


@pytest.fixture
def sessions(clock):
    return Sessions(clock, Ids(1))


def test_a_hundred_logins_a_minute(sessions, clock):
    """The next one of that user is 45011 until the minute is over."""
    ann, ben = sessions.start("wx1", ANN), sessions.start("wx1", BEN)
    for _ in range(100):
        sessions.admit(ann)
    with pytest.raises(WeChatError) as caught:
        sessions.admit(ann)

    assert caught.value.errcode == 45011
    assert caught.value.errmsg == (
        "api minute-quota reach limit  mustslower  retry next minute"
    )
    sessions.admit(ben)
    clock.advance(60)

    assert sessions.admit(ann) is None


def test_the_newest_session_counts(sessions):
    """Each login replaces the key; somebody who never came has none."""
    older, newer = sessions.start("wx1", ANN), sessions.start("wx1", ANN)

    assert older.session_key != newer.session_key
    assert sessions.newest("wx1", "oAnn") is newer
    with pytest.raises(WeChatError) as caught:
        sessions.newest("wx1", "oBen")

    assert caught.value.errcode == 87007
