"""Control plane for the journal of requests, and for what accounts have sent."""

from __future__ import annotations

from dataclasses import asdict

from tornado.web import HTTPError

from sandbox.catalogue.state.outbox import Outbox
from sandbox.handlers.control import ControlHandler


class JournalHandler(ControlHandler):
    """Every request in order, of one path or from a Unix time on if asked."""

    def get(self) -> None:
        try:
            since = float(self.get_query_argument("since", "0"))
        except ValueError:
            raise HTTPError(400, "since is a Unix time in seconds") from None
        path = self.get_query_argument("path", None)
        entries = self.world.journal.entries(path=path, since=since)
        self.answer([asdict(entry) for entry in entries])

    def delete(self) -> None:
        self.world.journal.clear()
        self.answer({})


class MessagesHandler(ControlHandler):
    """Every message that an account has sent to users, the oldest first."""

    def get(self) -> None:
        appid = self.get_query_argument("appid", "")
        if appid in self.world.wecom.apps:
            messages = self.world.wecom.sent.get(appid, [])
            self.answer([asdict(sent) for sent in messages])
            return
        app = self.app_of({"appid": appid})
        self.answer([asdict(sent) for sent in self.world.of(app.appid, Outbox).sent])
