"""State of alerts: which conditions have begun, and who was told of them.

It is one value in Redis, changed by comparing it with what was read: of two rounds at a
time one counts. What is to be sent stands in it before anything is sent, under ids that
are made once, so a round that is cut short is ended by the next one.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from runtime.alerts.notices import Notice, notice_from
from runtime.registry.alerts import Alert
from runtime.state.redis_store import RedisStore, attempt_id

KEY = "gateway:alerts"

KEPT_SECONDS = 30 * 86400

ROUND_SECONDS = 30
"""Rounds that are closer to the one before do not count."""

BEGINS_AFTER = 2
"""Rounds that have found a condition running."""

OVER_AFTER = 2
"""Rounds that have not."""

QUOTA_SECONDS = 900
"""How long a quota counts as gone after a refusal."""

MOST_MESSAGES = 100
"""That wait to be sent; of more the oldest are dropped."""

# ARGV: the value before, the value after, ms to live.
_CHANGE = """
local found = redis.call('GET', KEYS[1]) or ''
if found == ARGV[2] then return 1 end
if found ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
"""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A statement that somebody takes care of a condition: `by` whom, and since when.

    `by` is empty where nobody is named, `at` in seconds of Unix time.
    """

    by: str
    at: int


@dataclass(slots=True)
class Seen:
    """A condition that some round has found; `alerts` have said that it began."""

    notice: Notice
    found: int = 0
    missed: int = 0
    alerts: list[str] = field(default_factory=list)
    acknowledged: Acknowledgement | None = None

    @property
    def has_begun(self) -> bool:
        """Tell whether it was there in so many rounds that it counts."""
        return self.found >= BEGINS_AFTER


@dataclass(frozen=True, slots=True)
class Message:
    """Notices that are to be sent to one alert, under an id of their own."""

    alert: str
    id: str
    notices: tuple[Notice, ...]


@dataclass(slots=True)
class State:
    """Knowledge of the rounds; `quotas` are by app a count, and when it grew last."""

    at: float = 0.0
    seen: dict[str, Seen] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    quotas: dict[str, tuple[int, float]] = field(default_factory=dict)

    def has(self, condition: str, of: str) -> bool:
        """Tell whether a round, or an acknowledgement, has found the condition."""
        return f"{condition} {of}" in self.seen

    def acknowledge(
        self,
        condition: str,
        of: str,
        made: Acknowledgement,
        *,
        notice: Notice | None = None,
    ) -> None:
        """Note it for a condition, or for the one of the notice if it is new."""
        key = f"{condition} {of}"
        if notice is not None:
            self.seen.setdefault(key, Seen(notice, found=1))
        if key in self.seen:
            self.seen[key].acknowledged = made

    def acknowledgements(self) -> dict[tuple[str, str], Acknowledgement]:
        """Return all of them, by condition and what it is about."""
        return {
            (each.notice.condition, each.notice.of): each.acknowledged
            for each in self.seen.values()
            if each.acknowledged is not None
        }

    def forget_all_but_acknowledged(self) -> None:
        """Drop what the next alert has to find anew."""
        self.seen = {
            key: each
            for key, each in self.seen.items()
            if each.acknowledged is not None
        }

    def is_due(self, now: float) -> bool:
        """Tell whether the round before was long enough ago, or the clock set back."""
        return not 0 <= now - self.at < ROUND_SECONDS

    def without_quota(self, counts: dict[str, int], *, now: float) -> list[str]:
        """Return the apps that were refused lately; note the counts of refusals.

        What was counted before the first look is from nobody knows when.
        """
        first = not self.quotas
        for app, count in counts.items():
            before, grew = self.quotas.get(app, (count if first else 0, 0.0))
            if count < before:  # the counts began anew
                before = 0
            self.quotas[app] = (count, now if count > before else grew)
        # A count that is not zero tells the first look from a later one.
        self.quotas.setdefault("", (0, 0.0))
        return [
            app
            for app, (_, grew) in sorted(self.quotas.items())
            if app and now - grew < QUOTA_SECONDS
        ]

    def advance(
        self,
        found: Iterable[Notice],
        *,
        unknown: Collection[str],
        alerts: Sequence[Alert],
        now: float,
    ) -> None:
        """Take in what a round has found, and add the messages that follow from it.

        Of conditions named in `unknown`, those that were not found go on as they were.
        """
        self.at = now
        found_now = {f"{each.condition} {each.of}": each for each in found}
        for key, notice in found_now.items():
            seen = self.seen.setdefault(key, Seen(notice))
            since = seen.notice.since
            seen.notice = Notice(
                notice.condition, notice.of, notice.says, notice.mend, since
            )
            seen.found, seen.missed = min(seen.found + 1, BEGINS_AFTER), 0
        over = []
        for key in [each for each in self.seen if each not in found_now]:
            seen = self.seen[key]
            if seen.notice.condition in unknown:
                continue
            seen.missed += 1
            if not seen.has_begun or seen.missed >= OVER_AFTER:
                over.append(self.seen.pop(key))
        for alert in alerts:
            self._add_message(alert, over, now=now)
        names = {alert.name for alert in alerts}
        for seen in self.seen.values():
            seen.alerts = [each for each in seen.alerts if each in names]
        del self.messages[:-MOST_MESSAGES]

    def _add_message(self, alert: Alert, over: Iterable[Seen], *, now: float) -> None:
        notices = []
        for seen in self.seen.values():
            knows = alert.name in seen.alerts
            if seen.has_begun and not knows and alert.tells(seen.notice.condition):
                seen.alerts.append(alert.name)
                notices.append(seen.notice)
        notices += [
            seen.notice.over(now=now) for seen in over if alert.name in seen.alerts
        ]
        if notices:
            self.messages.append(Message(alert.name, attempt_id(), tuple(notices)))


class AlertStates:
    """The state in Redis."""

    def __init__(self, store: RedisStore) -> None:
        self._store = store

    def read(self) -> tuple[State, str]:
        """Return the state, and the text that stands for it."""
        found = (self._store.get(KEY) or b"").decode()
        return _state(found), found

    def change(self, before: str, state: State) -> str | None:
        """Replace the state that was read; return its text, None if it has changed."""
        text = json.dumps(asdict(state), ensure_ascii=False, separators=(",", ":"))
        changed = self._store.run(
            _CHANGE, [KEY], [before, text, KEPT_SECONDS * 1000], repeatable=True
        )
        return text if changed else None


def _state(text: str) -> State:
    """Return the state; a new one for what another version has written otherwise."""
    try:
        stored = json.loads(text) if text else {}
        return State(
            stored.get("at", 0.0),
            {
                key: Seen(
                    notice_from(each["notice"]),
                    each["found"],
                    each["missed"],
                    list(each["alerts"]),
                    _acknowledgement(each.get("acknowledged")),
                )
                for key, each in stored.get("seen", {}).items()
            },
            [_message(each) for each in stored.get("messages", [])],
            {app: (each[0], each[1]) for app, each in stored.get("quotas", {}).items()},
        )
    except (ValueError, TypeError, KeyError, AttributeError, IndexError):
        return State()


def _acknowledgement(stored: Any) -> Acknowledgement | None:
    return Acknowledgement(stored["by"], stored["at"]) if stored else None


def _message(stored: Any) -> Message:
    notices = tuple(notice_from(each) for each in stored["notices"])
    return Message(stored["alert"], stored["id"], notices)
