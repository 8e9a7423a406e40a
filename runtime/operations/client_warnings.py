"""Warnings about a client's document that is valid, but hardly intended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from runtime.gateway import Gateway
from runtime.operations import editing
from runtime.operations.refusals import UnreadableDocument
from runtime.registry.sign_in_apps import PAGE_KIND, QR_KIND

TWO_SUBJECTS = (
    "A user who signs in both by QR code and inside WeChat gets two identifiers here: "
    "give both apps the subject unionid."
)


def warnings(
    gateway: Gateway, client_id: str, content: Mapping[str, Any]
) -> dict[str, list[str]]:
    """Return `warnings`, a sentence each; an empty dict if there are none."""
    signs_in = (
        content.get("redirect_uris") or client_id == gateway.settings.login_client
    )
    if not signs_in:
        return {}
    subjects = _subjects(gateway, content["scopes"])
    if len(subjects) < 2 or set(subjects.values()) == {"unionid"}:
        return {}
    return {"warnings": [TWO_SUBJECTS]}


def _subjects(gateway: Gateway, appids: Iterable[str]) -> dict[str, str]:
    """Return by kind of app the `subject` of the client's first app of that kind."""
    subjects: dict[str, str] = {}
    for appid in appids:
        # `store check` reports an app that cannot be read.
        with suppress(UnreadableDocument):
            app = editing.read(gateway, "apps", appid)
            if app is not None and app.content["kind"] in (QR_KIND, PAGE_KIND):
                subject = app.content.get("subject", "openid")
                subjects.setdefault(app.content["kind"], subject)
    return subjects
