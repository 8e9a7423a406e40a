"""Corps as their administrators set them up: departments, members, apps, robots."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from sandbox.ids import Ids
from sandbox.state.users import User

PURPOSES = ("contacts", "customers", "kf")
"""Names of the secrets that belong to no app of the corp's own."""

OWN = "own"
ROOT = 1
ANY_PORT = ":*"
"""End of a trusted domain that takes every port; only the seed has it."""


@dataclass(frozen=True, slots=True)
class WecomApp:
    """One secret of a corp: an app of its own with an agentid, or one of PURPOSES.

    `visible` are the departments that see the app, and empty for all of them; the
    `ip_whitelist` is the list of trusted addresses, and empty where none is set;
    `robots` are webhook keys by name, which the gateway's documents call by it.
    """

    appid: str
    kind: str
    corpid: str
    agentid: str
    name: str
    secret: str = field(repr=False)
    callback_domain: str
    js_domain: str
    token: str = field(repr=False)
    encoding_aes_key: str = field(repr=False)
    callback_url: str = ""
    ip_whitelist: tuple[str, ...] = ()
    visible: tuple[int, ...] = ()
    disabled: bool = False
    robots: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def purpose(self) -> str:
        """Return what the secret is for: `own`, or one of PURPOSES."""
        return OWN if self.agentid else self.appid.partition("-")[2]


@dataclass(frozen=True, slots=True)
class Department:
    """A department below another one; the corp itself is the department ROOT."""

    id: int
    name: str
    parentid: int


@dataclass(slots=True)
class Member:
    """A user in the corp's address book."""

    userid: str
    user: User
    department: list[int]
    position: str = ""
    gender: str = "0"
    mobile: str = ""
    email: str = ""
    biz_mail: str = ""
    address: str = ""


@dataclass(slots=True)
class Corp:
    """A company: its departments, and its members by userid in lower case."""

    corpid: str
    name: str
    departments: list[Department] = field(default_factory=list)
    members: dict[str, Member] = field(default_factory=dict)

    def member(self, userid: str) -> Member | None:
        """Return the member; the case of a userid does not matter."""
        return self.members.get(userid.lower())

    def member_of(self, user: User) -> Member | None:
        """Return the user's entry in the address book."""
        return self.member(user.userid.get(self.corpid, ""))

    def below(self, department: int) -> list[Department]:
        """Return the department and all below it."""
        found = [one for one in self.departments if one.id == department]
        for one in self.departments:
            if one.parentid == department:
                found += self.below(one.id)
        return found

    def sees(self, app: WecomApp, member: Member) -> bool:
        """Tell whether the member is in the app's visible range."""
        return not app.visible or any(
            below.id in member.department
            for department in app.visible
            for below in self.below(department)
        )


def make_wecom_app(ids: Ids, *, corpid: str, name: str, shown: str) -> WecomApp:
    """Return a new app; `name` is its agentid, or one of PURPOSES."""
    agentid = name if name.isdecimal() else ""
    if not agentid and name not in PURPOSES:
        raise ValueError(f"an app's name is its agentid or one of {PURPOSES}")
    return WecomApp(
        appid=f"{corpid}-{name}",
        kind="wecom",
        corpid=corpid,
        agentid=agentid,
        name=shown,
        secret=ids.text(_SECRET, 43),
        callback_domain=f"127.0.0.1{ANY_PORT}",
        js_domain="127.0.0.1",
        token=ids.push_token(),
        encoding_aes_key=aes_key(ids),
        robots={"alarms": robot_key(ids)} if agentid else {},
    )


def aes_key(ids: Ids) -> str:
    """Return 43 letters and digits whose last one carries bits that no key has.

    A strict decoder of base64 refuses them; they are dropped.
    """
    return ids.text(_WORD, 42) + ids.text(_UNEVEN, 1)


def robot_key(ids: Ids) -> str:
    """Return the key of a group robot's webhook, which has the form of a UUID."""
    return "-".join(ids.text("0123456789abcdef", length) for length in (8, 4, 4, 4, 12))


def change_wecom_app(app: WecomApp, changes: Mapping[str, Any]) -> WecomApp:
    """Return the app with settings changed; ValueError names one that does not fit."""
    known = {setting.name for setting in fields(WecomApp)}
    settings = dict(changes)
    for name, value in changes.items():
        if name not in known:
            raise ValueError(f"a WeCom app has no setting {name!r}")
        if name in ("ip_whitelist", "visible"):
            settings[name] = value = tuple(value)
        if type(value) is not type(getattr(app, name)):
            raise ValueError(f"the setting {name!r} is of another type")
        if name in ("appid", "kind", "corpid", "agentid") and value != getattr(
            app, name
        ):
            raise ValueError(f"the setting {name!r} cannot be changed")
    changed = replace(app, **settings)
    urlsplit(changed.callback_url)
    for address in changed.ip_whitelist:
        ip_address(address)  # single addresses only
    if not all(type(one) is int for one in changed.visible):
        raise ValueError("visible is a list of departments' numbers")
    return changed


def seed_corps(ids: Ids, users: Sequence[User]) -> tuple[list[Corp], list[WecomApp]]:
    """Return two corps and their apps.

    `ZhangSan` is a userid of both corps, and two people; the second user is a member
    of both corps, and the last user of none.
    """
    corps = [
        Corp(corpid(ids), "青禾文化", _tree("青禾文化", "编辑部", "门店")),
        Corp(corpid(ids), "晨风科技", _tree("晨风科技", "研发部", "客户服务部")),
    ]
    first, second = corps
    join(ids, first, users[0], "ZhangSan", [2], position="编辑")
    join(ids, first, users[1], "XiaoLu", [2, 3], position="店长")
    join(ids, second, users[1], "lu.xiao", [3], position="顾问")
    join(ids, second, users[2], "ZhangSan", [2], position="工程师")
    apps = [
        make_wecom_app(ids, corpid=corp.corpid, name=name, shown=corp.name + shown)
        for corp in corps
        for name, shown in (("1000002", "工作台"), ("contacts", "通讯录同步"))
    ]
    return corps, apps


def corpid(ids: Ids) -> str:
    """Return `ww` and 16 hex digits."""
    return "ww" + ids.appid()[2:]


def join(
    ids: Ids,
    corp: Corp,
    user: User,
    userid: str,
    department: list[int],
    *,
    position: str = "",
) -> Member:
    """Write the user into the corp's address book."""
    leave(corp, user)
    member = Member(
        userid,
        user,
        department,
        position=position,
        gender="1",
        mobile=ids.phone_number(),
        email=f"{userid.lower()}@mail.example.com",
        biz_mail=f"{userid.lower()}@{corp.corpid}.example.com",
        address="杭州市西湖区",
    )
    corp.members[userid.lower()] = member
    user.userid[corp.corpid] = userid
    return member


def leave(corp: Corp, user: User) -> None:
    """Take the user out of the corp's address book."""
    corp.members.pop(user.userid.pop(corp.corpid, "").lower(), None)


def _tree(corp: str, *below: str) -> list[Department]:
    found = [Department(ROOT, corp, 0)]
    return found + [
        Department(ROOT + 1 + at, name, ROOT) for at, name in enumerate(below)
    ]


_WORD = string.ascii_uppercase + string.ascii_lowercase + string.digits
_SECRET = _WORD + "_-"
_UNEVEN = "".join(letter for at, letter in enumerate(_WORD) if at % 4)
