"""The page of alerts: what is wrong since when, who cares, and who is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.console.apps import unreadable
from functions.console.overview import TITLES, mend_of
from functions.console.sections import (
    Ask,
    Cell,
    Column,
    Commands,
    Notice,
    Page,
    Table,
    reading_view,
    words_of,
)
from functions.console.time_formats import Words, moment
from functions.console.values import text_of, who_of
from runtime.alerts.state import AlertStates, Seen
from runtime.errors import N_
from runtime.gateway import Gateway
from runtime.operations.conditions import conditions
from runtime.operations.verbs import operation, perform
from runtime.web.messages import Request

MOST = 200


@reading_view("alerts", N_("Alerts"))
def alerts(request: Request, gateway: Gateway) -> Page:
    """Answer GET /console/alerts: alarms that last, and the webhooks that are told."""
    words = words_of(request)
    state, _ = AlertStates(gateway.redis_store).read()
    begun = [each for each in state.seen.values() if each.has_begun]
    begun.sort(key=lambda each: each.notice.since)
    now = {(each.name, each.of): each.in_words(words) for each in conditions(gateway)}
    found = perform(operation("alert", "list").run, gateway, {})
    text = words(N_("Last look: %(at)s")) % {"at": moment(state.at or None)}
    columns = (
        Column(N_("Alarm")),
        Column(N_("Of")),
        Column(N_("Since")),
        Column(N_("What")),
        Column(N_("Taken care of by")),
    )
    alarms = Table(
        columns,
        [_alarm(gateway, words, each, now) for each in begun[:MOST]],
        heading=words(N_("Alarms that last")),
        says=text,
        empty=words(N_("No alarm.")),
    )
    webhooks = Table(
        (
            Column(N_("Alert")),
            Column(N_("Kind")),
            Column(N_("Host")),
            Column(N_("Signed")),
            Column(N_("Conditions")),
        ),
        [_webhook(words, each) for each in found["alerts"]],
        heading=words(N_("Webhooks that are told")),
        empty=words(N_("Nobody is told of alarms: add a webhook.")),
    )
    waiting = len(state.messages)
    late = words(N_("Messages that wait to be sent: %(number)d")) % {"number": waiting}
    return Page(
        [
            Notice("warning", [[Cell(late)]]) if waiting else None,
            alarms,
            unreadable(words, found.get("unreadable", ())),
            webhooks,
            Commands(
                [
                    (
                        words(N_("Add a webhook")),
                        "manage.py alert add NAME --kind KIND",
                    ),
                    (words(N_("Send a sample")), "manage.py alert test NAME"),
                ]
            ),
        ]
    )


def _alarm(
    gateway: Gateway, words: Words, each: Seen, now: Mapping[tuple[str, str], str]
) -> list[Any]:
    notice = each.notice
    says = now.get((notice.condition, notice.of), notice.says)
    mend = words(mend_of(notice.condition, notice.of) or notice.mend)
    target = {"condition": notice.condition, "of": notice.of}
    made = each.acknowledged
    cares = Cell(asks=[Ask("acknowledge", target)])
    if made:
        who, url = who_of(gateway, made.by)
        cares = Cell(who or "–", url=url, more=moment(made.at))
    return [
        Cell(words(TITLES.get(notice.condition, notice.condition)), look="bad"),
        Cell(notice.of, is_code=True),
        Cell(moment(notice.since)),
        Cell(says, more=mend),
        cares,
    ]


def _webhook(words: Words, each: Mapping[str, Any]) -> list[Cell]:
    return [
        Cell(each["name"], url=f"/console/documents/alerts/{each['name']}"),
        Cell(each["kind"]),
        Cell(str(each["host"])),
        Cell(text_of(each["signed"], words)),
        Cell(", ".join(each["conditions"])),
    ]
