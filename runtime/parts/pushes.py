"""Pushes: the inbox, deliveries to services, and the replies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runtime.parts.foundation import lazy
from runtime.parts.wecom_platform import WeComPlatform

if TYPE_CHECKING:
    from runtime.alerts.sending import AlertSender
    from runtime.push.asking import Asking
    from runtime.push.budgets import Budgets
    from runtime.push.dead_letters import DeadLetters
    from runtime.push.deliveries import Deliveries
    from runtime.push.holds import Holds
    from runtime.push.inbox import Inbox
    from runtime.push.journal import Journal
    from runtime.push.last_seen import LastSeen
    from runtime.push.late_reply import LateReplies
    from runtime.push.listening import Listening
    from runtime.push.pauses import Pauses
    from runtime.push.relay import Relay
    from runtime.registry.models import App
    from runtime.tokens.component_codes import ComponentCodes
    from runtime.tokens.component_names import ComponentNames
    from runtime.tokens.component_values import ComponentValues
    from runtime.upstream.answer import Answer


class Pushes(WeComPlatform):
    """Members of pushes."""

    @lazy
    def component_codes(self) -> ComponentCodes:
        """Return the codes by which clients learn of authorisations."""
        from runtime.tokens.component_codes import ComponentCodes

        return ComponentCodes(self.redis_store, self._signer("component_code"))

    @lazy
    def component_names(self) -> ComponentNames:
        """Return the values of an open platform that clients see."""
        from runtime.tokens.component_names import ComponentNames

        return ComponentNames(
            self._signer("component_name"), self._signer("pre_auth_code")
        )

    @lazy
    def inbox(self) -> Inbox:
        """Return the inbox of pushes."""
        from runtime.crypto.envelope import Envelope
        from runtime.push.inbox import Inbox

        return Inbox(
            self.push_store,
            Envelope(self.settings.master_keys),
            budgets=self._push_budgets,
            age=self.settings.push_age_seconds,
        )

    @lazy
    def deliveries(self) -> Deliveries:
        """Return the jobs of what is to be delivered."""
        from runtime.crypto.envelope import Envelope
        from runtime.push.deliveries import Deliveries

        return Deliveries(
            self.push_store,
            Envelope(self.settings.master_keys),
            budgets=self._push_budgets,
        )

    @lazy
    def dead_letters(self) -> DeadLetters:
        """Return the jobs that nobody will do by itself."""
        from runtime.push.dead_letters import DeadLetters

        return DeadLetters(self.push_store, budgets=self._push_budgets)

    @lazy
    def push_pauses(self) -> Pauses:
        """Return the pauses of apps and targets."""
        from runtime.push.pauses import Pauses

        return Pauses(self.push_store)

    @lazy
    def push_journal(self) -> Journal:
        """Return what is stored of pushes."""
        from runtime.push.journal import Journal

        return Journal(self.push_store)

    @lazy
    def relay(self) -> Relay:
        """Return the sender of pushes to services."""
        from runtime.push.relay import Relay

        return Relay(
            self.outbound,
            clock=self.clock,
            public_base_url=self.settings.public_base_url,
            values_for=self._component_values,
        )

    def _component_values(
        self, client_id: str, component: str
    ) -> ComponentValues | None:
        """Return the values for a client in the events of a component."""
        from runtime.tokens.component_values import ComponentValues

        client = self.registry.client(client_id)
        if client is None or client.disabled:
            return None
        return ComponentValues(
            client,
            component,
            names=self.component_names,
            codes=self.component_codes,
            store=self.redis_store,
            clock=self.clock,
        )

    @lazy
    def asking(self) -> Asking:
        """Return the asker of the services that reply to pushes."""
        from runtime.push.ask_threads import of_this_process
        from runtime.push.asking import Asking

        return Asking(
            self.inbox,
            self.deliveries,
            self.relay,
            of_this_process,
            late=self.late_replies,
            holds=self.holds,
            longest_text=self.settings.push_text_bytes,
        )

    @lazy
    def late_replies(self) -> LateReplies:
        """Return the sender of replies that come late, as messages of their own."""
        from runtime.push.late_reply import SEND_SECONDS, LateReplies, path_of

        def send(app: App, body: bytes) -> Answer:
            return self.calls_of(app).send(
                app,
                "POST",
                path_of(app),
                headers={"Content-Type": "application/json"},
                body=body,
                seconds=SEND_SECONDS,
                own=True,
            )

        return LateReplies(self.push_store, self.deliveries, send)

    @lazy
    def holds(self) -> Holds:
        """Return the requests of WeChat that wait past its five seconds."""
        from runtime.push.holds import HoldLimits, Holds

        settings = self.settings
        limits = HoldLimits(settings.push_holds_per_app, settings.push_holds_in_all)
        return Holds(self.push_store, limits)

    @lazy
    def _push_budgets(self) -> Budgets:
        from runtime.push.budgets import MB, Budgets

        settings = self.settings
        return Budgets(settings.push_mb_per_app * MB, settings.push_mb_in_all * MB)

    @lazy
    def last_seen(self) -> LastSeen:
        """Return the notes of what the platform sent last to each app."""
        from runtime.push.last_seen import LastSeen

        return LastSeen(self.push_store)

    @lazy
    def push_listening(self) -> Listening:
        """Return what comes while a developer listens."""
        from runtime.push.listening import Listening

        return Listening(self.push_store)

    @lazy
    def alert_sender(self) -> AlertSender:
        """Return the sender of alerts to operators."""
        from runtime.alerts.sending import AlertSender

        return AlertSender(
            self.outbound, gateway=self.settings.public_base_url, clock=self.clock
        )
