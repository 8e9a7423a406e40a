"""Apps and users of the initial state."""

from __future__ import annotations

from sandbox.ids import Ids
from sandbox.state.apps import App, make_app
from sandbox.state.users import User

APPS = (
    ("service", "青禾书店"),
    ("website", "青禾书店网站"),
    ("miniprogram", "青禾读书"),
    ("component", "青禾开放平台"),
    ("mobile", "青禾书店 App"),
)
NICKNAMES = ("张晓雨", "小鹿🦌🌿", "José", "陌生的读者")
FOLLOWED_AT = 1_700_000_000


def seed_apps(ids: Ids) -> list[App]:
    """Return one app of each kind, all bound to one open platform account."""
    return [make_app(ids, kind=kind, name=name) for kind, name in APPS]


def seed_users(ids: Ids, apps: list[App]) -> list[User]:
    """Return the users; all but the last follow the service accounts."""
    users = [make_user(ids, nickname, apps) for nickname in NICKNAMES]
    for user in users[:-1]:
        for app in apps:
            if app.kind == "service":
                user.subscribed[app.appid] = FOLLOWED_AT
    return users


def make_user(ids: Ids, nickname: str, apps: list[App]) -> User:
    """Return a user with an openid at each of the apps."""
    user = User(nickname, avatar=ids.avatar(), unionid=ids.unionid())
    for app in apps:
        join(ids, user, app)
    user.phone_number = ids.phone_number()
    return user


def join(ids: Ids, user: User, app: App) -> None:
    """Give the user an openid at the app; nobody signs in to a component."""
    if app.kind != "component":
        user.openid[app.appid] = ids.openid()
