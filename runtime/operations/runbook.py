"""Runbook: which lines of the documentation tell what mends a condition.

The lines are the files of docs/operating, which are deployed with the gateway, so that
an operator reads those of the version that runs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from runtime.registry.ids import WECOM_ID

FOLDER = Path(__file__).parents[2] / "docs" / "operating"

INCIDENTS = "incidents"

SECTIONS: Mapping[str, tuple[str, str]] = {
    "credential_refused": (INCIDENTS, "tokens-stop-working"),
    "address_not_allowed": (INCIDENTS, "40164-invalid-ip"),
    "quota_gone": (INCIDENTS, "tokens-stop-working"),
    "ticket_old": ("components", "see-what-is-missing"),
    "dead_letters": ("pushes", "dead-letters"),
    "unreadable": (INCIDENTS, "a-document-cannot-be-read"),
    "other_deployment": (INCIDENTS, "redis-belongs-to-another-deployment"),
}
"""By the word of a condition: the page and the anchor of its heading."""

_OF_WECOM: Mapping[str, tuple[str, str]] = {
    "credential_refused": (INCIDENTS, "40001-wecom-secret-refused"),
    "address_not_allowed": (INCIDENTS, "60020-wecom-refuses-our-address"),
}
"""The same of an app of WeCom, where they differ."""

_AWAY: Mapping[str, str] = {
    "redis": "redis-is-unavailable",
    "push_redis": "redis-is-unavailable",
    "config": "the-bucket-is-unavailable",
}

_NAME = re.compile(r"[a-z-]{1,32}")

# The line that leads to the same page in Chinese, which the console does not have.
_OTHER_LANGUAGE = re.compile(r"^\[中文\]\([^)\n]+\)\n\n?", re.MULTILINE)


def section_of(condition: str, of: str) -> tuple[str, str] | None:
    """Return the page and the anchor of what mends a condition, None if none does."""
    if condition == "away":
        return INCIDENTS, _AWAY.get(of, "")
    if is_of_wecom(of) and condition in _OF_WECOM:
        return _OF_WECOM[condition]
    return SECTIONS.get(condition)


def is_of_wecom(of: str) -> bool:
    """Tell whether a condition is about an app of WeCom."""
    return re.fullmatch(WECOM_ID, of) is not None


def pages() -> list[str]:
    """Return the names of all pages; none where they are not deployed."""
    return sorted(each.stem for each in FOLDER.glob("*.md"))


def text_of(page: str) -> str | None:
    """Return a page in Markdown, None if there is no such page here."""
    if not _NAME.fullmatch(page):
        return None
    try:
        text = (FOLDER / f"{page}.md").read_text("utf-8")
    except OSError:
        return None
    return _OTHER_LANGUAGE.sub("", text, count=1)
