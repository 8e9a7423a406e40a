"""Alerts: where operators are told of conditions, and of which ones.

The documents are `alerts/{name}`. The URL is a secret: whoever has it can post there.
"""

from __future__ import annotations

from dataclasses import dataclass, field

WECOM, DINGTALK, FEISHU, SLACK, JSON = "wecom", "dingtalk", "feishu", "slack", "json"

KINDS = (WECOM, DINGTALK, FEISHU, SLACK, JSON)

CONDITIONS = (
    *("credential_refused", "address_not_allowed", "quota_gone", "ticket_old"),
    *("dead_letters", "unreadable", "away", "other_deployment"),
)
"""Words for what an alert can tell of."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A webhook for operators; `secret` signs, and is empty where nothing is signed.

    `conditions` are those of which it tells, none for all.
    """

    name: str
    kind: str
    url: str = field(repr=False)
    secret: str = field(default="", repr=False)
    conditions: tuple[str, ...] = ()

    def tells(self, condition: str) -> bool:
        """Return whether it is to tell of a condition."""
        return not self.conditions or condition in self.conditions
