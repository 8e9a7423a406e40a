"""Pages of pushes: where they go, what waits, and what became of each; no bodies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from functions.console.sections import (
    Ask,
    Cell,
    Column,
    Commands,
    Facts,
    Notice,
    Page,
    Pager,
    Section,
    Table,
    reading_view,
    sliced,
    with_query,
    words_of,
)
from functions.console.time_formats import Words, moment
from functions.console.values import text_of, without_query
from runtime.errors import N_
from runtime.gateway import Gateway
from runtime.operations import push_verbs, route_verbs
from runtime.operations.editing import read
from runtime.operations.push_reasons import refusal
from runtime.operations.verbs import perform
from runtime.pages.languages import lenient_argument
from runtime.push.deliveries import NO_APP
from runtime.registry.models import PUSHED_KINDS
from runtime.web.messages import Request

PUSHES = ("/console/pushes", N_("Pushes"))

MOST = 50
MOST_DEAD = 200

STATES: Mapping[str, str] = {
    "done": "good",
    "dead": "bad",
}
"""The colour of what became of a delivery; what is under way has none."""


@reading_view("pushes", N_("Pushes"))
def pushes(request: Request, gateway: Gateway) -> Page:
    """Answer GET /console/pushes: the apps that get pushes, faults first."""
    words = words_of(request)
    dead = gateway.dead_letters.by_app()
    apps = {each.appid: each for each in gateway.registry.apps()}
    named = [
        appid
        for appid, each in apps.items()
        if each.kind in PUSHED_KINDS and (each.token or each.routes)
    ]
    ids = sorted({*named, *dead}, key=lambda appid: (-dead.get(appid, 0), appid))
    shown = sliced(request, ids)
    pauses = gateway.push_pauses.of_targets([f"*{appid}" for appid in shown.rows])
    rows: list[list[Cell]] = []
    for appid, pause in zip(shown.rows, pauses, strict=True):
        found = apps.get(appid)
        text = words(N_("alerts and notices")) if appid == NO_APP else appid
        number = dead.get(appid, 0)
        rows.append(
            [
                Cell(text, url=f"/console/pushes/{appid}", is_code=appid != NO_APP),
                Cell(str(len(found.routes) if found else 0)),
                Cell(str(number), look="bad" if number else "soft"),
                Cell(words(N_("paused")), look="warning")
                if pause
                else Cell(words(N_("delivers")), look="soft"),
            ]
        )
    columns = (
        Column(N_("App")),
        Column(N_("Routes"), is_number=True),
        Column(N_("Dead letters"), is_number=True),
        Column(N_("State")),
    )
    empty = words(N_("No app gets pushes yet."))
    return Page(
        [
            Table(columns, rows, empty=empty, pager=shown.pager),
            Commands(
                [
                    (
                        words(N_("Let an app get pushes")),
                        "manage.py app update APPID --push",
                    ),
                    (
                        words(N_("Send an app's pushes to a service")),
                        "manage.py push route add APPID --client ID --url URL",
                    ),
                ]
            ),
        ]
    )


@reading_view("pushes", N_("Pushes"))
def pushes_of_app(request: Request, gateway: Gateway, appid: str) -> Page:
    """Answer GET /console/pushes/{appid}: routes, dead letters and recent pushes."""
    words = words_of(request)
    before = lenient_argument(request, "before") or ""
    arguments = {"appid": appid, "most": MOST, **({"before": before} if before else {})}
    found = perform(push_verbs.list_, gateway, arguments)
    sections: list[Section | None] = [
        _state(words, appid, found),
        _seen(gateway, words, appid),
        _dead(gateway, words, appid) if found["dead_letters"] else None,
        _routes(gateway, words, appid, found.get("paused_routes", {})),
        _recent(request, words, appid, found["pushes"], before=before),
        _commands(words, appid),
    ]
    title = words(N_("alerts and notices")) if appid == NO_APP else appid
    return Page(sections, title=title, back=(PUSHES[0], words(PUSHES[1])))


@reading_view("pushes", N_("Push"))
def push(request: Request, gateway: Gateway, appid: str, entry: str) -> Page:
    """Answer GET /console/pushes/{appid}/{push}: one push, without its body."""
    words = words_of(request)
    arguments = {"appid": appid, "push": entry}
    found = perform(push_verbs.show, gateway, arguments)
    pairs: list[tuple[str, Sequence[Cell]]] = [
        (words(N_("App")), [Cell(appid, is_code=True)]),
        (words(N_("Time")), [Cell(moment(found["time"]))]),
        (words(N_("Type")), [Cell(found["type"])]),
        (words(N_("Bytes")), [Cell(f"{found['bytes']:,}")]),
        (words(N_("Content")), [Cell(asks=[Ask("show_push", arguments)])]),
    ]
    columns = (
        Column(N_("Delivery")),
        Column(N_("Kind")),
        Column(N_("State")),
        Column(N_("Began")),
        Column(N_("Attempts"), is_number=True),
        Column(N_("Reason")),
    )
    rows = [
        [
            Cell(each["job"], is_code=True),
            Cell(each["kind"]),
            Cell(each["state"], look=STATES.get(each["state"], "")),
            Cell(moment(each["began"])),
            Cell(str(each["attempts"])),
            Cell(each["reason"] or "–", more=words(each["meaning"])),
        ]
        for each in found["deliveries"]
    ]
    return Page(
        [
            Facts(pairs),
            Table(
                columns,
                rows,
                heading=words(N_("Deliveries")),
                empty=words(N_("No route has matched: it is only stored.")),
            ),
        ],
        title=f"{appid} {entry}",
        back=(f"/console/pushes/{appid}", appid),
    )


def _state(words: Words, appid: str, found: Mapping[str, Any]) -> Notice:
    target = {"appid": appid}
    if found["paused"]:
        text = N_("Paused: pushes are stored, and nothing is delivered.")
        return Notice("warning", [[Cell(words(text), asks=[Ask("resume", target)])]])
    text = N_("Pushes are delivered as they come.")
    return Notice("good", [[Cell(words(text), asks=[Ask("pause", target)])]])


def _seen(gateway: Gateway, words: Words, appid: str) -> Facts | None:
    if appid == NO_APP:
        return None
    seen = gateway.last_seen.read(appid)
    refused = []
    if seen.refused:
        says = refusal(seen.refused.outcome, appid, words)
        refused = [Cell(moment(seen.refused.at), look="bad"), Cell(says)]
    never = [Cell(words(N_("none that is known")), look="soft")]
    pairs: list[tuple[str, Sequence[Cell]]] = [
        (
            words(N_("Last push")),
            [Cell(moment(seen.taken.at))] if seen.taken else never,
        ),
        (
            words(N_("Last check of the URL")),
            [Cell(moment(seen.check.at), more=seen.check.outcome)]
            if seen.check
            else never,
        ),
        (words(N_("Last refusal")), refused or never),
    ]
    return Facts(pairs, heading=words(N_("What WeChat has sent")))


def _dead(gateway: Gateway, words: Words, appid: str) -> Table:
    arguments = {"appid": appid, "dead": True, "most": MOST_DEAD}
    found = perform(push_verbs.list_, gateway, arguments)["dead"]
    rows: list[list[Any]] = [
        [
            Cell(each["job"], url=_url_of_job(appid, each["job"]), is_code=True),
            Cell(each["target"].partition("/")[2] or each["target"], is_code=True),
            Cell(moment(each["time"])),
            Cell(str(each["attempts"])),
            Cell(each["reason"], look="bad", more=words(each["meaning"])),
            Cell(
                asks=[
                    Ask("replay", {"appid": appid, "jobs": [each["job"]]}),
                    Ask("drop", {"appid": appid, "jobs": [each["job"]]}),
                ]
            ),
        ]
        for each in found
    ]
    every = {"appid": appid, "all": "1"}
    asks = [
        Ask("replay", every, label=N_("Replay all")),
        Ask("drop", every, label=N_("Drop all")),
    ]
    columns = (
        Column(N_("Delivery")),
        Column(N_("Route")),
        Column(N_("Began")),
        Column(N_("Attempts"), is_number=True),
        Column(N_("Reason")),
        Column(""),
    )
    heading = words(N_("Dead letters: not delivered, and not tried any more"))
    return Table(columns, rows, heading=heading, id="dead", asks=asks)


def _url_of_job(appid: str, job: str) -> str:
    entry = job.partition("/")[0]
    return (
        f"/console/pushes/{appid}/{entry}" if entry.replace("-", "").isdigit() else ""
    )


def _routes(
    gateway: Gateway, words: Words, appid: str, paused: Mapping[str, str]
) -> Table | None:
    if appid == NO_APP or read(gateway, "apps", appid) is None:
        return None
    found = perform(route_verbs.list_, gateway, {"appid": appid})["routes"]
    rows: list[list[Any]] = []
    for place, each in enumerate(found, 1):
        target = {"appid": appid, "route": each["id"]}
        waits = paused.get(each["id"], "")
        says = N_("answers WeChat") if each["reply"] else N_("gets a copy")
        rows.append(
            [
                Cell(each["id"], is_code=True, more=str(place)),
                Cell(each["client"], url=f"/console/clients/{quote(each['client'])}"),
                Cell(without_query(each["url"])),
                Cell(text_of(each["match"], words)),
                Cell(f"{each['format']}, {each['mode']}", more=words(says)),
                Cell(
                    _waiting(words, waits) if waits else words(N_("delivers")),
                    look="warning" if waits else "soft",
                    asks=[Ask("resume" if waits else "pause", target)],
                ),
            ]
        )
    columns = (
        Column(N_("Route")),
        Column(N_("Client")),
        Column(N_("URL")),
        Column(N_("Match")),
        Column(N_("Format")),
        Column(N_("State")),
    )
    return Table(
        columns,
        rows,
        heading=words(N_("Routes, in their order")),
        empty=words(N_("No route: pushes are stored and answered with success.")),
    )


def _waiting(words: Words, until: str) -> str:
    """Return the words for a route that waits, until a time or until `push resume`."""
    at = moment(until.removeprefix("until "))
    if at == "–":
        return words(N_("paused"))
    return words(N_("paused by itself until %(at)s")) % {"at": at}


def _recent(
    request: Request,
    words: Words,
    appid: str,
    found: Sequence[Mapping[str, Any]],
    *,
    before: str,
) -> Table:
    rows: list[list[Any]] = [
        [
            Cell(
                each["push"],
                url=f"/console/pushes/{appid}/{each['push']}",
                is_code=True,
            ),
            Cell(moment(each["time"])),
            Cell(each["type"]),
            Cell(f"{each['bytes']:,}"),
            [
                Cell(route, look=STATES.get(state.partition(",")[0], ""), more=state)
                for route, state in each["deliveries"].items()
            ]
            or Cell("–"),
        ]
        for each in found
    ]
    columns = (
        Column(N_("Push")),
        Column(N_("Time")),
        Column(N_("Type")),
        Column(N_("Bytes"), is_number=True),
        Column(N_("Deliveries")),
    )
    older = (
        with_query(request, before=found[-1]["push"]) if len(found) == MOST else None
    )
    newest = with_query(request, before="") if before else None
    return Table(
        columns,
        rows,
        heading=words(N_("Recent pushes, the newest first")),
        empty=words(N_("No push is stored.")),
        pager=Pager(newest, older) if older or newest else None,
    )


def _commands(words: Words, appid: str) -> Commands | None:
    if appid == NO_APP:
        return None
    return Commands(
        [
            (
                words(N_("Add a route")),
                f"manage.py push route add {appid} --client ID --url URL",
            ),
            (words(N_("Try a route")), f"manage.py push test {appid} ROUTE"),
            (
                words(N_("See what to enter at WeChat, and what is refused")),
                f"manage.py app check {appid}",
            ),
        ],
        heading=words(N_("To change it")),
    )
