"""State of WeCom: corps and apps, what was issued, and the switches of the platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from sandbox.clock import Clock
from sandbox.ids import Ids
from sandbox.state.logins import Logins
from sandbox.state.users import User
from sandbox.wecom.corps import Corp, WecomApp, make_wecom_app, seed_corps
from sandbox.wecom.desk import Desk
from sandbox.wecom.errors import WecomError
from sandbox.wecom.limits import Limits
from sandbox.wecom.links import CorpLink
from sandbox.wecom.tokens import WecomTokens

CODE_LIFE = 300
USER_TICKET_LIFE = 1800


@dataclass(slots=True)
class Rules:
    """Switches for what WeCom's documentation leaves open, or may change.

    `new_token_each_time`: a repeated gettoken gives a new token, and the previous one
    is good for `previous_token_seconds` more. `tell_remaining_life`: `expires_in` is
    what is left, not 7200. `expired_errcode`: of a token that ended by the clock.
    `wrong_secrets`: how many an hour ban an address. `calls_a_minute`: per corp and
    API. `privateinfo_without_agentid`: `error`, or `base` for the silent scope.
    """

    new_token_each_time: bool = False
    previous_token_seconds: int = 7200
    tell_remaining_life: bool = False
    expired_errcode: int = 42001
    wrong_secrets: int = 2000
    calls_a_minute: int = 10_000
    privateinfo_without_agentid: str = "error"

    def change(self, changes: Mapping[str, Any]) -> None:
        """Change switches; ValueError names one that does not fit."""
        known = {each.name: type(getattr(self, each.name)) for each in fields(self)}
        for name, value in changes.items():
            if type(value) is not known.get(name):
                raise ValueError(f"the switches are {', '.join(known)}")
        if changes.get("privateinfo_without_agentid", "base") not in ("error", "base"):
            raise ValueError("privateinfo_without_agentid is error or base")
        for name, value in changes.items():
            setattr(self, name, value)


@dataclass(frozen=True, slots=True)
class Consented:
    """A sign-in: who, by which corp's link, and the fields the member agreed to."""

    link: CorpLink
    user: User
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """One message of an app to members, or of a robot to its group."""

    to: tuple[str, ...]
    kind: str
    content: Any
    at: float
    msgid: str


@dataclass(slots=True)
class _Once:
    consented: Consented
    expires_at: float
    used: bool = False


