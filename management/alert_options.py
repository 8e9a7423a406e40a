"""Options of the verbs of `alert`."""

from __future__ import annotations

from argparse import ArgumentParser

from management.document_options import clear_option


def alert_name(parser: ArgumentParser) -> None:
    """Define the alert of a command."""
    parser.add_argument("name", metavar="NAME")


def add_alert(parser: ArgumentParser) -> None:
    """Define the arguments of a new alert, whose URL is read apart."""
    parser.set_defaults(asks_url=True)
    alert_name(parser)
    kinds = "wecom, dingtalk, feishu, slack or json"
    parser.add_argument("--kind", metavar="KIND", required=True, help=kinds)
    _common(parser, "ask for the secret with which the robot checks signatures")


def update_alert(parser: ArgumentParser) -> None:
    """Define the arguments that change an alert."""
    alert_name(parser)
    add = parser.add_argument
    add("--url", dest="asks_url", action="store_true", help="ask for a new URL")
    _common(parser, "ask for a new secret")
    clear_option(parser)


def _common(parser: ArgumentParser, summary: str) -> None:
    add = parser.add_argument
    add("--secret", dest="asks_signing", action="store_true", help=summary)
    which = "what to tell of; all, if the option is not given"
    add(
        "--condition",
        dest="conditions",
        action="extend",
        nargs="+",
        metavar="WORD",
        help=which,
    )
