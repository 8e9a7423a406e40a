"""The options that are fields of a document, of an app and of a client."""

from __future__ import annotations

from argparse import ArgumentParser, BooleanOptionalAction
from typing import Any

from management.actions import AppAction, ScopeAction, WithoutAppAction, rate


def appid_argument(parser: ArgumentParser) -> None:
    """Define the app that a verb is about."""
    parser.add_argument("appid", metavar="APPID")


def client_id_argument(parser: ArgumentParser) -> None:
    """Define the client that a verb is about."""
    parser.add_argument("client_id", metavar="ID")


def add_app(parser: ArgumentParser) -> None:
    """Define a new app; its AppSecret is asked for."""
    parser.set_defaults(asks_secret=True)
    _app_fields(parser, needed=True)


def update_app(parser: ArgumentParser) -> None:
    """Define what of an app may change."""
    _app_fields(parser, needed=False)
    secret = "ask for a new AppSecret"
    parser.add_argument(
        "--secret", dest="asks_secret", action="store_true", help=secret
    )
    _clear(parser)


def add_client(parser: ArgumentParser) -> None:
    """Define a new client."""
    parser.add_argument("name", metavar="NAME")
    made = "chosen rather than made of NAME"
    parser.add_argument("--id", dest="client_id", metavar="ID", help=made)
    _grants(parser)
    _client_fields(parser)
    _sign_in_fields(parser)


def update_client(parser: ArgumentParser) -> None:
    """Define what of a client may change."""
    client_id_argument(parser)
    parser.add_argument("--name", metavar="NAME")
    _grants(parser)
    gone = "an app it may no longer use"
    parser.add_argument(
        "--without-app", action=WithoutAppAction, metavar="APPID", help=gone
    )
    _client_fields(parser)
    _sign_in_fields(parser)
    _clear(parser)


def _app_fields(parser: ArgumentParser, *, needed: bool) -> None:
    appid_argument(parser)
    add = parser.add_argument
    kinds = "service, subscription, website, miniprogram or component"
    add("--kind", metavar="KIND", required=needed, help=kinds)
    add("--token-mode", metavar="MODE", help="stable or plain")
    add("--subject", metavar="FIELD", help="openid or unionid")
    add("--oauth-scope", metavar="SCOPE", help="snsapi_userinfo or snsapi_base")
    _many(parser, "--js-domain", "HOST", "hosts that use wx.config")
    _many(parser, "--api-host", "HOST", "WeChat's hosts, the first first")
    proofs = "the words of WeChat's MP_verify_WORD.txt"
    _many(parser, "--mp-verify", "WORD", proofs, field="mp_verify")
    push = "ask for the token and the AES key of pushes"
    add("--push", dest="asks_push", action="store_true", help=push)


def _grants(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("--app", action=AppAction, metavar="APPID", help="an app it may use")
    scope = "paths it may call of the apps before, or token:read"
    add("--scope", action=ScopeAction, nargs="+", metavar="PATTERN", help=scope)


def _client_fields(parser: ArgumentParser) -> None:
    _many(parser, "--origin", "ORIGIN", "where a sign-in may lead to")
    _many(parser, "--js-domain", "HOST", "the only hosts it gets wx.config for")
    add = parser.add_argument
    add("--rate", type=rate, metavar="PER_SECOND/BURST", help="such as 10/20")
    _flag(parser, "--session-key", "whether it sees session_key")


def _sign_in_fields(parser: ArgumentParser) -> None:
    _many(parser, "--redirect-uri", "URI", "exact addresses for codes")
    _many(parser, "--post-logout-redirect-uri", "URI", "the same after a sign-out")
    _flag(parser, "--public", "it has no secret: a page or a program people have")
    _flag(parser, "--native", "it is answered on any port of 127.0.0.1")
    add = parser.add_argument
    add("--pkce", metavar="HOW", help="required or optional")
    add("--home", metavar="URL", help="where its people start again")
    add("--logo", metavar="FILE", help="a small PNG, JPEG, WebP or SVG")
    add("--subject-type", metavar="TYPE", help="public, or pairwise: names of its own")
    add("--snapshot-users", metavar="HOW", help="page or deny")
    add("--email-domain", metavar="HOST", help="people get made-up addresses there")


def _clear(parser: ArgumentParser) -> None:
    says = "fields to drop, such as rate"
    parser.add_argument(
        "--clear", action="extend", nargs="+", metavar="FIELD", help=says
    )


def _many(
    parser: ArgumentParser, option: str, metavar: str, says: str, *, field: str = ""
) -> None:
    more: dict[str, Any] = {"action": "extend", "nargs": "+", "metavar": metavar}
    dest = field or f"{option.strip('-').replace('-', '_')}s"
    parser.add_argument(option, dest=dest, help=says, **more)


def _flag(parser: ArgumentParser, option: str, says: str) -> None:
    parser.add_argument(option, action=BooleanOptionalAction, help=says)
