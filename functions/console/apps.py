"""Pages of apps: their credentials, what is wrong with them, and their accounts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from functions.console.figures import figures_of_app
from functions.console.sections import (
    Ask,
    Cell,
    Column,
    Commands,
    Facts,
    Figures,
    Notice,
    Page,
    Section,
    Table,
    reading_view,
    sliced,
    words_of,
)
from functions.console.time_formats import Words, moment, span
from functions.console.values import facts_of
from runtime.custody.upkeep import CredentialAge
from runtime.errors import N_, ServiceUnavailable, hint_of
from runtime.gateway import Gateway
from runtime.operations import component_verbs, token_verbs
from runtime.operations.fingerprints import fingerprints_of
from runtime.operations.refusals import UnreadableDocument
from runtime.operations.runbook import section_of
from runtime.operations.verbs import operation, perform
from runtime.registry.authorizers import Authorizer
from runtime.registry.models import COMPONENT_KIND, WECOM_KIND
from runtime.web.messages import Request

APPS = ("/console/apps", N_("Apps"))

SOON_SECONDS = 300.0
"""A credential that ends within this time should have been replaced."""


@reading_view("apps", N_("Apps"))
def apps(request: Request, gateway: Gateway) -> Page:
    """Answer GET /console/apps: all apps, those with a fault first."""
    words = words_of(request)
    found = perform(operation("app", "list").run, gateway, {})
    ages = _ages(gateway)
    rows = sorted(found["apps"], key=lambda each: not _is_bad(ages[each["appid"]]))
    shown = sliced(request, rows)
    columns = (
        Column(N_("App")),
        Column(N_("Kind")),
        Column(N_("Credentials")),
        Column(N_("Token mode")),
        Column(N_("User identifier")),
    )
    table = Table(
        columns,
        [
            [
                Cell(each["appid"], url=f"/console/apps/{each['appid']}", is_code=True),
                Cell(each["kind"]),
                _summary(words, ages[each["appid"]]),
                Cell(each["token_mode"] or "–"),
                Cell(each["subject"] or "–"),
            ]
            for each in shown.rows
        ],
        empty=words(N_("There is no app yet.")),
        pager=shown.pager,
    )
    return Page(
        [
            unreadable(words, found.get("unreadable", ())),
            table,
            Commands(
                [(words(N_("Add an app")), "manage.py app add APPID --kind KIND")]
            ),
        ]
    )


@reading_view("apps", N_("App"))
def app(request: Request, gateway: Gateway, appid: str) -> Page:
    """Answer GET /console/apps/{appid}: one app."""
    words = words_of(request)
    found = perform(operation("app", "show").run, gateway, {"appid": appid})
    sections: list[Section | None] = [
        _refused_address(gateway, words, appid) if _is_wecom(found) else None,
        _credentials(gateway, words, appid),
    ]
    if found.get("kind") == COMPONENT_KIND:
        sections += _component(request, gateway, words, appid)
    sections += [
        _figures(request, gateway, appid),
        Facts(
            facts_of(found, words, without=("appid", "sealed")), words(N_("Settings"))
        ),
        _secrets(gateway, words, appid),
        _commands(words, appid, found),
    ]
    return Page(sections, title=appid, back=_back(words, APPS))


def _is_wecom(found: Mapping[str, Any]) -> bool:
    return found.get("kind") == WECOM_KIND


def _refused_address(gateway: Gateway, words: Words, appid: str) -> Notice | None:
    """Return the address that WeCom refuses to this app, None if it refuses none.

    The tokens do not tell: they are fetched from any address.
    """
    try:
        refused = gateway.refused_addresses.all()
    except ServiceUnavailable:
        return None
    if appid not in refused:
        return None
    sentence = words(
        N_("WeCom refuses the calls from %(address)s: it is not a trusted IP.")
    )
    lines = [[Cell(sentence % {"address": refused[appid] or "?"})]]
    if section := section_of("address_not_allowed", appid):
        page, anchor = section
        url = f"/console/runbook/{page}#{anchor}"
        lines.append([Cell(words(N_("Runbook")), url=url)])
    heading = words(N_("WeCom refuses this gateway's address"))
    return Notice("bad", lines, heading=heading)


def _figures(request: Request, gateway: Gateway, appid: str) -> Figures | None:
    try:
        return figures_of_app(request, gateway, appid)
    except ServiceUnavailable:
        return None


def unreadable(words: Words, names: Iterable[str]) -> Table | None:
    """Return the documents that cannot be read, None if all can."""
    rows = [
        [Cell(name, url=f"/console/documents/{name}", is_code=True, look="bad")]
        for name in names
    ]
    if not rows:
        return None
    return Table(
        (Column(N_("Document")),),
        rows,
        heading=words(N_("Documents that are unreadable")),
    )


def _back(words: Words, up: tuple[str, str]) -> tuple[str, str]:
    return up[0], words(up[1])


def _ages(gateway: Gateway) -> Mapping[str, list[CredentialAge]]:
    found: dict[str, list[CredentialAge]] = defaultdict(list)
    for each in gateway.upkeep.ages():
        found[each.name.partition(":")[2]].append(each)
    return found


def _is_bad(ages: Sequence[CredentialAge]) -> bool:
    return any(each.is_refused or each.remaining < SOON_SECONDS for each in ages)


def _summary(words: Words, ages: Sequence[CredentialAge]) -> list[Cell]:
    if not ages:
        return [Cell(words(N_("none in use")), look="soft")]
    return [
        Cell(
            each.name.partition(":")[0],
            look="bad" if _is_bad([each]) else "good",
            more=(
                words(N_("refused, %(code)s")) % {"code": each.errcode}
                if each.is_refused
                else span(each.remaining, words)
            ),
        )
        for each in ages
    ]


def _credentials(gateway: Gateway, words: Words, appid: str) -> Table | None:
    app = gateway.registry.app(appid)
    if app is None or not (app.has_access_token or app.kind == COMPONENT_KIND):
        return None
    found = perform(token_verbs.show, gateway, {"appid": appid})["tokens"]
    columns = (
        Column(N_("Credential")),
        Column(N_("Age")),
        Column(N_("Remaining")),
        Column(N_("Next refresh in")),
        Column(N_("Fetches today"), is_number=True),
        Column(N_("Last refusal")),
        Column(""),
    )
    return Table(
        columns,
        [_credential(words, appid, each) for each in found],
        heading=words(N_("Credentials")),
        empty=words(N_("No client has asked for a token of this app yet.")),
    )


def _credential(words: Words, appid: str, each: Mapping[str, Any]) -> list[Any]:
    kind = each["name"].partition(":")[0]
    refusal = []
    if each["errcode"] is not None:
        hint = hint_of(each["errcode"], each["errmsg"] or "", words)
        refusal = [Cell(str(each["errcode"]), look="bad", is_code=True)]
        refusal.append(Cell(hint or (each["errmsg"] or "")[:200]))
    remaining = each["remaining"]
    look = "good" if remaining >= SOON_SECONDS else "bad"
    only = {"only": kind} if kind in token_verbs.KINDS else {}
    return [
        Cell(kind, is_code=True),
        Cell(span(each["age"], words)),
        Cell(span(remaining, words), look=look),
        Cell(span(each["due_in"], words)),
        Cell(str(each["fetches_today"])),
        refusal or Cell(words(N_("none")), look="soft"),
        Cell(asks=[Ask("refresh", {"appid": appid, **only}, heard=f"{kind} {appid}")]),
    ]


def _component(
    request: Request, gateway: Gateway, words: Words, appid: str
) -> list[Section]:
    state = perform(component_verbs.status, gateway, {"appid": appid})
    age = state["ticket_age"]
    look = "good" if state["ticket"] == "ok" else "bad"
    ticket = [Cell(state["ticket"], look=look, more=span(age, words))]
    ticket.append(Cell(asks=[Ask("ticket", {"appid": appid})]))
    pairs: list[tuple[str, Sequence[Cell]]] = [
        (words(N_("Verify ticket")), ticket),
        (words(N_("Accounts")), [Cell(str(state["authorizers"]))]),
        (words(N_("Unfinished authorisations")), [Cell(str(state["unfinished"]))]),
        *((words(N_("What to do")), [Cell(each)]) for each in state.get("advice", ())),
    ]
    enter = [
        [Cell(each["field"]), Cell(each["value"], is_code=True)]
        for each in state["enter"]
    ]
    columns = (Column(N_("Field of WeChat's console")), Column(N_("Value")))
    return [
        Facts(pairs, heading=words(N_("Component"))),
        _accounts(request, gateway, words, appid),
        Table(columns, enter, heading=words(N_("What to enter at WeChat"))),
    ]


def _accounts(
    request: Request, gateway: Gateway, words: Words, component: str
) -> Table:
    ids = component_verbs.authorized_ids(gateway, component)
    shown = sliced(request, ids)
    rows = []
    for appid in shown.rows:
        try:
            found = gateway.registry.authorizer(component, appid)
        except (ServiceUnavailable, UnreadableDocument):
            found = None
        rows.append(_account(words, appid, found))
    columns = (
        Column(N_("Account")),
        Column(N_("Kind")),
        Column(N_("State")),
        Column(N_("Since")),
        Column(N_("Permission sets")),
    )
    return Table(
        columns,
        rows,
        heading=words(N_("Accounts that have authorised it")),
        empty=words(N_("No account has authorised this component yet.")),
        pager=shown.pager,
    )


def _account(words: Words, appid: str, found: Authorizer | None) -> list[Cell]:
    name = Cell(appid, url=f"/console/apps/{quote(appid)}", is_code=True)
    if found is None:
        text = words(N_("cannot be read"))
        return [name, Cell("–"), Cell(text, look="bad"), Cell("–"), Cell("–")]
    at = found.authorized_at if found.stands else found.unauthorized_at
    return [
        name,
        Cell(found.kind),
        Cell(found.state, look="good" if found.stands else "bad"),
        Cell(moment(at or None)),
        Cell(", ".join(map(str, found.permission_sets)) or "–"),
    ]


def _secrets(gateway: Gateway, words: Words, appid: str) -> Facts | None:
    prints = fingerprints_of(gateway, "apps", appid)
    if not prints:
        return None
    pairs = [(name, [Cell(each, is_code=True)]) for name, each in prints.items()]
    return Facts(pairs, heading=words(N_("Secrets, by their fingerprints")))


def _commands(words: Words, appid: str, found: Mapping[str, Any]) -> Commands:
    secret, enter = N_("Enter a new AppSecret"), N_("See what to enter at WeChat")
    if _is_wecom(found):
        secret = N_("Enter a new Secret")
        enter = N_("See what to enter at WeCom, and try it")
    commands = [
        (words(N_("Change a setting")), f"manage.py app update {appid} --help"),
        (words(secret), f"manage.py app update {appid} --secret"),
        (words(enter), f"manage.py app check {appid}"),
        (
            words(N_("Replace all tokens now")),
            f"manage.py token refresh {appid} --force",
        ),
        (words(N_("Remove it")), f"manage.py app remove {appid}"),
    ]
    if found.get("kind") == COMPONENT_KIND:
        pull = f"manage.py component pull {appid}"
        commands.insert(
            0, (words(N_("Fill gaps from WeChat's list of accounts")), pull)
        )
    return Commands(commands, heading=words(N_("To change it")))
