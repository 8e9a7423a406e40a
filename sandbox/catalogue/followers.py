"""Users by openid, and whether they follow the account."""

from __future__ import annotations

from sandbox.catalogue.fields import Fields, texts
from sandbox.errors import WeChatError
from sandbox.world import App, User, World


def followers(world: World, app: App) -> list[str]:
    """Return the openids of all followers, the longest follower first."""
    following = [user for user in world.users if app.appid in user.subscribed]
    following.sort(key=lambda user: user.subscribed[app.appid])
    return [user.openid[app.appid] for user in following]


def follower(world: World, app: App, openid: str, *, otherwise: int) -> User:
    """Return a follower; 40003 for an unknown openid, `otherwise` for other users."""
    user = world.user_of(app.appid, openid)
    if app.appid not in user.subscribed:
        raise WeChatError(otherwise)
    return user


def listed_followers(world: World, app: App, fields: Fields, *, most: int) -> list[str]:
    """Return `openid_list`; 40032 for its length, 40003 and 50005 for its users."""
    openids = texts(fields, "openid_list", missing=40031)
    if not 1 <= len(openids) <= most:
        raise WeChatError(40032)
    for openid in openids:
        follower(world, app, openid, otherwise=50005)
    return openids
