"""Outcomes of sign-ins, as metrics count them by the way that a sign-in has taken.

What goes well rides in a pipeline that is sent anyway. What fails is counted like a
call, by at most one round trip a second. A sign-in that its user just leaves has no
outcome: it is the rest of what has started.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runtime.errors import GatewayError
from runtime.gateway import Gateway
from runtime.state.redis_store import Increment
from runtime.usage.metrics import SIGN_INS, counted
from runtime.web.browsers import Browser

if TYPE_CHECKING:
    from runtime.registry.sign_in_apps import SignInApps

STARTED, FINISHED = "started", "finished"
REFUSED, EXPIRED, FAILED = "refused", "expired", "failed"

IN_WECHAT, QR_CODE = "in_wechat", "qr_code"
IN_WECOM, WECOM_PAGE = "in_wecom", "wecom_page"
PAGE_QR, ACCOUNT_QR = "page_qr", "account_qr"
FRAME, SESSION, AUTHORIZATION = "frame", "session", "component"
MINI_PROGRAM, MOBILE_APP, WEB_VIEW = "mini_program", "mobile_app", "web_view"
UNKNOWN = "unknown"
"""Of a flow that an older version has started."""

_REFUSED = frozenset(
    {
        *("access_denied", "snapshot_user", "person_blocked"),
        *("confirmation_refused", "confirmation_failed", "confirmed_elsewhere"),
        *("not_a_member", "outside_visible_range"),
    }
)
_EXPIRED = frozenset({"qr_code_expired", "js_code_spent", "sdk_code_spent"})
_NOT_COUNTED = frozenset({"flow_expired", "authorization_expired", "not_admitted"})
"""A callback that comes once more, or in another browser, when the sign-in has ended;
and a user who is not admitted, whom check_admitted counts."""


def way_of(apps: SignInApps, browser: Browser, *, by_account: bool) -> str:
    """Return the way that the sign-in page offers to this browser first."""
    if apps.wecom and browser is Browser.WECOM:
        return IN_WECOM
    if apps.wecom and not (apps.qr or apps.page):
        return WECOM_PAGE
    if by_account:
        return ACCOUNT_QR
    if apps.page and browser is not Browser.DESKTOP:
        return IN_WECHAT
    return QR_CODE if apps.qr else PAGE_QR


def riding(gateway: Gateway, way: str, *outcomes: str) -> list[Increment]:
    """Return these outcomes for a pipeline that is sent anyway."""
    measures: dict[str, int] = {}
    for outcome in outcomes:
        measures |= counted(SIGN_INS, way or UNKNOWN, outcome)
    return gateway.counters.riding(measures)


def count(gateway: Gateway, way: str, *outcomes: str) -> None:
    """Count these outcomes."""
    measures: dict[str, int] = {}
    for outcome in outcomes:
        measures |= counted(SIGN_INS, way or UNKNOWN, outcome)
    gateway.counters.add_measures(measures)


def count_error(
    gateway: Gateway, way: str, error: GatewayError, *, before: tuple[str, ...] = ()
) -> None:
    """Count the outcome that an error means, after those `before`.

    What a limit has refused is among the limits.
    """
    if error.status == 429 or error.code in _NOT_COUNTED:
        return
    outcome = FAILED
    if error.code in _REFUSED:
        outcome = REFUSED
    elif error.code in _EXPIRED:
        outcome = EXPIRED
    count(gateway, way, *before, outcome)
