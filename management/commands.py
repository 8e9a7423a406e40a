"""The verbs as they are given on a command line; options are named like arguments."""

from __future__ import annotations

from argparse import ArgumentParser, BooleanOptionalAction
from collections.abc import Callable, Mapping
from typing import Any

from management.actions import (
    AppAction,
    NameAction,
    ScopeAction,
    WithoutAppAction,
    rate,
)

Define = Callable[[ArgumentParser], object]


def _nothing(parser: ArgumentParser) -> None:
    """Define no argument."""


def _appid(parser: ArgumentParser) -> None:
    parser.add_argument("appid", metavar="APPID")


def _perhaps_appid(parser: ArgumentParser) -> None:
    parser.add_argument("appid", metavar="APPID", nargs="?")


def _client_id(parser: ArgumentParser) -> None:
    parser.add_argument("client_id", metavar="ID")


def _app_fields(parser: ArgumentParser, *, needed: bool) -> None:
    _appid(parser)
    add = parser.add_argument
    kinds = "service, subscription, website, miniprogram or component"
    add("--kind", metavar="KIND", required=needed, help=kinds)
    add("--token-mode", metavar="MODE", help="stable or plain")
    add("--subject", metavar="FIELD", help="openid or unionid")
    many: dict[str, Any] = {"action": "extend", "nargs": "+", "metavar": "HOST"}
    add("--js-domain", dest="js_domains", help="hosts that use wx.config", **many)
    add("--api-host", dest="api_hosts", help="WeChat's hosts, the first first", **many)
    push = "ask for the token and the AES key of pushes"
    add("--push", dest="asks_push", action="store_true", help=push)
    if not needed:
        secret = "ask for a new AppSecret"
        add("--secret", dest="asks_secret", action="store_true", help=secret)
        _clear(parser)


def _add_app(parser: ArgumentParser) -> None:
    parser.set_defaults(asks_secret=True)
    _app_fields(parser, needed=True)


def _update_app(parser: ArgumentParser) -> None:
    _app_fields(parser, needed=False)


def _client_fields(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("--app", action=AppAction, metavar="APPID", help="an app it may use")
    scope = "paths it may call of the apps before, or token:read"
    add("--scope", action=ScopeAction, nargs="+", metavar="PATTERN", help=scope)
    many: dict[str, Any] = {"action": "extend", "nargs": "+"}
    origin = "where a sign-in may lead to"
    add("--origin", dest="origins", metavar="ORIGIN", help=origin, **many)
    uris = "exact addresses for codes"
    add("--redirect-uri", dest="redirect_uris", metavar="URI", help=uris, **many)
    add("--rate", type=rate, metavar="PER_SECOND/BURST", help="such as 10/20")
    session_key = "whether it sees session_key"
    add("--session-key", action=BooleanOptionalAction, help=session_key)


def _add_client(parser: ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME")
    made = "chosen rather than made of NAME"
    parser.add_argument("--id", dest="client_id", metavar="ID", help=made)
    _client_fields(parser)


def _update_client(parser: ArgumentParser) -> None:
    _client_id(parser)
    parser.add_argument("--name", metavar="NAME")
    _client_fields(parser)
    gone = "an app it may no longer use"
    parser.add_argument(
        "--without-app", action=WithoutAppAction, metavar="APPID", help=gone
    )
    _clear(parser)


def _clear(parser: ArgumentParser) -> None:
    says = "fields to drop, such as rate"
    parser.add_argument(
        "--clear", action="extend", nargs="+", metavar="FIELD", help=says
    )


def _rotate_client(parser: ArgumentParser) -> None:
    _client_id(parser)
    says = "drop the older of the two secrets"
    parser.add_argument("--finish", action="store_true", help=says)


def _document(parser: ArgumentParser) -> None:
    parser.add_argument("document", action=NameAction, metavar="KIND/ID")


def _rollback(parser: ArgumentParser) -> None:
    _document(parser)
    parser.add_argument("--to", type=int, required=True, metavar="VERSION")


def _export(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE")
    says = "in plain text; offline only"
    parser.add_argument("--with-secrets", action="store_true", help=says)


def _import(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE")


COMMANDS: Mapping[tuple[str, str], tuple[str, Define]] = {
    ("app", "add"): ("keeps a new app; asks for its AppSecret", _add_app),
    ("app", "list"): ("all apps", _nothing),
    ("app", "show"): ("one app, without its secrets", _appid),
    ("app", "update"): ("changes what is given", _update_app),
    ("app", "remove"): ("removes an app; its history stays", _appid),
    ("client", "add"): ("keeps a new client; prints its secret once", _add_client),
    ("client", "list"): ("all clients", _nothing),
    ("client", "show"): ("one client", _client_id),
    ("client", "update"): ("changes what is given", _update_client),
    ("client", "rotate"): ("prints a second secret; --finish ends it", _rotate_client),
    ("client", "revoke"): ("ends all its tokens", _client_id),
    ("client", "disable"): ("ends its tokens and secrets", _client_id),
    ("client", "enable"): ("lets its secrets count again", _client_id),
    ("client", "remove"): ("removes a client; its history stays", _client_id),
    ("token", "show"): ("age, life and troubles of each token", _perhaps_appid),
    ("token", "refresh"): ("fetches what is due of one app", _appid),
    ("key", "rotate"): ("seals all secrets under the newest master key", _nothing),
    ("document", "history"): ("the versions of a document", _document),
    ("document", "rollback"): ("writes an older version anew", _rollback),
    ("store", "check"): ("reads everything, tells what cannot be read", _nothing),
    ("store", "export"): ("writes all documents to a new file", _export),
    ("store", "import"): ("writes what differs from such a file", _import),
}
"""What each verb says of itself, and how its arguments are defined."""
