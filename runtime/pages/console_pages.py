"""The pages of the operators' console: one layout, and no script at all."""

from __future__ import annotations

from runtime.errors import N_
from runtime.pages.brand import NO_BRAND
from runtime.pages.languages import LANGUAGES, translator, url_in_language
from runtime.pages.rendering import Allowed, fragment, render
from runtime.pages.safe_urls import link
from runtime.web.messages import Response

NAVIGATION = {
    "overview": ("/console/", N_("Overview")),
    "apps": ("/console/apps", N_("Apps")),
    "clients": ("/console/clients", N_("Clients")),
    "calls": ("/console/calls", N_("Calls")),
    "pushes": ("/console/pushes", N_("Pushes")),
    "people": ("/console/people", N_("Users")),
    "documents": ("/console/documents", N_("Documents")),
    "audit": ("/console/audit", N_("Audit log")),
    "alerts": ("/console/alerts", N_("Alerts")),
    "runbook": ("/console/runbook", N_("Runbook")),
}
"""The pages by name: the path, and the words of its link."""

ROLE_NAMES = {
    "viewer": N_("viewer"),
    "operator": N_("operator"),
    "admin": N_("administrator"),
}

_OWN_NAMES = {"zh_CN": "简体中文", "zh_TW": "繁體中文", "en": "English"}

_STYLE = "console.css"


def console_page(
    language: str,
    template: str,
    *,
    title: str,
    url: str,
    current: str = "",
    visitor_name: str = "",
    role: str = "",
    form_token: str = "",
    request_id: str = "",
    status: int = 200,
    https: bool = False,
    **names: object,
) -> Response:
    """Return a page in the console's layout; without a role, without navigation.

    `url` is the page's own path with its query, `current` its name in NAVIGATION.
    `title` is an English sentence, or already translated.
    """
    translate = translator(language)
    pages = [
        (path, translate(words), name == current)
        for name, (path, words) in NAVIGATION.items()
    ]
    return render(
        language,
        f"console/{template}.html",
        status=status,
        https=https,
        allowed=Allowed(tells_itself=True),
        style=_STYLE,
        brand=NO_BRAND,
        title=translate(title),
        pages=pages if role else [],
        switches=_switches(url),
        visitor_name=visitor_name,
        role=role,
        role_name=translate(ROLE_NAMES.get(role, role)),
        form_token=form_token,
        request_id=request_id,
        **names,
    )


def action_form(
    language: str,
    *,
    path: str,
    fields: list[tuple[str, str]],
    form_token: str,
    label: str,
    of: str,
    quiet: bool,
) -> str:
    """Return the HTML of a form with one button that posts the fields to the path."""
    return fragment(
        language,
        "console/action_form.html",
        path=path,
        fields=fields,
        form_token=form_token,
        label=translator(language)(label),
        of=of,
        quiet=quiet,
    )


def action_link(language: str, *, url: str, label: str, of: str) -> str:
    """Return the HTML of a link that looks as the buttons do."""
    return fragment(
        language,
        "console/action_link.html",
        url=link(url),
        label=translator(language)(label),
        of=of,
    )


def _switches(url: str) -> list[tuple[str, str, str, str | None]]:
    return [
        (
            code,
            code.replace("_", "-"),
            _OWN_NAMES[code],
            link(url_in_language(url, f"lang={code.replace('_', '-')}")),
        )
        for code in LANGUAGES
    ]