@dataclass(slots=True)
class Wecom:
    """The whole state; `seeds` make what is there at the start, `ids` the rest."""

    clock: Clock
    ids: Ids
    seeds: Ids
    users: Sequence[User]
    corps: dict[str, Corp] = field(init=False)
    apps: dict[str, WecomApp] = field(init=False)
    rules: Rules = field(default_factory=Rules)
    sent: dict[str, list[Sent]] = field(default_factory=dict)
    links: dict[str, CorpLink] = field(default_factory=dict)
    tokens: WecomTokens = field(init=False)
    tickets: WecomTokens = field(init=False)
    limits: Limits = field(init=False)
    logins: Logins = field(init=False)
    desk: Desk = field(init=False)
    _codes: dict[str, _Once] = field(default_factory=dict)
    _user_tickets: dict[str, _Once] = field(default_factory=dict)
    _openids: dict[tuple[str, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        corps, apps = seed_corps(self.seeds, self.users)
        self.corps = {corp.corpid: corp for corp in corps}
        self.apps = {app.appid: app for app in apps}
        self.tokens = WecomTokens(self.clock, self.ids)
        self.tickets = WecomTokens(self.clock, self.ids)
        self.limits = Limits(self.clock)
        self.logins = Logins(self.clock, self.ids)
        self.desk = Desk(self.clock, self.ids)

    def corp_of(self, app: WecomApp) -> Corp:
        """Return the corp that the app belongs to."""
        return self.corps[app.corpid]

    def app_by_secret(self, corpid: str, secret: str) -> WecomApp:
        """Return the app; WecomError 40013, 40001, 40091 another corp's, 50003."""
        if corpid not in self.corps:
            raise WecomError(40013)
        for app in self.apps.values():
            if app.secret == secret and app.corpid == corpid:
                if app.disabled:
                    raise WecomError(50003)
                return app
        others = any(app.secret == secret for app in self.apps.values())
        raise WecomError(40091 if others else 40001)

    def app_by_robot(self, key: str) -> WecomApp:
        """Return the app whose robot has that key; WecomError 93000."""
        for app in self.apps.values():
            if key and key in app.robots.values():
                return app
        raise WecomError(93000)

    def add_app(self, fields: Mapping[str, Any]) -> WecomApp:
        """Return a new app of a corp, with the next agentid if none is named.

        ValueError if there is no such corp.
        """
        corpid, _, name = str(fields.get("appid", "")).partition("-")
        corpid = corpid or str(fields.get("corpid", next(iter(self.corps))))
        if corpid not in self.corps:
            raise ValueError("there is no such corp")
        taken = [int(app.agentid) for app in self.apps.values() if app.agentid]
        name = name or str(fields.get("agentid", max(taken) + 1))
        return make_wecom_app(self.ids, corpid=corpid, name=name, shown="新的应用")

    def agree(self, link: CorpLink, user: User, fields: tuple[str, ...] = ()) -> str:
        """Return the code of a sign-in, good once and for five minutes."""
        code = self.ids.text(_WORD, 43)
        until = self.clock.now() + CODE_LIFE
        self._codes[code] = _Once(Consented(link, user, fields), until)
        return code

    def redeem(self, app: WecomApp, code: str) -> Consented:
        """Use the code up; WecomError 40029, or 50001 without the code's domain."""
        known = self._codes.get(code)
        if known is None or known.used or known.expires_at <= self.clock.now():
            raise WecomError(40029)
        link = known.consented.link
        if link.corp.corpid != app.corpid:
            raise WecomError(40029)
        if not link.is_on(app.callback_domain):
            raise WecomError(50001)
        known.used = True
        return known.consented

    def user_ticket(self, consented: Consented) -> str:
        """Return a ticket for the fields that the member agreed to."""
        ticket = self.ids.text(_WORD, 128)
        until = self.clock.now() + USER_TICKET_LIFE
        self._user_tickets[ticket] = _Once(consented, until)
        return ticket

    def of_user_ticket(self, app: WecomApp, ticket: str) -> Consented:
        """Return the sign-in of a ticket; WecomError 84015 unknown, 84014 expired."""
        known = self._user_tickets.get(ticket)
        if known is None or known.consented.link.corp.corpid != app.corpid:
            raise WecomError(84015)
        if known.expires_at <= self.clock.now():
            raise WecomError(84014)
        return known.consented

    def openid(self, corpid: str, user: User) -> str:
        """Return the user's openid at the corp."""
        return self._id_at(corpid, user, "o")

    def external_userid(self, corpid: str, user: User) -> str:
        """Return the id by which the corp knows an outsider."""
        return self._id_at(corpid, user, "wm")

    def is_visible(self, app: WecomApp, user: User) -> bool:
        """Tell whether the user may use the app: a visible member, or an outsider."""
        corp = self.corp_of(app)
        member = corp.member_of(user)
        return member is None or corp.sees(app, member)

    def user_named(self, name: str) -> User | None:
        """Return the user who is `corpid:userid`, or has that openid at a corp."""
        corpid, _, userid = name.partition(":")
        member = self.corps[corpid].member(userid) if corpid in self.corps else None
        if member is not None:
            return member.user
        for (_, unionid), value in self._openids.items():
            if value == name:
                return next(each for each in self.users if each.unionid == unionid)
        return None

    def shown(self) -> dict[str, Any]:
        """Return what the control plane tells: switches, bans and corps."""
        return {
            "rules": asdict(self.rules),
            "banned": self.limits.banned(),
            "corps": [self._shown_corp(corp) for corp in self.corps.values()],
        }

    def _shown_corp(self, corp: Corp) -> dict[str, Any]:
        members = []
        for member in corp.members.values():
            shown = {name: getattr(member, name) for name in _SHOWN}
            members.append({**shown, "name": member.user.nickname})
        departments = [asdict(one) for one in corp.departments]
        named = {"corpid": corp.corpid, "name": corp.name}
        return {**named, "departments": departments, "members": members}

    def _id_at(self, corpid: str, user: User, start: str) -> str:
        key = (f"{corpid} {start}", user.unionid)
        if key not in self._openids:
            self._openids[key] = start + self.ids.text(_WORD, 32 - len(start))
        return self._openids[key]


_WORD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_SHOWN = ("userid", "department", "position", "mobile", "email", "biz_mail")
