"""Pages of the audit log: a search through the acts of operators, and one act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from functions.console.documents import changes_of
from functions.console.sections import (
    Cell,
    Column,
    Commands,
    Facts,
    Filter,
    Notice,
    Page,
    Pager,
    Section,
    Table,
    reading_view,
    with_query,
    words_of,
)
from functions.console.time_formats import Words, moment
from functions.console.values import short, text_of, who_of
from runtime.errors import N_, NotFound
from runtime.gateway import Gateway
from runtime.operations import audit_verbs
from runtime.pages.languages import lenient_argument
from runtime.registry.schema import InvalidDocument
from runtime.web.messages import Request

AUDIT = ("/console/audit", N_("Audit log"))

_FIELDS = {"day": "day", "noun": "of_noun", "who": "who"}
"""Of the query, and the arguments of `audit list`."""


@reading_view("audit", N_("Audit log"))
def audit(request: Request, gateway: Gateway) -> Page:
    """Answer GET /console/audit: what operators have done, the newest first."""
    words = words_of(request)
    names = (*_FIELDS, "before")
    given = {name: (lenient_argument(request, name) or "").strip() for name in names}
    arguments = {_FIELDS[name]: given[name] for name in _FIELDS if given[name]}
    fields = [
        ("day", words(N_("Day")), given["day"], "2027-01-15"),
        ("who", words(N_("Who")), given["who"], ""),
        ("noun", words(N_("Of what")), given["noun"], "app, client, push …"),
    ]
    sections: list[Section | None] = [Filter("/console/audit", fields)]
    try:
        found = audit_verbs.search(gateway, arguments, before=given["before"])
    except InvalidDocument as error:
        return Page([*sections, Notice("warning", [[Cell(error.message)]])])
    columns = (
        Column(N_("Time")),
        Column(N_("Who")),
        Column(N_("What")),
        Column(N_("Of")),
        Column(N_("Outcome")),
        Column(N_("Changed")),
    )
    newest = with_query(request, before="") if given["before"] else None
    older = with_query(request, before=found.next) if found.next else None
    text = N_("The last seven days. Days are those of UTC.")
    sections += [
        Table(
            columns,
            [_row(gateway, words, *each) for each in found.acts],
            says="" if given["day"] else words(text),
            empty=words(N_("No act that fits.")),
            pager=Pager(newest, older) if newest or older else None,
        ),
        Commands(
            [
                (
                    words(N_("Write all that is known into a file")),
                    "manage.py audit export --file FILE --since DAY",
                )
            ]
        ),
    ]
    return Page(sections)


@reading_view("audit", N_("Act"))
def act(request: Request, gateway: Gateway, day: str, name: str) -> Page:
    """Answer GET /console/audit/{day}/{name}: one act with what it has changed."""
    words = words_of(request)
    try:
        found = gateway.documents.audit.read(f"{day}/{name}")
    except FileNotFoundError:
        raise NotFound from None
    shown = ("way", "from", "request_id", "names", "given", "ended")
    pairs: list[tuple[str, Sequence[Cell]]] = [
        (words(N_("Time")), [Cell(moment(found.get("time")))]),
        (words(N_("Who")), [Cell(*who_of(gateway, found.get("who")))]),
        (
            words(N_("What")),
            [Cell(f"{found.get('noun')} {found.get('verb')}", is_code=True)],
        ),
        (words(N_("Outcome")), [_outcome(found.get("outcome"))]),
        *(
            (each, [Cell(text_of(found[each], words))])
            for each in shown
            if found.get(each)
        ),
    ]
    changes = [each for each in found.get("changes") or () if isinstance(each, dict)]
    rows: list[list[Any]] = [
        [
            Cell(
                short(str(each.get("document"))),
                url=f"/console/documents/{each.get('document')}",
                is_code=True,
            ),
            Cell(str(each.get("version"))),
            changes_of(each, words),
        ]
        for each in changes
    ]
    columns = (
        Column(N_("Document")),
        Column(N_("Version"), is_number=True),
        Column(N_("Changed fields")),
    )
    return Page(
        [
            Facts(pairs),
            Table(
                columns,
                rows,
                heading=words(N_("Changes")),
                empty=words(N_("No document was changed.")),
            ),
        ],
        title=f"{found.get('noun')} {found.get('verb')}",
        back=(AUDIT[0], words(AUDIT[1])),
    )


def _row(
    gateway: Gateway, words: Words, name: str, found: Mapping[str, Any]
) -> list[Any]:
    each = audit_verbs.row_of(found)
    names = [short(str(value)) for value in each["names"]]
    return [
        Cell(moment(each["time"]), url=f"/console/audit/{name}"),
        Cell(*who_of(gateway, each["who"])),
        Cell(str(each["what"]), is_code=True),
        Cell(", ".join(names) or "–"),
        _outcome(each["outcome"]),
        Cell(short(", ".join(each["changed"])) or "–"),
    ]


def _outcome(outcome: Any) -> Cell:
    return Cell(str(outcome), look="good" if outcome == "done" else "bad")
