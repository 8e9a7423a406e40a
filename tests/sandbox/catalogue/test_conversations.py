"""The 48 hours in which an account may write, and what "typing" asks for."""

import pytest

from sandbox.catalogue.state.conversations import (
    MESSAGES_AFTER,
    RECENT,
    TYPING_SECONDS,
    WINDOW,
    Conversations,
)
from sandbox.errors import WeChatError


def attempt(act, *arguments, now):
    """Return 0, or the errcode with which the conversation refuses."""
    try:
        act(*arguments, now=now)
    except WeChatError as error:
        return error.errcode
    return 0


def test_nobody_is_written_to_first():
    """Before a user has done anything the window is closed."""
    assert attempt(Conversations().say, "o1", now=0) == 45015


def test_the_window_closes_after_48_hours():
    """It is open until the last second, and opens anew with an action."""
    conversations = Conversations()
    conversations.note("o1", action="message", now=1000)
    last, after = 1000 + WINDOW - 1, 1000 + WINDOW
    outcomes = [attempt(conversations.say, "o1", now=now) for now in (last, after)]
    conversations.note("o1", action="menu", now=after)

    assert [0, 45015] == outcomes
    assert attempt(conversations.say, "o1", now=after) == 0


@pytest.mark.parametrize("action", sorted(MESSAGES_AFTER))
def test_an_action_allows_only_so_many_messages(action):
    """One message too many is refused until the user acts again."""
    conversations, most = Conversations(), MESSAGES_AFTER[action]
    conversations.note("o1", action=action, now=0)
    outcomes = [attempt(conversations.say, "o1", now=0) for _ in range(most + 1)]
    conversations.note("o1", action="message", now=1)

    assert [0] * most + [45047] == outcomes
    assert attempt(conversations.say, "o1", now=1) == 0


def test_a_lesser_action_takes_nothing_away():
    """Neither messages left nor the message of just now are lost to a click."""
    conversations = Conversations()
    conversations.note("o1", action="message", now=0)
    conversations.note("o1", action="menu", now=1)
    left = conversations.check("o1", now=1).left

    assert MESSAGES_AFTER["message"] == left
    assert attempt(conversations.type, "o1", now=1) == 0


def test_users_have_windows_of_their_own():
    """One user's action opens nobody else's window, leaving closes it."""
    conversations = Conversations()
    conversations.note("o1", action="message", now=0)
    conversations.note("o2", action="message", now=0)
    conversations.close("o2")
    outcomes = [attempt(conversations.say, openid, now=0) for openid in ("o1", "o2")]

    assert [0, 45015] == outcomes


def test_an_action_of_no_known_kind_is_an_error():
    """A misspelt kind does not pass for another."""
    with pytest.raises(KeyError):
        Conversations().note("o1", action="wave", now=0)


def test_typing_needs_a_message_just_now():
    """A message either way within thirty seconds allows "typing"."""
    conversations = Conversations()
    stranger = attempt(conversations.type, "o1", now=0)
    conversations.note("o1", action="menu", now=0)
    clicked = attempt(conversations.type, "o1", now=0)
    conversations.note("o1", action="message", now=100)
    too_late = attempt(conversations.type, "o1", now=100 + RECENT)
    in_time = attempt(conversations.type, "o1", now=100 + RECENT - 1)

    assert (45080, 45080, 45080, 0) == (stranger, clicked, too_late, in_time)


def test_typing_shows_until_it_ends_is_stopped_or_a_message_comes():
    """Meanwhile it cannot be shown a second time."""
    conversations = Conversations()
    conversations.note("o1", action="message", now=0)
    conversations.type("o1", now=0)
    outcomes = [attempt(conversations.type, "o1", now=TYPING_SECONDS - 1)]
    conversations.stop_typing("o1")
    outcomes.append(attempt(conversations.type, "o1", now=1))
    conversations.say("o1", now=2)
    outcomes.append(attempt(conversations.type, "o1", now=3))
    outcomes.append(attempt(conversations.type, "o1", now=3 + TYPING_SECONDS))

    assert [45081, 0, 0, 0] == outcomes


def test_stopping_what_nobody_sees_is_no_error():
    """There may be no conversation at all."""
    conversations = Conversations()
    conversations.stop_typing("o1")

    assert attempt(conversations.say, "o1", now=0) == 45015
