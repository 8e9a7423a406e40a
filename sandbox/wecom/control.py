"""Control plane of WeCom: its switches, members, and customers' messages."""

from __future__ import annotations

from typing import Any

from tornado.web import HTTPError

from sandbox.handlers.control import ControlHandler
from sandbox.state.users import User
from sandbox.wecom.corps import join, leave


class WecomHandler(ControlHandler):
    """The switches, banned addresses and corps; POST changes switches."""

    def get(self) -> None:
        self.answer(self.world.wecom.shown())

    def post(self) -> None:
        try:
            self.world.wecom.rules.change(self.fields())
        except ValueError as error:
            raise HTTPError(400, str(error)) from None
        self.get()


class CustomerMessageHandler(ControlHandler):
    """Handler of what a customer writes to a customer-service account."""

    def post(self) -> None:
        fields = self.fields()
        corpid = str(fields.get("corpid"))
        if corpid not in self.world.wecom.corps:
            raise HTTPError(404, "no such corpid")
        named = {name: str(fields.get(name, "")) for name in _NAMES}
        if not all(named.values()):
            raise HTTPError(400, f"name {', '.join(_NAMES)}")
        content = named.pop("content")
        message = {**named, "msgtype": "text", "text": {"content": content}}
        self.answer(self.world.wecom.desk.add(corpid, message))


def change_memberships(
    handler: ControlHandler, user: User, changes: dict[str, Any]
) -> None:
    """Let the user join corps (corpid to userid), or leave one (corpid to null)."""
    wecom = handler.world.wecom
    for corpid, userid in changes.items():
        corp = wecom.corps.get(corpid)
        if corp is None:
            raise HTTPError(404, "no such corpid")
        if userid is None:
            leave(corp, user)
            continue
        if not isinstance(userid, str) or not 1 <= len(userid) <= 64:
            raise HTTPError(400, "a userid is a text of 1 to 64 characters")
        other = corp.member(userid)
        if other is not None and other.user is not user:
            raise HTTPError(409, "another member has this userid")
        join(wecom.ids, corp, user, userid, [1])


_NAMES = ("open_kfid", "external_userid", "content")
