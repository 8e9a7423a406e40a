"""The first page: whether everything is well, and if not, what to do now."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from functions.console.figures import figures
from functions.console.sections import (
    Ask,
    Cell,
    Column,
    Facts,
    Notice,
    Page,
    Section,
    Table,
    away,
    reading_view,
    words_of,
)
from functions.console.time_formats import Words, moment
from functions.console.values import who_of
from runtime.alerts.state import Acknowledgement
from runtime.errors import N_, ServiceUnavailable
from runtime.gateway import Gateway
from runtime.operations.acknowledgements import acknowledgements
from runtime.operations.conditions import Condition, examine
from runtime.operations.runbook import is_of_wecom, section_of
from runtime.usage.history import CALLS, ERRORS, OTHER_APPS, Period
from runtime.version import version
from runtime.web.messages import Request

MOST_APPS = 10

TITLES: Mapping[str, str] = {
    "credential_refused": N_("A credential cannot be fetched"),
    "address_not_allowed": N_("WeChat does not allow our IP address"),
    "quota_gone": N_("A quota at WeChat is used up"),
    "ticket_old": N_("Verify tickets do not arrive"),
    "dead_letters": N_("Pushes could not be delivered"),
    "unreadable": N_("A document cannot be read"),
    "away": N_("A part cannot be reached"),
    "other_deployment": N_("Redis belongs to another deployment"),
}
"""By the word of a condition."""

MENDS: Mapping[str, str] = {
    "credential_refused": N_(
        "The page of the app shows WeChat's answer. Mend its cause, then refresh."
    ),
    "address_not_allowed": N_(
        "Enter the address named above into the IP allow-list of the account at "
        "WeChat. It counts after five to ten minutes; then refresh."
    ),
    "quota_gone": N_(
        "See who calls so often, and lower that client's rate. WeChat's quotas begin "
        "anew at midnight in China."
    ),
    "ticket_old": N_(
        "Ask WeChat for tickets. If none comes within ten minutes, compare the URL in "
        "the open platform's console with the one that the command prints."
    ),
    "dead_letters": N_(
        "See why the service has not taken them, mend it, then replay or drop them."
    ),
    "unreadable": N_(
        "Put the master key back with which it was encrypted, or roll the document "
        "back to a version that can be read."
    ),
    "away": N_("See the setting, the network and the part itself."),
    "other_deployment": N_(
        "Correct the setting, or take Redis over if the other deployment is gone."
    ),
}
"""The sentence that says what to do."""

_MENDS_OF_WECOM: Mapping[str, str] = {
    "credential_refused": N_(
        "Compare the Secret with the one in WeCom's administration, and whether the "
        "app is enabled there. Nothing is fetched until it is entered anew."
    ),
    "address_not_allowed": N_(
        "Enter the address named above into the trusted IPs of the app at WeCom. It "
        "counts after a minute; then let the command try it."
    ),
}
"""The same of an app of WeCom, where it differs."""

COMMANDS: Mapping[str, str] = {
    "credential_refused": "manage.py token refresh {of}",
    "address_not_allowed": "manage.py token refresh {of}",
    "quota_gone": "manage.py calls --app {of}",
    "ticket_old": "manage.py component status {of}",
    "dead_letters": "manage.py push list {of} --dead",
    "unreadable": "manage.py store check",
    "other_deployment": "manage.py redis claim",
}

_COMMANDS_OF_WECOM: Mapping[str, str] = {
    "credential_refused": "manage.py app update {of} --secret",
    "address_not_allowed": "manage.py app check {of}",
}

_ACTS: Mapping[str, str] = {
    "credential_refused": "refresh",
    "address_not_allowed": "refresh",
    "ticket_old": "ticket",
}

_PAGES: Mapping[str, str] = {
    "credential_refused": "/console/apps/{of}",
    "address_not_allowed": "/console/apps/{of}",
    "quota_gone": "/console/calls?app={of}",
    "ticket_old": "/console/apps/{of}",
    "dead_letters": "/console/pushes/{of}#dead",
    "unreadable": "/console/documents/{of}",
}


@reading_view("overview", N_("Overview"))
def overview(request: Request, gateway: Gateway) -> Page:
    """Answer GET /console/: the verdict, the figures, and what is deployed."""
    words = words_of(request)
    findings, cared = examine(gateway), acknowledgements(gateway)
    sections: list[Section | None] = [
        _verdict(words, len(findings.found)),
        *(_condition(gateway, words, each, cared) for each in findings.found),
        _unknown(words) if findings.unknown else None,
    ]
    try:
        period, shown = figures(request, gateway)
        sections += [shown, _by_app(words, period)]
    except ServiceUnavailable:
        sections.append(away(words))
    return Page([*sections, _build(gateway, words)])


def mend_of(condition: str, of: str) -> str:
    """Return the English sentence that says what to do about a condition."""
    if is_of_wecom(of) and condition in _MENDS_OF_WECOM:
        return _MENDS_OF_WECOM[condition]
    return MENDS.get(condition, "")


def _verdict(words: Words, number: int) -> Notice:
    if not number:
        nothing = Cell(words(N_("There is nothing to do.")))
        return Notice("good", [[nothing]], heading=words(N_("All is well")))
    text = words(N_("Something is wrong: %(number)d")) % {"number": number}
    first = Cell(words(N_("The worst comes first.")))
    return Notice("bad", [[first]], heading=text)


def _condition(
    gateway: Gateway,
    words: Words,
    each: Condition,
    cared: Mapping[tuple[str, str], Acknowledgement],
) -> Notice:
    of = quote(each.of, safe="/")
    links = []
    if each.name in _PAGES and each.of != "-":
        links.append(Cell(words(N_("See it")), url=_PAGES[each.name].format(of=of)))
    if section := section_of(each.name, each.of):
        page, anchor = section
        links.append(
            Cell(words(N_("Runbook")), url=f"/console/runbook/{page}#{anchor}")
        )
    lines = [
        [Cell(each.in_words(words))],
        [Cell(words(mend_of(each.name, each.of))), *links],
    ]
    of_wecom = is_of_wecom(each.of)
    commands = {**COMMANDS, **(_COMMANDS_OF_WECOM if of_wecom else {})}
    if each.name in commands:
        lines.append([Cell(commands[each.name].format(of=each.of), is_code=True)])
    asks = []
    # Tokens are fetched from any address: a new one changes nothing.
    is_of_calls = of_wecom and each.name == "address_not_allowed"
    if (act := _ACTS.get(each.name)) and not is_of_calls:
        asks.append(Ask(act, {"appid": each.of}))
    if made := cared.get((each.name, each.of)):
        who, url = who_of(gateway, made.by)
        text = words(N_("Taken care of by")) + ":"
        lines.append([Cell(text), Cell(who or "–", url=url, more=moment(made.at))])
    else:
        asks.append(Ask("acknowledge", {"condition": each.name, "of": each.of}))
    if asks:
        lines.append([Cell(asks=asks)])
    title = words(TITLES.get(each.name, each.name))
    heading = words(N_("%(what)s: %(of)s")) % {"what": title, "of": each.of}
    return Notice("bad", lines, heading=heading)


def _unknown(words: Words) -> Notice:
    text = N_("Not everything could be looked for: what is away has to be asked.")
    return Notice("warning", [[Cell(words(text))]])


def _by_app(words: Words, period: Period) -> Table | None:
    apps = period.apps()
    if not apps:
        return None
    rows = []
    for app in apps[:MOST_APPS]:
        errors, calls = period.total(ERRORS, app), period.total(CALLS, app)
        url = "" if app == OTHER_APPS else f"/console/calls?app={quote(app)}"
        name = words(N_("other apps")) if app == OTHER_APPS else app
        rows.append(
            [
                Cell(name, url=url, is_code=app != OTHER_APPS),
                Cell(f"{calls:,}"),
                Cell(f"{errors:,}", look="bad" if errors else ""),
            ]
        )
    columns = (
        Column(N_("App")),
        Column(N_("Calls"), is_number=True),
        Column(N_("Errors"), is_number=True),
    )
    return Table(columns, rows, heading=words(N_("By app, errors first")))


def _build(gateway: Gateway, words: Words) -> Facts:
    states = gateway.health.find()
    parts = [
        (name, [Cell(state, look="good" if state == "ok" else "bad")])
        for name, state in states.items()
    ]
    pairs = [
        (words(N_("Version")), [Cell(version(), is_code=True)]),
        (
            words(N_("Address")),
            [Cell(gateway.settings.public_base_url, is_code=True)],
        ),
        *parts,
        (words(N_("Clock of this process")), [Cell(moment(gateway.clock()))]),
        (words(N_("Times")), [Cell(words(N_("China's, UTC+8")))]),
    ]
    return Facts(pairs, heading=words(N_("What is deployed")), id="build")
