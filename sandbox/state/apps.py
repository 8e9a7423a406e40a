"""Accounts and applications of companies on the platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

from sandbox.ids import Ids

KINDS = ("service", "website", "miniprogram", "component", "mobile")
REFUSALS = ("redirect", "stay")


@dataclass(frozen=True, slots=True)
class App:
    """An app as its owner set it up in the console.

    `original_id` is its user name (gh_...); `bound` tells whether it hangs on the
    company's open platform account, which gives its users a unionid; `refusal`
    tells whether a refusing user is sent back with the state alone or stays. An
    account that is not `verified` may not send customer-service messages.
    Of a component: `callback_url` takes its events, `message_url` (with `$APPID$`)
    the messages of its accounts, and its authorization page is entered from pages
    on `entry_domain`.
    """

    appid: str
    kind: str
    name: str
    secret: str = field(repr=False)
    original_id: str
    callback_domain: str
    js_domain: str
    token: str = field(repr=False)
    encoding_aes_key: str = field(repr=False)
    callback_url: str = ""
    bound: bool = True
    ip_whitelist: tuple[str, ...] = ()
    secret_frozen: bool = False
    refusal: str = "redirect"
    entry_domain: str = ""
    message_url: str = ""
    verified: bool = True


def make_app(ids: Ids, *, kind: str, name: str) -> App:
    """Return a new app with everything that WeChat would give it."""
    return App(
        appid=ids.appid(),
        kind=kind,
        name=name,
        secret=ids.secret(),
        original_id=ids.original_id(),
        callback_domain="127.0.0.1",
        js_domain="127.0.0.1",
        token=ids.push_token(),
        encoding_aes_key=ids.encoding_aes_key(),
        refusal="stay" if kind == "website" else "redirect",
        entry_domain="127.0.0.1" if kind == "component" else "",
    )


def change_app(app: App, changes: Mapping[str, Any]) -> App:
    """Return the app with settings changed; ValueError names one that does not fit."""
    known = {setting.name for setting in fields(App)}
    settings = dict(changes)
    for name, value in changes.items():
        if name not in known:
            raise ValueError(f"an app has no setting {name!r}")
        if name == "ip_whitelist":
            settings[name] = value = tuple(value)
            _check_networks(value)
        if type(value) is not type(getattr(app, name)):
            raise ValueError(f"the setting {name!r} is of another type")
    changed = replace(app, **settings)
    urlsplit(changed.callback_url)
    if changed.kind not in KINDS or changed.refusal not in REFUSALS:
        raise ValueError(f"kind is one of {KINDS}, refusal one of {REFUSALS}")
    return changed


def _check_networks(entries: tuple[str, ...]) -> None:
    for entry in entries:
        ip_network(entry, strict=False)
