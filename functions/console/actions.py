"""The forms of the console: asked for on a page, done once, and told on another page.

After a form the browser is sent to the page that tells what happened, so a reload does
nothing again. What an admin sees stands in the answer to the form itself, and nowhere
else.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from functions.console.acts import ACTS, Act
from functions.console.outcomes import kept_of, outcome_of
from functions.console.shell import console_page
from functions.console.values import json_of
from functions.console.visitor import RoleTooLow, Visitor, form_view, page_view
from runtime.entry.nudge import nudge
from runtime.errors import N_, BadRequest, GatewayError, NotFound
from runtime.gateway import Gateway
from runtime.operations.acknowledgements import MOST_OF_NAME
from runtime.operations.recorded import perform_recorded
from runtime.operations.verbs import operation
from runtime.web.messages import Request, Response, redirect, single

log = logging.getLogger("gateway.admin")

WRONG_CODE = N_(
    "This code is mistyped, used, older than five minutes, or another operator's: ask "
    "for a new one. Nothing was done."
)


@page_view
def ask(request: Request, gateway: Gateway, seen: Visitor, name: str) -> Response:
    """Answer GET /console/ask/{act}: what it will do, and the form for it."""
    act = _act(name)
    _check_role(request, seen, act)
    return _question(request, gateway, seen, name, request.arguments)


@form_view
def do(request: Request, gateway: Gateway, seen: Visitor, name: str) -> Response:
    """Answer POST /console/do/{act}: do it, and lead to the page that tells."""
    act = _act(name)
    _check_role(request, seen, act)
    arguments = act.arguments(request.form)
    if any(each not in arguments for each in act.needed):
        raise BadRequest
    if name == "acknowledge" and seen.name:
        arguments["by"] = seen.name[:MOST_OF_NAME]
    if act.fresh_code and not _takes_code(request, gateway, seen):
        _log(request, seen, act, "wrong_code")
        return _question(
            request, gateway, seen, name, request.form, fault=WRONG_CODE, status=403
        )
    if act.reveals:
        return _revealed(request, gateway, seen, name, arguments)
    outcome, found = "done", {}
    try:
        found = _perform(request, gateway, seen, act, arguments)
    except GatewayError as error:
        outcome, found = error.code, _fault(error)
    _log(request, seen, act, outcome)
    notice = {
        "act": name,
        "outcome": outcome,
        "target": act.target(request.form),
        "found": kept_of(name, found) if outcome == "done" else found,
    }
    if name == "sign_out":  # an openid stays out of Redis
        notice["target"] = []
    id_ = gateway.console_sessions.leave_notice(seen.session, notice)
    return redirect(f"/console/done/{id_}")


@page_view
def done(request: Request, gateway: Gateway, seen: Visitor, id_: str) -> Response:
    """Answer GET /console/done/{id}: what an action of this session has done."""
    notice = gateway.console_sessions.notice(seen.session, id_)
    if notice is None or notice.get("act") not in ACTS:
        raise NotFound
    act = ACTS[notice["act"]]
    return console_page(
        request,
        gateway,
        seen,
        "",
        act.title,
        template="done",
        is_done=notice["outcome"] == "done",
        code=notice["outcome"],
        target=act.shown(notice["target"]),
        outcome=outcome_of(request, notice),
        act=notice["act"],
        found=notice["found"],
    )


def _act(name: str) -> Act:
    act = ACTS.get(name)
    if act is None:
        raise NotFound
    return act


def _check_role(request: Request, seen: Visitor, act: Act) -> None:
    if not seen.may(act.role):
        _log(request, seen, act, RoleTooLow.code)
        raise RoleTooLow


def _takes_code(request: Request, gateway: Gateway, seen: Visitor) -> bool:
    gateway.limits.console_code(request)
    typed = single(request.form, "code") or ""
    return gateway.console_codes.take(typed, operator=seen.id) is not None


def _perform(
    request: Request,
    gateway: Gateway,
    seen: Visitor,
    act: Act,
    arguments: Mapping[str, Any],
) -> dict[str, Any]:
    operator = seen.as_operator(request, gateway)
    done = perform_recorded(
        gateway, act.command, arguments, operator, always=act.reveals
    )
    if operation(*act.command).makes_due:
        nudge(request.context, gateway)
    return done


def _fault(error: GatewayError) -> dict[str, Any]:
    fault = {"message": error.message}
    if error.errmsg:
        fault["errmsg"] = f"{error.errcode}: {error.errmsg}"
    return fault


def _question(
    request: Request,
    gateway: Gateway,
    seen: Visitor,
    name: str,
    pairs: tuple[tuple[str, str], ...],
    *,
    fault: str = "",
    status: int = 200,
) -> Response:
    act = _act(name)
    target = act.target(pairs)
    named = {field for field, _ in target}
    asks_user = name == "sign_out" and not named
    if not asks_user and not named.issuperset(act.needed):
        raise NotFound
    return console_page(
        request,
        gateway,
        seen,
        "",
        act.title,
        template="ask",
        status=status,
        act=act,
        path=f"/console/do/{name}",
        target=target,
        flags=[each for each in act.flags if each not in named],
        asks_user=asks_user,
        fault=fault,
        operator=seen.id,
    )


def _revealed(
    request: Request,
    gateway: Gateway,
    seen: Visitor,
    name: str,
    arguments: Mapping[str, Any],
) -> Response:
    act = _act(name)
    found = _perform(request, gateway, seen, act, arguments)
    _log(request, seen, act, "done")
    return console_page(
        request,
        gateway,
        seen,
        "",
        act.title,
        template=name,
        found=found,
        target=act.target(request.form),
        json_of=json_of,
    )


def _log(request: Request, seen: Visitor, act: Act, outcome: str) -> None:
    log.info(
        "%s people/%s console %s: %s",
        request.request_id,
        seen.id,
        " ".join(act.command),
        outcome,
    )
