"""Pages of documents: which there are, and the versions of each with what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from functions.console.sections import (
    Ask,
    Cell,
    Column,
    Commands,
    Page,
    Section,
    Table,
    reading_view,
    sliced,
    words_of,
)
from functions.console.time_formats import Words, moment
from functions.console.values import json_of, who_of
from runtime.documents.documents import Stored, Written
from runtime.documents.secret_fields import LASTING
from runtime.errors import N_
from runtime.gateway import Gateway
from runtime.operations.refusals import UnknownDocument
from runtime.operations.shown_changes import shown_change
from runtime.pages.languages import lenient_argument
from runtime.web.messages import Request

DOCUMENTS = ("/console/documents", N_("Documents"))

VERSIONS = 20
"""Versions on one page: of each, the page shows what it has changed."""

_READERS = 8


@reading_view("documents", N_("Documents"))
def documents(request: Request, gateway: Gateway) -> Page:
    """Answer GET /console/documents: the kinds, or the ids of one."""
    words = words_of(request)
    kind = lenient_argument(request, "kind") or ""
    if kind not in LASTING:
        columns = (Column(N_("Kind")), Column(N_("Documents"), is_number=True))
        rows = [
            [
                Cell(each, url=f"/console/documents?kind={each}", is_code=True),
                Cell(f"{len(gateway.documents.ids(each)):,}"),
            ]
            for each in LASTING
        ]
        check = (words(N_("Read every version of all")), "manage.py store check")
        export = (words(N_("Export all")), "manage.py store export FILE")
        return Page([Table(columns, rows), Commands([check, export])])
    shown = sliced(request, sorted(gateway.documents.ids(kind)))
    rows = [
        [Cell(id_, url=f"/console/documents/{kind}/{id_}", is_code=True)]
        for id_ in shown.rows
    ]
    table = Table((Column(N_("Document")),), rows, pager=shown.pager)
    back = (DOCUMENTS[0], words(DOCUMENTS[1]))
    return Page([table], title=kind, back=back)


@reading_view("documents", N_("Document"))
def document(request: Request, gateway: Gateway, kind: str, id_: str) -> Page:
    """Answer GET /console/documents/{kind}/{id}: its versions, the newest first."""
    words = words_of(request)
    known = kind in LASTING
    versions = gateway.documents.history(kind, id_)[::-1] if known else []
    if not versions:
        raise UnknownDocument(f"There is no {kind}/{id_}.")
    shown = sliced(request, versions, size=VERSIONS)
    columns = (
        Column(N_("Version")),
        Column(N_("Written")),
        Column(N_("By")),
        Column(N_("Reason")),
        Column(N_("Bytes"), is_number=True),
        Column(N_("Changed fields")),
    )

    def row(stored: Stored) -> list[Any]:
        return _version(gateway, words, kind, id_, stored)

    with ThreadPoolExecutor(_READERS) as readers:
        rows = list(readers.map(row, shown.rows))
    look = Ask("show_document", {"kind": kind, "id": id_})
    sections: list[Section | None] = [
        Table(columns, rows, pager=shown.pager, asks=[look]),
        Commands(
            [
                (
                    words(N_("Write an older version as the newest")),
                    f"manage.py document rollback {kind}/{id_} --to VERSION",
                )
            ],
            heading=words(N_("To change it")),
        ),
    ]
    up = (f"/console/documents?kind={kind}", kind)
    return Page(sections, title=f"{kind}/{id_}", back=up)


def _version(
    gateway: Gateway, words: Words, kind: str, id_: str, stored: Stored
) -> list[Any]:
    author = gateway.documents.author(kind, id_, stored.version)
    who, url = who_of(gateway, author.get("who") or "–")
    return [
        Cell(str(stored.version)),
        Cell(moment(stored.written_at)),
        Cell(who, url=url, more=author.get("what") or ""),
        Cell(author.get("reason") or "–"),
        Cell(f"{stored.size:,}"),
        _changes(gateway, words, kind, id_, stored),
    ]


def _changes(
    gateway: Gateway, words: Words, kind: str, id_: str, version: Stored
) -> Sequence[Cell]:
    """Return what a version has changed: fields by name, with fingerprints."""
    if version.removed:
        return [Cell(words(N_("removed")), look="warning")]
    stored = gateway.documents.stored(kind, id_, version.version)
    if stored is None:
        return [Cell("–")]
    change = shown_change(gateway, Written(kind, id_, version.version, stored))
    if "unreadable" in change:
        return [Cell(words(N_("cannot be read")), look="bad")]
    return changes_of(change, words)


def changes_of(change: Mapping[str, Any], words: Words) -> list[Cell]:
    """Return cells for the fields before and after."""
    before, after = change.get("before") or {}, change.get("after") or {}
    cells = []
    for name in sorted({*before, *after}):
        old, new = (json_of(each.get(name)) for each in (before, after))
        text = f"{_cut(old)} → {_cut(new)}" if name in before else _cut(new)
        cells.append(Cell(name, is_code=True, more=text))
    return cells or [Cell(words(N_("nothing")), look="soft")]


def _cut(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]} …"
