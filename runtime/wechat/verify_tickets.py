"""Verify tickets of open platforms: the newest of each component, in two places.

    gateway:verify_ticket:{COMPONENT}   hash: ticket, sealed; created, WeChat's time of
                                        it; received, ours in ms by Redis' clock
    gateway:verify_ticket:{COMPONENT}:asked   WeChat was asked to push again
    tickets/COMPONENT-DAY               a document: the same, written once in ten
                                        minutes at most; DAY is that of UTC

WeChat pushes one every ten minutes, each lives 12 hours, and an older one still works.
So a Redis that was emptied costs nothing: the document has one of the last minutes. A
document of each day keeps the chain of its versions short.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from runtime.crypto.envelope import CannotOpen, Envelope
from runtime.documents.documents import Documents, UnreadableDocument, VersionExists
from runtime.errors import ServiceUnavailable
from runtime.registry.models import App
from runtime.state.redis_store import RedisStore
from runtime.wechat.api import WeChat

LIFE_SECONDS = 12 * 3600
"""How long WeChat accepts a ticket."""

WRITE_EVERY = 600
"""Seconds between two versions of the document at least."""

OLD_SECONDS = 1800.0
"""Age of the newest ticket from which on WeChat seems to push no more."""

_DAY = 86400

log = logging.getLogger("gateway.component")

# ARGV: ticket, sealed; created; life in ms. An older ticket never replaces a newer one.
_PUT = """
local known = redis.call('HGET', KEYS[1], 'created')
if known and tonumber(known) > tonumber(ARGV[2]) then return 0 end
local clock = redis.call('TIME')
local now = string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000))
redis.call('HSET', KEYS[1], 'ticket', ARGV[1], 'created', ARGV[2], 'received', now)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
"""

# Returns the ticket, and its age in ms, by Redis' clock.
_GET = """
local stored = redis.call('HMGET', KEYS[1], 'ticket', 'received')
local ticket, received = stored[1], stored[2]
if not ticket then return {} end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
return {ticket, string.format('%.0f', now - tonumber(received))}
"""


@dataclass(frozen=True, slots=True)
class VerifyTicket:
    """A component_verify_ticket and how many seconds ago it came."""

    value: str = field(repr=False)
    age: float


class VerifyTickets:
    """The newest ticket of each component."""

    def __init__(
        self,
        store: RedisStore,
        documents: Documents,
        envelope: Envelope,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._documents = documents
        self._envelope = envelope
        self._clock = clock

    def put(self, component: str, ticket: str, *, created: int) -> None:
        """Store a ticket that WeChat made at this time.

        ServiceUnavailable if Redis is away. Without the documents it is in Redis alone,
        since the next one comes in ten minutes.
        """
        sealed = self._envelope.seal(ticket, place=_place(component))
        arguments = [sealed, created, LIFE_SECONDS * 1000]
        self._store.run(_PUT, [_key(component)], arguments, repeatable=True)
        try:
            self._write(component, ticket, created=created)
        except (OSError, ServiceUnavailable, UnreadableDocument) as error:
            name = type(error).__name__
            log.warning(
                "%s: ticket in Redis, not in the documents: %s", component, name
            )

    def newest(self, component: str) -> VerifyTicket | None:
        """Return the newest ticket that still lives, None if there is none.

        ServiceUnavailable if neither Redis nor the documents can tell.
        """
        try:
            found = self._store.run(_GET, [_key(component)], [], repeatable=True)
        except ServiceUnavailable:
            found = []
        if found:
            try:
                value = self._envelope.open(found[0].decode(), place=_place(component))
            except CannotOpen:
                pass  # its master key is gone; the next ticket comes soon
            else:
                return VerifyTicket(value, max(0.0, int(found[1]) / 1000))
        return self._from_documents(component)

    def may_ask(self, component: str) -> bool:
        """Tell whether to ask WeChat for pushes, which is so once in ten minutes."""
        key = f"{_key(component)}:asked"
        return self._store.add(key, b"", seconds=WRITE_EVERY)

    def _write(self, component: str, ticket: str, *, created: int) -> None:
        now = self._clock()
        id_ = _id(component, now)
        try:
            known = self._documents.read("tickets", id_)
            after = known.version if known else 0
        except UnreadableDocument:  # its master key is gone, and this one replaces it
            known, after = None, self._documents.version("tickets", id_)
        if known and created - _number(known.content, "created") < WRITE_EVERY:
            return
        content = {"ticket": ticket, "created": created, "received": int(now)}
        with suppress(VersionExists):  # of the same ticket, or of one as new
            self._documents.write("tickets", id_, content, after=after)

    def _from_documents(self, component: str) -> VerifyTicket | None:
        now = self._clock()
        for day in (now, now - _DAY):
            try:
                found = self._documents.read("tickets", _id(component, day))
            except UnreadableDocument:
                continue
            except OSError:
                raise ServiceUnavailable from None
            if found is None:
                continue
            age = now - _number(found.content, "received")
            value = found.content.get("ticket")
            if isinstance(value, str) and value and age < LIFE_SECONDS:
                return VerifyTicket(value, max(0.0, age))
        return None


def state_of(
    tickets: VerifyTickets, components: Iterable[App]
) -> dict[str, str | int | None]:
    """Return the state of the components' tickets for a health check, {} for none.

    The age is that of the component whose newest ticket is oldest, None if one has no
    ticket.
    """
    asked = [each.appid for each in components if each.takes_component_events]
    if not asked:
        return {}
    found = [tickets.newest(appid) for appid in asked]
    ages = [each.age for each in found if each]
    is_well = len(ages) == len(asked) and max(ages) <= OLD_SECONDS
    return {
        "verify_ticket": "ok" if is_well else "amber",
        "verify_ticket_age": round(max(ages)) if len(ages) == len(asked) else None,
    }


def start_push(wechat: WeChat, component: App) -> bool:
    """Ask WeChat to push tickets; tell whether it had stopped.

    The call takes no token. WeChatRefused or WeChatUnavailable.
    """
    content = {
        "component_appid": component.appid,
        "component_secret": component.secret,
    }
    answer = wechat.call(
        "POST",
        "/cgi-bin/component/api_start_push_ticket",
        content=content,
        hosts=component.api_hosts,
    )
    return "normal state" not in str(answer.get("errmsg", ""))


def _id(component: str, at: float) -> str:
    return f"{component}-{time.strftime('%Y%m%d', time.gmtime(at))}"


def _number(content: Mapping[str, Any], name: str) -> int:
    value = content.get(name)
    return value if type(value) is int else 0


def _key(component: str) -> str:
    return f"gateway:verify_ticket:{{{component}}}"


def _place(component: str) -> str:
    return f"verify_ticket/{component}"
