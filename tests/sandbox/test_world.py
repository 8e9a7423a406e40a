"""The world at its start, and back there after a reset."""

from dataclasses import asdict

import pytest

from sandbox.clock import Clock
from sandbox.errors import WeChatError
from sandbox.ids import Ids
from sandbox.state.apps import change_app, make_app
from sandbox.world import World


class Notes:
    """A state class as the catalogue has them."""

    def __init__(self):
        self.lines = []


@pytest.fixture
def world():
    return World(Clock(lambda: 1_800_000_000), Ids(1))


def shown(world):
    apps = [asdict(app) for app in world.apps.values()]
    return apps, [asdict(user) for user in world.users]


def test_the_seeded_state(world):
    """One app of each kind on one open platform account, and users of all sorts."""
    apps = list(world.apps.values())

    assert [app.kind for app in apps] == [
        "service",
        "website",
        "miniprogram",
        "component",
        "mobile",
    ]
    assert {(app.bound, app.callback_domain) for app in apps} == {(True, "127.0.0.1")}
    assert "José" in [user.nickname for user in world.users]
    assert any("🦌" in user.nickname for user in world.users)
    assert all(len(user.openid) == 4 for user in world.users)
    assert [bool(user.subscribed) for user in world.users] == [True, True, True, False]


def test_a_reset_brings_the_seeded_state_back(world):
    """Apps and users are as before, what was issued since is unknown."""
    before = shown(world)
    appid = next(iter(world.apps))
    token = world.tokens.issue(appid)
    world.of(appid, Notes).lines.append("x")
    world.users[0].nickname = "changed"
    world.add_app(make_app(world.ids, kind="service", name="more"))
    world.clock.advance(100)
    world.reset()

    assert shown(world) == before
    assert world.of(appid, Notes).lines == []
    assert world.clock.now() == 1_800_000_000
    with pytest.raises(WeChatError):
        world.tokens.check(token.value)


def test_nothing_is_issued_twice_across_a_reset(world):
    """A token from before a reset can never become valid again."""
    appid = next(iter(world.apps))
    before = world.tokens.issue(appid)
    world.reset()

    assert world.tokens.issue(appid).value != before.value


def test_state_is_one_instance_per_app(world):
    """The same app gets the same instance, another app another."""
    assert world.of("wx1", Notes) is world.of("wx1", Notes)
    assert world.of("wx1", Notes) is not world.of("wx2", Notes)


def test_users_are_found_by_their_openid_at_the_app(world):
    """An openid is good at its own app only."""
    service, website = list(world.apps)[:2]
    user = world.users[1]

    assert world.user_of(service, user.openid[service]) is user
    with pytest.raises(WeChatError) as caught:
        world.user_of(website, user.openid[service])

    assert caught.value.errcode == 40003


def test_a_new_app_knows_everybody(world):
    """Every user gets an openid at an added app, and keeps it when it changes."""
    app = make_app(world.ids, kind="service", name="more")
    world.add_app(app)
    openids = [user.openid[app.appid] for user in world.users]
    world.add_app(change_app(app, {"name": "other"}))

    assert len(set(openids)) == len(world.users)
    assert [user.openid[app.appid] for user in world.users] == openids


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "shop"},
        {"refusal": "maybe"},
        {"secret": 1},
        {"bound": "yes"},
        {"colour": "red"},
    ],
)
def test_a_setting_that_does_not_fit_is_named(world, changes):
    """An app takes only settings it has, of their types."""
    app = next(iter(world.apps.values()))

    with pytest.raises(ValueError, match=next(iter(changes))):
        change_app(app, changes)
