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

NO_ACCOUNT_QR = (
    "No computer gets a QR code: account_qr needs a verified service account that has "
    "the token and the AES key of pushes, see app update APPID --push."
)


def warnings(
    gateway: Gateway, client_id: str, content: Mapping[str, Any]
) -> dict[str, list[str]]:
    """Return `warnings`, a sentence each; an empty dict if there are none."""
    found = _unknown_clients(gateway, content)
    signs_in = (
        content.get("redirect_uris") or client_id == gateway.settings.login_client
    )
    if signs_in:
        found += _of_sign_ins(gateway, content)
    return {"warnings": found} if found else {}


def _unknown_clients(gateway: Gateway, content: Mapping[str, Any]) -> list[str]:
    named = content.get("introspects", ())
    known = set(gateway.documents.ids("clients")) if named else set()
    return [
        f"introspects names {each}, and there is no such client: client list."
        for each in named
        if each not in known
    ]


def _of_sign_ins(gateway: Gateway, content: Mapping[str, Any]) -> list[str]:
    found = []
    apps = _apps(gateway, content["scopes"])
    subjects = {app.get("subject", "openid") for app in apps.values()}
    if len(apps) > 1 and subjects != {"unionid"}:
        found.append(TWO_SUBJECTS)
    account = apps.get(PAGE_KIND, {})
    takes_scans = account.get("token") and account.get("encoding_aes_key")
    if content.get("account_qr") and not takes_scans:
        found.append(NO_ACCOUNT_QR)
    return found


def _apps(gateway: Gateway, appids: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """Return by kind the client's first app that signs in at a browser."""
    found: dict[str, Mapping[str, Any]] = {}
    for appid in appids:
        # `store check` reports an app that cannot be read.
        with suppress(UnreadableDocument):
            app = editing.read(gateway, "apps", appid)
            if app is not None and app.content["kind"] in (QR_KIND, PAGE_KIND):
                found.setdefault(app.content["kind"], app.content)
    return found
