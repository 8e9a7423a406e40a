"""Table of the commands, with the help and the arguments of each."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Mapping

from management.actions import NameAction
from management.alert_options import add_alert, alert_name, update_alert
from management.check_waiting import SECONDS
from management.document_options import (
    add_app,
    add_client,
    add_component,
    appid_argument,
    clear_option,
    client_id_argument,
    settings_fields,
    update_app,
    update_client,
    user_fields,
)
from management.push_options import (
    add_route,
    dead_letters,
    list_pushes,
    list_routes,
    listen_options,
    one_route,
    optional_route,
    show_push,
    try_route,
    update_route,
)

Define = Callable[[ArgumentParser], object]


def _nothing(parser: ArgumentParser) -> None:
    """Define no argument."""


def _check(parser: ArgumentParser) -> None:
    appid_argument(parser)
    shown = "print the token and the AES key themselves"
    parser.add_argument("--secrets", action="store_true", help=shown)
    waits = f"how long to wait for WeChat, {SECONDS} by default, 0 for not at all"
    parser.add_argument("--seconds", type=int, metavar="N", help=waits)


def _calls(parser: ArgumentParser) -> None:
    parser.add_argument("--app", metavar="APPID", help="calls for this app alone")
    parser.add_argument("--client", metavar="ID", help="calls of this client alone")
    most = "show so many rows at most, 50 by default"
    parser.add_argument("--most", type=int, metavar="N", help=most)


def _optional_appid(parser: ArgumentParser) -> None:
    parser.add_argument("appid", metavar="APPID", nargs="?")


def _show_tokens(parser: ArgumentParser) -> None:
    _optional_appid(parser)
    asks = "ask WeChat whether each access_token works; fetch none"
    parser.add_argument("--check", action="store_true", help=asks)


def _refresh(parser: ArgumentParser) -> None:
    appid_argument(parser)
    summary = "replace what is not due as well, within WeChat's limits"
    parser.add_argument("--force", action="store_true", help=summary)
    kinds = "access_token, jsapi_ticket, wx_card_ticket or agent_config_ticket"
    parser.add_argument("--only", metavar="KIND", help=kinds)


def _authorizers(parser: ArgumentParser) -> None:
    appid_argument(parser)
    most = "show so many accounts at most"
    parser.add_argument("--limit", type=int, metavar="N", help=most)


def _rotate_client(parser: ArgumentParser) -> None:
    client_id_argument(parser)
    summary = "remove the older of the two secrets"
    parser.add_argument("--finish", action="store_true", help=summary)


def _user(parser: ArgumentParser) -> None:
    summary = "openid or unionid of the user, as the subject of the apps is; or its id"
    parser.add_argument("sub", metavar="SUB", nargs="?", help=summary)
    shown = "what a refused user was shown, in place of SUB"
    parser.add_argument("--reference", metavar="REF", help=shown)


def _add_user(parser: ArgumentParser) -> None:
    _user(parser)
    user_fields(parser)


def _update_user(parser: ArgumentParser) -> None:
    _user(parser)
    user_fields(parser)
    clear_option(parser)


def _add_operator(parser: ArgumentParser) -> None:
    _user(parser)
    add = parser.add_argument
    add("--role", required=True, metavar="ROLE", help="viewer, operator or admin")
    add("--name", metavar="TEXT", help="the name that operators see")


def _link(parser: ArgumentParser) -> None:
    summary = "sub of the operator, or the id that operator list prints"
    parser.add_argument("--as", dest="sub", required=True, metavar="WHO", help=summary)


def _acknowledge(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("condition", metavar="CONDITION", help="a word such as dead_letters")
    add("of", metavar="OF", help="what it is about, such as an appid")
    add("--by", metavar="TEXT", help="who takes care of it, for others to see")


def _document(parser: ArgumentParser) -> None:
    parser.add_argument("document", action=NameAction, metavar="KIND/ID")


def _show_document(parser: ArgumentParser) -> None:
    _document(parser)
    which = "this version, not the newest"
    parser.add_argument("--version", type=int, metavar="VERSION", help=which)


def _diff(parser: ArgumentParser) -> None:
    _document(parser)
    before = "the one before the other, by default"
    parser.add_argument("--from", type=int, metavar="VERSION", help=before)
    parser.add_argument("--to", type=int, metavar="VERSION", help="the newest")


def _history(parser: ArgumentParser) -> None:
    _document(parser)
    most = "list so many at most, 50 by default"
    parser.add_argument("--most", type=int, metavar="N", help=most)


def _rollback(parser: ArgumentParser) -> None:
    _document(parser)
    parser.add_argument("--to", type=int, required=True, metavar="VERSION")


def _export(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a new file, or - for stdout")
    add = parser.add_argument
    summary = "write secrets in plain text; not with --endpoint"
    add("--with-secrets", action="store_true", help=summary)
    summary = "take also what has a secret that no master key opens, and name that"
    add("--readable", action="store_true", help=summary)
    summary = "write the copies in Redis, for a time when the bucket is away"
    add("--copies", action="store_true", help=summary)


def _import(parser: ArgumentParser) -> None:
    file = "a file of store export, or - for stdin"
    parser.add_argument("file", metavar="FILE", help=file)
    add = parser.add_argument
    summary = "write over what was changed since the export, and what Redis has of it"
    add("--over", action="store_true", help=summary)
    add("--missing", action="store_true", help="write only what is not there at all")
    summary = "take secrets that no master key opens as they are"
    add("--readable", action="store_true", help=summary)


def _list_audit(parser: ArgumentParser) -> None:
    _days_of_audit(parser)
    noun = "commands with this noun alone"
    parser.add_argument("--noun", dest="of_noun", metavar="NOUN", help=noun)
    whose = "commands of this access key id, or of this user@host, alone"
    parser.add_argument("--who", metavar="WHO", help=whose)
    most = "list so many at most"
    parser.add_argument("--most", type=int, metavar="N", help=most)


def _export_audit(parser: ArgumentParser) -> None:
    parser.add_argument("--file", required=True, metavar="FILE")
    _days_of_audit(parser)


def _days_of_audit(parser: ArgumentParser) -> None:
    days = parser.add_mutually_exclusive_group()
    days.add_argument("--day", metavar="DAY", help="this day alone, as 2026-03-01")
    since = "this day and later; a week without --day and --since"
    days.add_argument("--since", metavar="DAY", help=since)


COMMANDS: Mapping[tuple[str, str], tuple[str, Define]] = {
    ("status", "show"): ("show what is wrong, and what mends it", _nothing),
    ("calls", "show"): ("show who calls what, errors first", _calls),
    ("app", "add"): ("add an app; ask for its AppSecret", add_app),
    ("app", "list"): ("list all apps", _nothing),
    ("app", "show"): ("show one app without its secrets", appid_argument),
    ("app", "update"): ("change the given fields", update_app),
    ("app", "remove"): ("remove an app; its history stays", appid_argument),
    ("app", "check"): (
        "try the setting, print what to enter in WeChat's console, wait for WeChat",
        _check,
    ),
    ("client", "add"): ("add a client; print its secret once", add_client),
    ("client", "list"): ("list all clients", _nothing),
    ("client", "show"): ("show one client", client_id_argument),
    ("client", "update"): ("change the given fields", update_client),
    ("client", "rotate"): (
        "print a second secret; --finish removes the first",
        _rotate_client,
    ),
    ("client", "revoke"): ("end all tokens of a client", client_id_argument),
    ("client", "disable"): (
        "end its tokens and refuse its secrets",
        client_id_argument,
    ),
    ("client", "enable"): ("accept its secrets again", client_id_argument),
    ("client", "remove"): ("remove a client; its history stays", client_id_argument),
    ("person", "add"): ("enter a user, by SUB or by --reference", _add_user),
    ("person", "list"): ("list all known users", _nothing),
    ("person", "show"): ("show one known user with the sub", _user),
    ("person", "update"): ("change the given fields", _update_user),
    ("person", "remove"): ("remove a known user and sign the user out", _user),
    ("person", "sign-out"): ("sign one user out on every device", _user),
    ("token", "show"): (
        "show age, lifetime and last error of each token",
        _show_tokens,
    ),
    ("token", "refresh"): ("fetch the tokens of one app that are due", _refresh),
    ("push", "route add"): (
        "send pushes of an app to a service; print the route's secrets once",
        add_route,
    ),
    ("push", "route list"): ("list the routes of an app in their order", list_routes),
    ("push", "route update"): ("change the given fields of a route", update_route),
    ("push", "route remove"): ("remove a route", one_route),
    ("push", "list"): (
        "list the stored pushes of an app, or its dead letters",
        list_pushes,
    ),
    ("push", "show"): ("show one stored push and its deliveries", show_push),
    ("push", "replay"): ("deliver dead letters after all", dead_letters),
    ("push", "drop"): ("remove dead letters", dead_letters),
    ("push", "pause"): ("store pushes of an app and deliver none", optional_route),
    ("push", "resume"): ("deliver what has waited, in its order", optional_route),
    ("push", "listen"): (
        "forward testers' pushes to a service on this machine",
        listen_options,
    ),
    ("push", "test"): (
        "send a made-up message through a route; show the service's answer",
        try_route,
    ),
    ("component", "add"): (
        "add a component; print what to enter in the open platform's console",
        add_component,
    ),
    ("component", "status"): (
        "show tickets, tokens and accounts of components, and what to do next",
        _optional_appid,
    ),
    ("component", "start-push"): (
        "ask WeChat to push tickets again",
        appid_argument,
    ),
    ("component", "authorizers"): (
        "list the accounts that have authorised a component",
        _authorizers,
    ),
    ("component", "pull"): (
        "fill gaps of the documents from WeChat's list of accounts",
        appid_argument,
    ),
    ("alert", "add"): (
        "tell a chat what is wrong; ask for the webhook's URL",
        add_alert,
    ),
    ("alert", "list"): ("list all alerts", _nothing),
    ("alert", "show"): ("show one alert without its URL and secret", alert_name),
    ("alert", "update"): ("change the given fields", update_alert),
    ("alert", "remove"): ("remove an alert; its history stays", alert_name),
    ("alert", "test"): ("send a sample; show the webhook's answer", alert_name),
    ("alert", "acknowledge"): (
        "say that you take care of what is wrong",
        _acknowledge,
    ),
    ("operator", "add"): ("give a user a role in the console", _add_operator),
    ("operator", "list"): ("list all users with a role", _nothing),
    ("operator", "remove"): ("take a user's role away", _user),
    ("console", "link"): (
        "print the console's address, and a code for one operator",
        _link,
    ),
    ("settings", "show"): ("show the settings that need no restart", _nothing),
    ("settings", "update"): ("change the given settings", settings_fields),
    ("redis", "acl"): ("print the rule that Redis' ACL must have for us", _nothing),
    ("redis", "check"): (
        "try each command and each script that Redis must accept",
        _nothing,
    ),
    ("redis", "claim"): ("let Redis belong to this deployment", _nothing),
    ("key", "rotate"): ("encrypt all secrets with the newest master key", _nothing),
    ("document", "show"): ("show one document without its secrets", _show_document),
    ("document", "diff"): ("show what two versions differ in", _diff),
    ("document", "history"): ("list versions with author and reason", _history),
    ("document", "rollback"): ("write an older version as the newest", _rollback),
    ("store", "check"): ("read everything, report what cannot be read", _nothing),
    ("store", "export"): ("write all documents to a new file", _export),
    ("store", "import"): ("write each document that differs from a file", _import),
    ("audit", "list"): ("list what operators have done, newest first", _list_audit),
    ("audit", "export"): ("write what operators have done to a file", _export_audit),
}
"""By noun and verb: the help, and the definition of the arguments."""

UNRECORDED = frozenset(
    {
        *(("status", "show"), ("calls", "show"), ("token", "show")),
        *(("app", "list"), ("app", "show"), ("client", "list"), ("client", "show")),
        *(("person", "list"), ("push", "list"), ("alert", "list"), ("alert", "show")),
        *(("component", "status"), ("component", "authorizers"), ("store", "check")),
        *(("document", each) for each in ("show", "diff", "history")),
        *(("operator", "list"), ("audit", "list"), ("audit", "export")),
        *(("redis", "acl"), ("redis", "check"), ("settings", "show")),
    }
)
"""Commands that neither change nor reveal anything; the others take `--reason`."""
