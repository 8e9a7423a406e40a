"""A language that a person chooses by a link is kept, for the pages that come after."""

from __future__ import annotations

from runtime.pages.languages import COOKIE, address_in, known, only
from runtime.settings import Settings
from runtime.web.cookies import set_cookie
from runtime.web.messages import Request, Response, redirect

KEPT_SECONDS = 365 * 86400


def keep_chosen(request: Request, address: str, settings: Settings) -> Response | None:
    """Return the way to the address with a cookie, None where there is no new choice.

    It is a step of its own since FC 3.0 passes one cookie an answer, and the page has
    its flow's. The address says the language by `ui_locales`: a browser that keeps no
    cookie is shown the same page, and is not sent round again.
    """
    chosen = known(only(request, "lang") or "") if request.accepts_html() else None
    if chosen is None or chosen == known(request.cookies.get(COOKIE, "")):
        return None
    tag = chosen.replace("_", "-")
    cookie = set_cookie(
        COOKIE,
        tag,
        max_age=KEPT_SECONDS,
        secure=settings.secure,
        domain=settings.cookie_domain,
        # It is no secret, and services of the same host may set it by script.
        http_only=False,
    )
    return redirect(address_in(address, f"ui_locales={tag}")).with_headers(cookie)
