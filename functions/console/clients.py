"""Pages of clients: who may do what, who calls, and whose calls fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from functions.console.apps import unreadable
from functions.console.calls import rows_of
from functions.console.sections import (
    Ask,
    Cell,
    Column,
    Commands,
    Facts,
    Filter,
    Notice,
    Page,
    Section,
    Table,
    reading_view,
    sliced,
    words_of,
)
from functions.console.time_formats import Words, moment
from functions.console.values import facts_of
from runtime.errors import N_
from runtime.gateway import Gateway
from runtime.operations.fingerprints import fingerprints_of
from runtime.operations.verbs import operation, perform
from runtime.pages.languages import lenient_argument
from runtime.usage.call_counts import CallCount, CallCounts
from runtime.web.messages import Request

CLIENTS = ("/console/clients", N_("Clients"))


@dataclass(slots=True)
class _Use:
    """The calls of one client, those with an error as well."""

    calls: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)


@reading_view("clients", N_("Clients"))
def clients(request: Request, gateway: Gateway) -> Page:
    """Answer GET /console/clients: those with errors first, then those that call."""
    words = words_of(request)
    found = perform(operation("client", "list").run, gateway, {})
    counts = CallCounts(gateway.redis_store).read(gateway.clock())
    wanted = (lenient_argument(request, "q") or "").strip().lower()
    uses, last = _uses(counts), gateway.counters.last_uses()
    rows = [
        each
        for each in found["clients"]
        if wanted in each["client_id"].lower() or wanted in each["name"].lower()
    ]

    def order(each: Mapping[str, Any]) -> tuple[int, int, str]:
        use = uses.get(each["client_id"], _Use())
        return -use.errors["hour"], -use.calls["today"], each["client_id"]

    shown = sliced(request, sorted(rows, key=order))
    columns = (
        Column(N_("Client")),
        Column(N_("Apps")),
        Column(N_("Calls in the last hour"), is_number=True),
        Column(N_("Errors"), is_number=True),
        Column(N_("Calls today"), is_number=True),
        Column(N_("Last call")),
        Column(N_("State")),
    )
    table = Table(
        columns,
        [
            _row(words, each, uses.get(each["client_id"], _Use()), last)
            for each in shown.rows
        ],
        empty=words(
            N_("There is no such client.") if wanted else N_("There is no client yet.")
        ),
        pager=shown.pager,
    )
    fields = [("q", words(N_("Name or id")), wanted, "")]
    add = "manage.py client add NAME --app APPID --scope PATTERN"
    return Page(
        [
            unreadable(words, found.get("unreadable", ())),
            Filter("/console/clients", fields) if len(found["clients"]) > 10 else None,
            table,
            Commands([(words(N_("Add a client")), add)]),
        ]
    )


@reading_view("clients", N_("Client"))
def client(request: Request, gateway: Gateway, client_id: str) -> Page:
    """Answer GET /console/clients/{id}: one client."""
    words = words_of(request)
    found = perform(operation("client", "show").run, gateway, {"client_id": client_id})
    counts = [
        each
        for each in CallCounts(gateway.redis_store).read(gateway.clock())
        if each.client_id == client_id
    ]
    shown = sliced(request, counts)
    without = ("client_id", "warnings", "secrets", "logo", "favicon")
    pairs = facts_of(found, words, without=without)
    last = gateway.counters.last_uses().get(client_id)
    pairs.insert(0, (words(N_("Last call")), [Cell(moment(last))]))
    sections: list[Section | None] = [
        _state(words, found),
        *(Notice("warning", [[Cell(each)]]) for each in found.get("warnings", ())),
        Table(
            (
                Column(N_("App")),
                Column(N_("Path")),
                Column(N_("Error")),
                Column(N_("Last hour"), is_number=True),
                Column(N_("Today"), is_number=True),
            ),
            [row[1:] for row in rows_of(shown.rows)],
            heading=words(N_("Calls, errors first")),
            empty=words(N_("No call today.")),
            pager=shown.pager,
        ),
        Facts(pairs, heading=words(N_("Settings"))),
        _secrets(gateway, words, client_id),
        _commands(words, found),
    ]
    title = f"{found['name']} ({client_id})"
    return Page(sections, title=title, back=(CLIENTS[0], words(CLIENTS[1])))


def _uses(counts: Sequence[CallCount]) -> Mapping[str, _Use]:
    found: dict[str, _Use] = {}
    for each in counts:
        use = found.setdefault(each.client_id, _Use())
        for which in (use.calls, use.errors) if each.errcode else (use.calls,):
            which["hour"] += each.last_hour
            which["today"] += each.today
    return found


def _row(
    words: Words, each: Mapping[str, Any], use: _Use, last: Mapping[str, float]
) -> list[Any]:
    client_id, errors = each["client_id"], use.errors["hour"]
    text = N_("disabled") if each["disabled"] else N_("active")
    return [
        Cell(each["name"], url=f"/console/clients/{client_id}", more=client_id),
        Cell(str(len(each["scopes"]))),
        Cell(f"{use.calls['hour']:,}"),
        Cell(f"{errors:,}", look="bad" if errors else ""),
        Cell(f"{use.calls['today']:,}"),
        Cell(moment(last.get(client_id))),
        Cell(words(text), look="warning" if each["disabled"] else "soft"),
    ]


def _state(words: Words, found: Mapping[str, Any]) -> Notice:
    client_id = found["client_id"]
    if found["disabled"]:
        text = words(N_("This client is disabled: its secrets are refused."))
        command = f"manage.py client enable {client_id}"
        return Notice("warning", [[Cell(text)], [Cell(command, is_code=True)]])
    asks = [Ask("disable", {"client_id": client_id})]
    return Notice("good", [[Cell(words(N_("This client is active.")), asks=asks)]])


def _secrets(gateway: Gateway, words: Words, client_id: str) -> Facts | None:
    prints = fingerprints_of(gateway, "clients", client_id)
    pairs = [(name, [Cell(each, is_code=True)]) for name, each in prints.items()]
    heading = words(N_("Secrets, by their fingerprints"))
    return Facts(pairs, heading=heading) if pairs else None


def _commands(words: Words, found: Mapping[str, Any]) -> Commands:
    id_ = found["client_id"]
    return Commands(
        [
            (words(N_("Change a setting")), f"manage.py client update {id_} --help"),
            (words(N_("Make a second secret")), f"manage.py client rotate {id_}"),
            (words(N_("End its tokens")), f"manage.py client revoke {id_}"),
            (words(N_("Remove it")), f"manage.py client remove {id_}"),
        ],
        heading=words(N_("To change it")),
    )
