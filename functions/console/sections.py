"""Sections of a page that shows things: tables, facts, notices, charts and commands.

A view names what it shows, and one template draws it: so all pages look alike, on a
phone as well, and every text is escaped in one place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode

from functions.console.shell import console_page
from functions.console.time_formats import Words
from functions.console.visitor import Visitor, page_view, url_of
from runtime.errors import N_, ServiceUnavailable
from runtime.gateway import Gateway
from runtime.operations.refusals import UnreadableDocument
from runtime.pages.languages import language_of, translator
from runtime.web.messages import Request, Response

PAGE = 50
"""Rows of a table on one page."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A button for an act, with its target; `heard` is what a screen reader says."""

    act: str
    target: Mapping[str, Any]
    label: str = ""
    heard: str | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """A value: a text, a link with a `url`, in the style of code, or with a colour.

    `look` is "good", "warning", "bad" or "soft"; `asks` are buttons after the text.
    """

    text: str = ""
    url: str = ""
    look: str = ""
    is_code: bool = False
    asks: Sequence[Ask] = ()
    more: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: English words that are translated, and whether it has numbers."""

    words: str
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Pager:
    """The place of a page among the others: links, None where there is none."""

    newer: str | None
    older: str | None
    says: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `heading` and `says` are translated already, `empty` as well."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell | Sequence[Cell]]]
    heading: str = ""
    empty: str = ""
    says: str = ""
    pager: Pager | None = None
    asks: Sequence[Ask] = ()
    id: str = ""
    kind: ClassVar[str] = "table"


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values of one thing; the names are translated already."""

    pairs: Sequence[tuple[str, Sequence[Cell]]]
    heading: str = ""
    id: str = ""
    kind: ClassVar[str] = "facts"


@dataclass(frozen=True, slots=True)
class Notice:
    """Sentences in a box; `look` is "good", "warning" or "bad"."""

    look: str
    lines: Sequence[Sequence[Cell]]
    heading: str = ""
    id: str = ""
    kind: ClassVar[str] = "notice"


@dataclass(frozen=True, slots=True)
class Commands:
    """Commands of manage.py that change what the page shows, each with its words."""

    commands: Sequence[tuple[str, str]]
    heading: str = ""
    id: str = ""
    kind: ClassVar[str] = "commands"


@dataclass(frozen=True, slots=True)
class Filter:
    """A form that asks for a part of the rows: fields with label and value."""

    path: str
    fields: Sequence[tuple[str, str, str, str]]
    kind: ClassVar[str] = "filter"
    heading: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its chart and the chart's numbers as a table.

    `look` is the colour of what it `says`, and of the number if that `is_bad` itself.
    """

    words: str
    number: str
    svg: str
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[int]]]
    says: str = ""
    look: str = ""
    is_bad: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """Several numbers with their charts, beside each other; `choices` are links."""

    figures: Sequence[Figure]
    heading: str = ""
    id: str = ""
    choices: Sequence[tuple[str, str, bool]] = ()
    kind: ClassVar[str] = "figures"


Section = Table | Facts | Notice | Commands | Filter | Figures


@dataclass(frozen=True, slots=True)
class Sliced:
    """The rows of one page and its place."""

    rows: Sequence[Any]
    pager: Pager | None = field(default=None)


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its sections, and how it differs from the others of its kind.

    `title` is in place of the kind's; `back` is URL and words of the page above it.
    """

    sections: Sequence[Section | None]
    title: str = ""
    back: tuple[str, str] | None = None


Look = Callable[..., Page]


def reading_view(name: str, title: str) -> Callable[[Look], Callable[..., Response]]:
    """Return a decorator that makes the view of a page from what looks things up.

    Where Redis or the documents are away, the page says so.
    """

    def made(look: Look) -> Callable[..., Response]:
        @page_view
        def view(
            request: Request, gateway: Gateway, seen: Visitor, *groups: str
        ) -> Response:
            words = words_of(request)
            try:
                page = look(request, gateway, *groups)
            except (ServiceUnavailable, OSError):
                page = Page([away(words)])
            except UnreadableDocument as error:
                page = Page([_unreadable(words, error)])
            return console_page(
                request,
                gateway,
                seen,
                name,
                page.title or title,
                template="sections",
                sections=[each for each in page.sections if each],
                back=page.back,
            )

        return view

    return made


def away(words: Words) -> Notice:
    """Return the notice that something cannot be read now."""
    sentence = N_(
        "This cannot be shown now: Redis or the store of documents cannot be reached."
    )
    link = Cell(words(N_("What is wrong")), url="/console/")
    return Notice("bad", [[Cell(words(sentence))], [link]])


def _unreadable(words: Words, error: UnreadableDocument) -> Notice:
    url = "/console/runbook/incidents#a-document-cannot-be-read"
    link = Cell(words(N_("Runbook")), url=url)
    return Notice("bad", [[Cell(words(error.message))], [link]])


def words_of(request: Request) -> Words:
    """Return the function that translates into the language of the page."""
    translate = translator(language_of(request))
    # A catalogue's "" is about itself.
    return lambda sentence: translate(sentence) if sentence else ""


def sliced(request: Request, rows: Sequence[Any], *, size: int = PAGE) -> Sliced:
    """Return the rows that `page` of the query asks for, the last ones beyond them."""
    text = dict(parse_qsl(request.query)).get("page", "1")
    number = int(text) if text.isdecimal() and len(text) < 5 else 1
    pages = max(1, -(-len(rows) // size))
    number = min(max(1, number), pages)
    start = (number - 1) * size
    shown = rows[start : start + size]
    if pages == 1:
        return Sliced(shown)
    place = {"first": start + 1, "last": start + len(shown), "all": len(rows)}
    newer = with_query(request, page=str(number - 1)) if number > 1 else None
    older = with_query(request, page=str(number + 1)) if number < pages else None
    return Sliced(shown, Pager(newer, older, words_of(request)(ROWS) % place))


def with_query(request: Request, **changed: str) -> str:
    """Return the page's own URL with these arguments in place of its own."""
    kept = [pair for pair in parse_qsl(request.query) if pair[0] not in changed]
    pairs = [*kept, *((name, value) for name, value in changed.items() if value)]
    path = url_of(request).partition("?")[0]
    return f"{path}?{urlencode(pairs)}" if pairs else path


ROWS = N_("%(first)d to %(last)d of %(all)d")
