"""The command calls: who calls what of WeChat's API, and with what errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runtime.gateway import Gateway
from runtime.operations.editing import ID
from runtime.registry.rules import whole
from runtime.registry.schema import checked_fields
from runtime.usage.call_counts import CallCount, CallCounts

MOST = 50
"""Rows that are shown where no other number is given."""


def show(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return calls by client, app, path and errcode, errors first, and their sums.

    `left_out` is the number of rows beyond `most`, which the sums contain.
    """
    rules = {"app": ID, "client": ID, "most": whole(1, 1000)}
    known = checked_fields(arguments, rules)
    found = [
        each
        for each in CallCounts(gateway.redis_store).read(gateway.clock())
        if known.get("app") in (None, each.appid)
        and known.get("client") in (None, each.client_id)
    ]
    rows = found[: known.get("most", MOST)]
    left_out = len(found) - len(rows)
    errors = [each for each in found if each.errcode]
    return {
        "last_hour": sum(each.last_hour for each in found),
        "errors_last_hour": sum(each.last_hour for each in errors),
        "today": sum(each.today for each in found),
        "errors_today": sum(each.today for each in errors),
        "calls": _rows(rows),
        **({"left_out": left_out} if left_out else {}),
    }


def _rows(counts: Sequence[CallCount]) -> list[dict[str, Any]]:
    return [
        {
            "client": each.client_id,
            "app": each.appid,
            # A client has chosen it: what is no letter could move a terminal's cursor.
            "path": "".join(c if c.isprintable() else "?" for c in each.path),
            "errcode": each.errcode,
            "last_hour": each.last_hour,
            "today": each.today,
        }
        for each in counts
    ]
