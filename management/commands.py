"""The verbs as they are given on a command line; options are named like arguments."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Mapping

from management.actions import NameAction
from management.document_options import (
    add_app,
    add_client,
    appid_argument,
    client_id_argument,
    update_app,
    update_client,
)

Define = Callable[[ArgumentParser], object]


def _nothing(parser: ArgumentParser) -> None:
    """Define no argument."""


def _perhaps_appid(parser: ArgumentParser) -> None:
    parser.add_argument("appid", metavar="APPID", nargs="?")


def _rotate_client(parser: ArgumentParser) -> None:
    client_id_argument(parser)
    says = "drop the older of the two secrets"
    parser.add_argument("--finish", action="store_true", help=says)


def _sub(parser: ArgumentParser) -> None:
    says = "the person's openid or unionid, as the apps' subject is"
    parser.add_argument("sub", metavar="SUB", help=says)


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
    ("app", "add"): ("keeps a new app; asks for its AppSecret", add_app),
    ("app", "list"): ("all apps", _nothing),
    ("app", "show"): ("one app, without its secrets", appid_argument),
    ("app", "update"): ("changes what is given", update_app),
    ("app", "remove"): ("removes an app; its history stays", appid_argument),
    ("client", "add"): ("keeps a new client; prints its secret once", add_client),
    ("client", "list"): ("all clients", _nothing),
    ("client", "show"): ("one client", client_id_argument),
    ("client", "update"): ("changes what is given", update_client),
    ("client", "rotate"): ("prints a second secret; --finish ends it", _rotate_client),
    ("client", "revoke"): ("ends all its tokens", client_id_argument),
    ("client", "disable"): ("ends its tokens and secrets", client_id_argument),
    ("client", "enable"): ("lets its secrets count again", client_id_argument),
    ("client", "remove"): ("removes a client; its history stays", client_id_argument),
    ("person", "sign-out"): ("signs one person out everywhere", _sub),
    ("token", "show"): ("age, life and troubles of each token", _perhaps_appid),
    ("token", "refresh"): ("fetches what is due of one app", appid_argument),
    ("key", "rotate"): ("seals all secrets under the newest master key", _nothing),
    ("document", "history"): ("the versions of a document", _document),
    ("document", "rollback"): ("writes an older version anew", _rollback),
    ("store", "check"): ("reads everything, tells what cannot be read", _nothing),
    ("store", "export"): ("writes all documents to a new file", _export),
    ("store", "import"): ("writes what differs from such a file", _import),
}
"""What each verb says of itself, and how its arguments are defined."""
