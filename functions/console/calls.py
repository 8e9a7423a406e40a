"""The page of calls: who calls what of WeChat's API, and with what errors."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from functions.console.sections import (
    Cell,
    Column,
    Filter,
    Page,
    Table,
    reading_view,
    sliced,
    words_of,
)
from runtime.errors import N_
from runtime.gateway import Gateway
from runtime.pages.languages import lenient_argument
from runtime.usage.call_counts import CallCount, CallCounts
from runtime.web.messages import Request

COLUMNS = (
    Column(N_("Client")),
    Column(N_("App")),
    Column(N_("Path")),
    Column(N_("Error")),
    Column(N_("Last hour"), is_number=True),
    Column(N_("Today"), is_number=True),
)


@reading_view("calls", N_("Calls"))
def calls(request: Request, gateway: Gateway) -> Page:
    """Answer GET /console/calls: errors first, then the most frequent."""
    words = words_of(request)
    app, client = (
        (lenient_argument(request, name) or "").strip() for name in ("app", "client")
    )
    found = [
        each
        for each in CallCounts(gateway.redis_store).read(gateway.clock())
        if app in ("", each.appid) and client in ("", each.client_id)
    ]
    shown = sliced(request, found)
    fields = [
        ("app", words(N_("App")), app, "wx…"),
        ("client", words(N_("Client")), client, ""),
    ]
    sums = {
        "hour": f"{sum(each.last_hour for each in found):,}",
        "errors": f"{sum(each.last_hour for each in found if each.errcode):,}",
        "today": f"{sum(each.today for each in found):,}",
    }
    text = N_(
        "Last hour: %(hour)s, of these %(errors)s with an error. Today in China: "
        "%(today)s."
    )
    table = Table(
        COLUMNS,
        rows_of(shown.rows),
        says=words(text) % sums,
        empty=words(N_("No call today.")),
        pager=shown.pager,
    )
    return Page([Filter("/console/calls", fields), table])


def rows_of(counts: Sequence[CallCount]) -> list[list[Cell]]:
    """Return rows with the columns of COLUMNS."""
    return [
        [
            Cell(each.client_id, url=f"/console/clients/{quote(each.client_id)}"),
            Cell(each.appid, url=f"/console/apps/{quote(each.appid)}", is_code=True),
            Cell(_printable(each.path), is_code=True),
            Cell(str(each.errcode or "–"), look="bad" if each.errcode else "soft"),
            Cell(f"{each.last_hour:,}"),
            Cell(f"{each.today:,}"),
        ]
        for each in counts
    ]


def _printable(path: str) -> str:
    # A client has chosen it.
    return "".join(each if each.isprintable() else "?" for each in path)
