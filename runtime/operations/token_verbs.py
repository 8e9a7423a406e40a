"""Commands on credentials: show, refresh; no answer holds a token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from runtime.custody.protocol import Source
from runtime.custody.upkeep import CredentialReport
from runtime.errors import hint_of
from runtime.gateway import Gateway
from runtime.operations.editing import ID
from runtime.operations.refusals import OperationRefused, unknown
from runtime.operations.token_trial import DEAD, try_value
from runtime.registry.models import COMPONENT_KIND, App
from runtime.registry.rules import flag, word
from runtime.registry.schema import checked_fields
from runtime.wechat.credentials import TICKET_TYPES
from runtime.wecom.credentials import TICKET_TYPES as WECOM_TICKET_TYPES

_TICKETS = dict.fromkeys((*TICKET_TYPES, *WECOM_TICKET_TYPES))

KINDS = ("access_token", *(f"{each}_ticket" for each in _TICKETS))
"""The kinds of credentials, by the beginning of their names."""


def show(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state of each credential, of one app or of all apps.

    Authorised accounts are not among all: there may be thousands. With `check` WeChat
    is asked whether it takes each access_token, in `check`. `faults` are those that
    WeChat refuses, and those that are not there although somebody needs them.
    """
    known = checked_fields(arguments, {"appid": ID, "check": flag})
    appid, checks = known.get("appid"), known.get("check", False)
    apps = [_app(gateway, appid)] if appid else gateway.registry.apps()
    rows, faults = [], []
    for app in apps:
        for source in _sources(gateway, app):
            report = gateway.upkeep.describe(source)
            found = try_value(gateway, app, source) if checks else None
            rows.append({**asdict(report), **({"check": found.state} if found else {})})
            what = found.says if found else _dead(report)
            if what:
                force = " --force" if found and found.state == DEAD else ""
                mend = f"manage.py token refresh {app.appid}{force}"
                faults.append({"of": source.name, "what": what, "mend": mend})
    return {"tokens": rows, **({"faults": faults} if faults else {})}


def _dead(report: CredentialReport) -> str:
    """Return why there is no value, "" if one lives or nobody has asked for it."""
    if report.remaining > 0 or report.errcode is None:
        return ""
    cause = (
        hint_of(report.errcode, report.errmsg or "") or f"WeChat said {report.errcode}"
    )
    return f"There is none, and calls fail: {cause}."


def refresh(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Fetch those credentials of an app that are due; return an outcome for each.

    `fresh`: it is not due; `fetched`; `busy`: another process is fetching it. A pause
    after a failure is ignored. If WeChat refuses now, its error is raised. With `force`
    each is replaced, due or not; `unchanged`: WeChat gave the same value. `only` names
    one kind of credential.
    """
    rules = {"appid": ID, "force": flag, "only": word(*KINDS)}
    known = checked_fields(arguments, rules, needed=("appid",))
    sources = _sources(gateway, _app(gateway, known["appid"]))
    if only := known.get("only"):
        # A component's and an account's access_token have longer names.
        sources = [each for each in sources if _kind(each).endswith(only)]
        if not sources:
            raise OperationRefused(f"No client has asked for a {only} of this app yet.")
    forced = known.get("force", False)
    done = [
        {"name": source.name, "outcome": _refreshed(gateway, source, forced=forced)}
        for source in sources
    ]
    return {"tokens": done}


def _refreshed(gateway: Gateway, source: Source, *, forced: bool) -> str:
    if forced:
        return gateway.upkeep.replace(source).value
    return gateway.upkeep.refresh(source, ignore_pause=True).value


def _app(gateway: Gateway, appid: str) -> App:
    app = gateway.registry.app(appid)
    if app is None:
        raise unknown("apps", appid)
    if not (app.has_access_token or app.kind == COMPONENT_KIND):
        raise OperationRefused(f"A {app.kind} app has no access_token of its own.")
    return app


def _sources(gateway: Gateway, app: App) -> list[Source]:
    if not (app.has_access_token or app.kind == COMPONENT_KIND):
        return []
    # A ticket that no client has asked for yet is not fetched.
    return [
        each
        for each in gateway.calls_of(app).sources(app)
        if _kind(each).endswith("token") or gateway.upkeep.describe(each).fence
    ]


def _kind(source: Source) -> str:
    return source.name.partition(":")[0]
