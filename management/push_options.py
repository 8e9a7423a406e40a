"""Options of the commands on pushes and on their routes."""

from __future__ import annotations

from argparse import ArgumentParser, BooleanOptionalAction

from management.actions import MatchAction
from management.document_options import appid_argument, clear_option


def add_route(parser: ArgumentParser) -> None:
    """Define the arguments of a new route."""
    appid_argument(parser)
    formats = "wechat, as WeChat would have sent it, or event, a CloudEvent"
    parser.add_argument("--format", metavar="FORMAT", help=formats)
    _route_fields(parser, needed=True)


def list_routes(parser: ArgumentParser) -> None:
    """Define the arguments of a list of routes."""
    appid_argument(parser)
    openids = "show the openids that a route compares, not their number"
    parser.add_argument("--openids", action="store_true", help=openids)


def update_route(parser: ArgumentParser) -> None:
    """Define the arguments that change a route."""
    one_route(parser)
    _route_fields(parser, needed=False)
    anew = "make new secrets and print them once; the old ones end at once"
    parser.add_argument("--new-secrets", action="store_true", help=anew)
    clear_option(parser)


def one_route(parser: ArgumentParser) -> None:
    """Define which route a command is about."""
    appid_argument(parser)
    parser.add_argument("route", metavar="ROUTE", help="the route's id")


def try_route(parser: ArgumentParser) -> None:
    """Define the arguments of a made-up message."""
    one_route(parser)
    types = "text by default, another type, or an event: subscribe, SCAN, CLICK ..."
    parser.add_argument("--type", metavar="TYPE", help=types)
    text = "content of a text, or key of an event"
    parser.add_argument("--text", metavar="TEXT", help=text)
    data = "xml by default, or json, as the account sends it"
    parser.add_argument("--data", metavar="FORM", help=data)


def optional_route(parser: ArgumentParser) -> None:
    """Define what is paused: an app, or one of its routes."""
    appid_argument(parser)
    only = "only this route of it"
    parser.add_argument("route", metavar="ROUTE", nargs="?", help=only)


def list_pushes(parser: ArgumentParser) -> None:
    """Define the arguments of a list of pushes or dead letters."""
    appid_argument(parser)
    dead = "the dead letters; APPID - has those that belong to no app"
    parser.add_argument("--dead", action="store_true", help=dead)
    most = "how many, 50 by default, 500 at most"
    parser.add_argument("--most", metavar="N", type=int, help=most)
    before = "those before this one, the last of a list"
    parser.add_argument("--before", metavar="PUSH", help=before)


def show_push(parser: ArgumentParser) -> None:
    """Define which push is shown, and whether with what users are not to see."""
    appid_argument(parser)
    parser.add_argument("push", metavar="PUSH", help="its id in the list")
    content = "with openid, message and services' answers; the admin log notes it"
    parser.add_argument("--content", action="store_true", help=content)


def listen_options(parser: ArgumentParser) -> None:
    """Define whose pushes are forwarded where."""
    appid_argument(parser)
    add = parser.add_argument
    where = "URL of a service on this machine"
    add("--forward-to", metavar="URL", required=True, help=where)
    testers = "testers, up to 20; in the sandbox all users without it"
    add(
        "--openid",
        dest="openids",
        action="extend",
        nargs="+",
        metavar="OPENID",
        help=testers,
    )
    reply = "send the service's reply to the user, in the sandbox alone"
    add("--reply", action="store_true", help=reply)
    add("--seconds", metavar="N", type=int, help="end after this time")
    _service_secrets(parser)


def dead_letters(parser: ArgumentParser) -> None:
    """Define which dead letters a command is about."""
    appid_argument(parser)
    jobs = "ids of push list --dead"
    parser.add_argument("jobs", metavar="JOB", nargs="*", help=jobs)
    parser.add_argument("--all", action="store_true", help="all dead letters")
    of_route = "with --all, those of one route"
    parser.add_argument("--route", metavar="ROUTE", help=of_route)


def _route_fields(parser: ArgumentParser, *, needed: bool) -> None:
    add = parser.add_argument
    add("--client", metavar="ID", required=needed, help="client that gets the pushes")
    add("--url", metavar="URL", required=needed, help="where the service takes them")
    fits = "which pushes: msg_type, event, info_type, openid, event_key or content"
    add("--match", action=MatchAction, nargs="+", metavar="FIELD=VALUE", help=fits)
    _flag(parser, "--reply", "it may answer the user; any other route gets a copy")
    _flag(parser, "--stop", "later routes get nothing of a push that fits")
    _flag(parser, "--ordered", "a user's later pushes wait for one that failed")
    late = "of a reply that comes too late: customer_service or off"
    add("--late-reply", metavar="HOW", help=late)
    hold = "keep WeChat waiting for a reply so long, 1 to 14"
    add("--hold", metavar="SECONDS", type=int, help=hold)
    within = "how long the service has to reply, 4 by default"
    add("--reply-within", metavar="SECONDS", type=float, help=within)
    receiver = "whose appid is in what is encrypted: component (default) or account"
    add("--receive-id", metavar="WHOSE", help=receiver)
    add("--place", metavar="N", type=int, help="1 for the first route of the app")
    _flag(parser, "--plain", "send plain text; only into PUSH_PRIVATE_NETWORKS")
    _service_secrets(parser)


def _service_secrets(parser: ArgumentParser) -> None:
    add = parser.add_argument
    token = "ask for the token that the service has already"
    add("--token", dest="asks_token", action="store_true", help=token)
    key = "ask for the AES key that the service has already"
    add("--aes-key", dest="asks_aes_key", action="store_true", help=key)
    stdin = "read that token from stdin, and with --aes-key the AES key after it"
    add("--token-stdin", action="store_true", help=stdin)


def _flag(parser: ArgumentParser, option: str, summary: str) -> None:
    parser.add_argument(option, action=BooleanOptionalAction, help=summary)
