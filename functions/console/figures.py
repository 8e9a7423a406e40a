"""Figures of the last hour or the last day, of all apps or of one, with charts."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from functions.console.sections import Figure, Figures, with_query, words_of
from functions.console.time_formats import Words
from runtime.errors import N_
from runtime.gateway import Gateway
from runtime.pages.charts import Axis, Series, bars, peak, rows
from runtime.pages.languages import lenient_argument
from runtime.usage.history import (
    CALLS,
    ERRORS,
    PUSHES,
    PUSHES_REFUSED,
    RELAYS_FAILED,
    SIGN_INS,
    SIGN_INS_REFUSED,
    Period,
)
from runtime.web.messages import Request

DAY = "day"


def figures(request: Request, gateway: Gateway) -> tuple[Period, Figures]:
    """Return the period that `period` of the query asks for, and its figures."""
    words, period = words_of(request), _period(request, gateway)
    shown = (
        _calls(words, period),
        _sign_ins(words, period),
        _pushes(words, period),
        _relays(words, period),
    )
    return period, _beside(request, words, shown)


def figures_of_app(request: Request, gateway: Gateway, appid: str) -> Figures:
    """Return an app's own part of them."""
    words, period = words_of(request), _period(request, gateway)
    shown = (
        _calls(words, period, appid),
        _pushes(words, period, appid),
        _relays(words, period, appid),
    )
    return _beside(request, words, shown)


def _period(request: Request, gateway: Gateway) -> Period:
    history, now = gateway.history, gateway.clock()
    return history.last_day(now) if _is_day(request) else history.last_hour(now)


def _is_day(request: Request) -> bool:
    return lenient_argument(request, "period") == DAY


def _beside(request: Request, words: Words, shown: Sequence[Figure]) -> Figures:
    is_day = _is_day(request)
    hour, day = words(N_("Last hour")), words(N_("Last day"))
    choices = (
        (hour, with_query(request, period=""), not is_day),
        (day, with_query(request, period=DAY), is_day),
    )
    return Figures(shown, heading=day if is_day else hour, choices=choices)


def _calls(words: Words, period: Period, app: str | None = None) -> Figure:
    calls, errors = period.of(CALLS, app), period.of(ERRORS, app)
    well = [max(0, all_ - bad) for all_, bad in zip(calls, errors, strict=True)]
    return _figure(
        words,
        period,
        "calls",
        words(N_("Calls of WeChat's API")),
        number=sum(calls),
        faults=sum(errors),
        faults_words=words(N_("%(n)s with an error")),
        series=[
            Series(words(N_("Without error")), "fine", well),
            Series(words(N_("With error")), "fault", errors),
        ],
        url=f"/console/calls?app={quote(app)}" if app else "/console/calls",
    )


def _sign_ins(words: Words, period: Period) -> Figure:
    finished, refused = period.of(SIGN_INS), period.of(SIGN_INS_REFUSED)
    return _figure(
        words,
        period,
        "sign-ins",
        words(N_("Sign-ins")),
        number=sum(finished),
        faults=sum(refused),
        faults_words=words(N_("%(n)s refused or failed")),
        series=[
            Series(words(N_("Finished")), "fine", finished),
            Series(words(N_("Refused or failed")), "fault", refused),
        ],
        url="/console/runbook/incidents#nobody-can-sign-in" if sum(refused) else "",
    )


def _pushes(words: Words, period: Period, app: str | None = None) -> Figure:
    received, refused = period.of(PUSHES, app), period.of(PUSHES_REFUSED, app)
    return _figure(
        words,
        period,
        "pushes",
        words(N_("Pushes from WeChat")),
        number=sum(received),
        faults=sum(refused),
        faults_words=words(N_("%(n)s not accepted")),
        series=[
            Series(words(N_("Received")), "fine", received),
            Series(words(N_("Not accepted")), "fault", refused),
        ],
        url=f"/console/pushes/{quote(app)}" if app else "/console/pushes",
    )


def _relays(words: Words, period: Period, app: str | None = None) -> Figure:
    failed = period.of(RELAYS_FAILED, app)
    return _figure(
        words,
        period,
        "relays",
        words(N_("Deliveries that failed")),
        number=sum(failed),
        faults=sum(failed),
        faults_words=words(N_("each is repeated for a day")),
        series=[Series(words(N_("Failed")), "fault", failed)],
        url=f"/console/pushes/{quote(app)}" if app else "/console/pushes",
    )


def _figure(
    words: Words,
    period: Period,
    id_: str,
    title: str,
    *,
    number: int,
    faults: int,
    faults_words: str,
    series: Sequence[Series],
    url: str,
) -> Figure:
    axis = Axis(period.began, period.slot_seconds)
    sums = [sum(column) for column in zip(*(s.numbers for s in series), strict=True)]
    most, at = peak(axis, sums)
    text = words(N_("In all %(number)s, at most %(most)s from %(at)s on"))
    description = text % {"number": f"{number:,}", "most": f"{most:,}", "at": at}
    if faults:
        description += f"; {faults_words % {'n': f'{faults:,}'}}"
    return Figure(
        title,
        f"{number:,}",
        bars(id_, title, description, axis, series),
        [each.words for each in series],
        rows(axis, series, together=4 if period.slot_seconds > 60 else 5),
        says=faults_words % {"n": f"{faults:,}"} if faults else "",
        look="bad" if faults else "",
        is_bad=bool(faults) and faults == number,
        url=url,
    )
