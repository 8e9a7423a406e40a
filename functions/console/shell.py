"""The console's layout around a page, for the views: navigation, language and forms."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from urllib.parse import urlencode

from functions.console.acts import ACTS
from functions.console.visitor import Visitor, url_of
from runtime.gateway import Gateway
from runtime.pages import console_pages
from runtime.pages.languages import language_of
from runtime.web.messages import Request, Response

Value = str | list[str]


def console_page(
    request: Request,
    gateway: Gateway,
    visitor: Visitor,
    name: str,
    title: str,
    *,
    template: str = "",
    status: int = 200,
    **values: object,
) -> Response:
    """Return a page for a visitor from the template `console/{name}.html`.

    `name` is that of the page in the navigation; another `template` may be named. Its
    names are `values`, and `action_form` as below. `title` is an English sentence that
    is translated, or one that is already.
    """
    language = language_of(request)
    return console_pages.console_page(
        language,
        template or name,
        title=title,
        url=url_of(request),
        current=name,
        visitor_name=visitor.name,
        role=visitor.role,
        form_token=visitor.form_token(gateway),
        request_id=request.request_id,
        status=status,
        https=gateway.settings.secure,
        action_form=partial(_action_form, gateway, visitor, language),
        may=visitor.may,
        **values,
    )


def _action_form(
    gateway: Gateway,
    visitor: Visitor,
    language: str,
    act: str,
    target: Mapping[str, Value],
    *,
    label: str = "",
    heard: str | None = None,
    quiet: bool = False,
) -> str:
    """Return HTML for `raw`: a button that does the act, "" if the role is too low.

    `target` names what it is done to, as ACTS says. What destroys or reveals asks on a
    page of its own for a new code: then it is a link to that page. `heard` is what a
    screen reader says beside the label; the target by default.
    """
    wanted = ACTS[act]
    if not visitor.may(wanted.role):
        return ""
    fields = pairs_of(target)
    if heard is None:
        heard = " ".join(value for _, value in fields)
    if wanted.fresh_code:
        url = f"/console/ask/{act}?{urlencode(fields)}"
        return console_pages.action_link(
            language, url=url, label=label or wanted.button, of=heard
        )
    return console_pages.action_form(
        language,
        path=f"/console/do/{act}",
        fields=fields,
        form_token=visitor.form_token(gateway),
        label=label or wanted.button,
        of=heard,
        quiet=quiet,
    )


def pairs_of(target: Mapping[str, Value]) -> list[tuple[str, str]]:
    """Return the pairs of a form for values that may be lists."""
    return [
        (name, each)
        for name, value in target.items()
        for each in ([value] if isinstance(value, str) else value)
    ]
