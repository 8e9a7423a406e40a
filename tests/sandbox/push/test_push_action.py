"""Actions that a pushed message reports: they open the 48 hours, or end them."""

import pytest

from sandbox.catalogue.state.conversations import Conversations
from sandbox.clock import Clock
from sandbox.errors import WeChatError
from sandbox.ids import Ids
from sandbox.push_action import note_action
from sandbox.world import World

NOW = 1_760_000_000
TEXT = {"FromUserName": "o1", "MsgType": "text"}


def event(name):
    return {"FromUserName": "o1", "MsgType": "event", "Event": name}


def messages_after(*pushed):
    """Return how many messages the account may send after these were pushed."""
    world = World(Clock(lambda: NOW), Ids(1))
    app = next(app for app in world.apps.values() if app.kind == "service")
    for message in pushed:
        note_action(world, app, message)
    conversations, sent = world.of(app.appid, Conversations), 0
    try:
        while sent < 10:
            conversations.say("o1", now=NOW)
            sent += 1
    except WeChatError:
        return sent
    return None


@pytest.mark.parametrize(
    ("message", "messages"),
    [
        pytest.param(TEXT, 5, id="text"),
        pytest.param({**TEXT, "MsgType": "image"}, 5, id="image"),
        pytest.param(event("CLICK"), 3, id="menu"),
        pytest.param(event("location_select"), 3, id="place from a menu"),
        pytest.param(event("subscribe"), 3, id="follow"),
        pytest.param(event("SCAN"), 3, id="scan"),
        pytest.param(event("TEMPLATESENDJOBFINISH"), 0, id="a report"),
        pytest.param(event(["CLICK"]), 0, id="no event's name"),
        pytest.param({"InfoType": "authorized"}, 0, id="to a component"),
        pytest.param({"FromUserName": "o1"}, 0, id="no message"),
        pytest.param({**TEXT, "FromUserName": 1}, 0, id="no openid"),
        pytest.param({**TEXT, "FromUserName": "o2"}, 0, id="somebody else"),
    ],
)
def test_an_action_lets_the_account_write(message, messages):
    """A message allows the most; what nobody did allows nothing."""
    assert messages == messages_after(message)


def test_leaving_ends_the_window():
    """After unsubscribe nothing may be written any more."""
    assert messages_after(TEXT, event("unsubscribe")) == 0
