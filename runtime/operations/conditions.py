"""Conditions: what is wrong now, each with what mends it.

`manage.py status` prints them. Each is found by itself: what is away hides no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from runtime.errors import N_, ServiceUnavailable, hint_of
from runtime.gateway import Gateway
from runtime.wechat.verify_tickets import OLD_SECONDS

MOST_OF_A_KIND = 20
"""Of more, the worst are named."""

ENDING_SECONDS = 60.0

_PARTS = {
    "redis": "REDIS_URL",
    "push_redis": "PUSH_REDIS_URL",
    "config": "CONFIG_URL",
    "wechat_proxy": "WECHAT_PROXY_URL",
}


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that should not last; `of` is what it is about, such as an appid.

    `sentence` is English and can be translated; `facts` are what stands in it, besides
    the cause of a `refusal` by WeChat: errcode and errmsg.
    """

    name: str
    of: str
    sentence: str
    mend: str
    facts: Mapping[str, str] = field(default_factory=dict)
    refusal: tuple[int, str] | None = None

    @property
    def says(self) -> str:
        """Return what is wrong, in English."""
        return self.in_words(lambda sentence: sentence)

    def in_words(self, words: Callable[[str], str]) -> str:
        """Return the same in the language into which `words` translates."""
        facts = dict(self.facts)
        if self.refusal:
            cause = words(N_("WeChat said %(errcode)s"))
            hint = hint_of(*self.refusal, words)
            facts["cause"] = hint or cause % {"errcode": self.refusal[0]}
        return words(self.sentence) % facts


class Findings(NamedTuple):
    """Conditions that were found, and words for those that are not known to be over.

    A part was away that had to be asked for these, or there were too many of them.
    """

    found: list[Condition]
    unknown: frozenset[str]


def conditions(gateway: Gateway) -> list[Condition]:
    """Return all that is wrong now, the worst first."""
    return examine(gateway).found


def examine(gateway: Gateway) -> Findings:
    """Return all that is wrong now, the worst first, and what is not known."""
    found = list(_away(gateway))
    unknown: set[str] = set()
    for look, names in _LOOKS.items():
        try:
            each = list(look(gateway))
        except ServiceUnavailable:
            unknown.update(names)  # `_away` tells what is away
            continue
        found += each[:MOST_OF_A_KIND]
        if len(each) > MOST_OF_A_KIND:
            unknown.update(names)
    return Findings(found, frozenset(unknown))


def _away(gateway: Gateway) -> Iterator[Condition]:
    for part, state in gateway.health.find().items():
        if state == "other_deployment":
            yield Condition(
                "other_deployment",
                part,
                N_("%(part)s belongs to another deployment."),
                "correct the setting, or take it over: manage.py redis claim",
                {"part": part},
            )
        elif state == "refused":
            refused = " ".join(gateway.health.refused().get(part, ()))
            yield Condition(
                "away",
                part,
                N_("%(part)s refuses %(commands)s."),
                "see which, and what must be allowed: manage.py redis check",
                {"part": part, "commands": refused},
            )
        elif state == "untrusted":
            yield Condition(
                "away",
                part,
                N_("%(part)s has a certificate that is not trusted."),
                "see why in the log, and REDIS_CA in docs/configuration.md",
                {"part": part},
            )
        elif state != "ok":
            yield Condition(
                "away",
                part,
                N_("%(part)s cannot be reached."),
                f"see {_PARTS.get(part, part)}, the network and docs/operating/"
                "incidents.md",
                {"part": part},
            )


_NAMES = {
    40164: "address_not_allowed",
    61004: "address_not_allowed",
    60020: "address_not_allowed",
    45009: "quota_gone",
}
"""Conditions by the errcode of a fetch; the others are one."""


def _credentials(gateway: Gateway) -> Iterator[Condition]:
    for each in gateway.upkeep.ages():
        if each.errcode is None:
            continue
        kind, _, appid = each.name.partition(":")
        sentence = N_(
            "%(credential)s could not be fetched, and the present one lives "
            "%(minutes)s minutes more: %(cause)s."
        )
        if each.remaining < ENDING_SECONDS:
            sentence = N_(
                "%(credential)s could not be fetched, and calls fail: %(cause)s."
            )
        yield Condition(
            _NAMES.get(each.errcode, "credential_refused"),
            appid,
            sentence,
            f"manage.py token show {appid} names the cause; mend it, then "
            f"manage.py token refresh {appid}",
            {"credential": kind, "minutes": f"{each.remaining / 60:.0f}"},
            (each.errcode, each.errmsg),
        )


def _refused_addresses(gateway: Gateway) -> Iterator[Condition]:
    """Yield the apps whose calls WeCom refuses: their tokens are fetched all the same.

    Where a ticket could not be fetched for it, that is said already.
    """
    refused = gateway.refused_addresses.all()
    if not refused:
        return
    known = {c.of for c in _credentials(gateway) if c.name == "address_not_allowed"}
    for appid, address in sorted(refused.items()):
        if appid in known:
            continue
        yield Condition(
            "address_not_allowed",
            appid,
            N_("WeCom refuses the calls from %(address)s: it is not a trusted IP."),
            f"enter it in work.weixin.qq.com, then manage.py app check {appid}",
            {"address": address or "?"},
        )


def _tickets(gateway: Gateway) -> Iterator[Condition]:
    for component in gateway.registry.components():
        ticket = gateway.verify_tickets.newest(component.appid)
        if ticket and ticket.age <= OLD_SECONDS:
            continue
        if not ticket and _is_new(gateway, component.appid):
            continue  # WeChat pushes every ten minutes, and a person enters the URL
        sentence = N_("No verify ticket has come.")
        if ticket:
            sentence = N_("The newest verify ticket is %(minutes)s minutes old.")
        yield Condition(
            "ticket_old",
            component.appid,
            sentence,
            f"manage.py component status {component.appid}",
            {"minutes": f"{ticket.age / 60:.0f}" if ticket else ""},
        )


def _is_new(gateway: Gateway, appid: str) -> bool:
    first, *_ = gateway.documents.history("apps", appid)
    return 0 <= gateway.clock() - first.written_at < OLD_SECONDS


def _dead_letters(gateway: Gateway) -> Iterator[Condition]:
    for appid, number in gateway.dead_letters.by_app().items():
        yield Condition(
            "dead_letters",
            appid,
            N_("%(number)s deliveries wait for an operator."),
            f"manage.py push list {appid} --dead, then push replay or push drop",
            {"number": str(number)},
        )


def _unreadable(gateway: Gateway) -> Iterator[Condition]:
    for name in gateway.registry.unreadable():
        yield Condition(
            "unreadable",
            name,
            N_("The document cannot be read."),
            "manage.py store check",
        )


_LOOKS: Mapping[Callable[[Gateway], Iterator[Condition]], tuple[str, ...]] = {
    _credentials: ("credential_refused", "address_not_allowed", "quota_gone"),
    _refused_addresses: ("address_not_allowed",),
    _tickets: ("ticket_old",),
    _dead_letters: ("dead_letters",),
    _unreadable: ("unreadable",),
}
"""What is looked for, with the words for what it finds."""
