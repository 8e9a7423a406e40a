"""Options that are fields of a document: of an app, a client and a known user."""

from __future__ import annotations

from argparse import ArgumentParser, BooleanOptionalAction
from typing import Any

from management.actions import (
    AllowAction,
    AppAction,
    DefaultAction,
    DefaultAppAction,
    ScopeAction,
    WithoutAppAction,
    rate,
)
from runtime.registry.presets import PRESETS


def appid_argument(parser: ArgumentParser) -> None:
    """Define the app of a command."""
    parser.add_argument("appid", metavar="APPID")


def client_id_argument(parser: ArgumentParser) -> None:
    """Define the client of a command."""
    parser.add_argument("client_id", metavar="ID")


def add_app(parser: ArgumentParser) -> None:
    """Define the arguments of a new app, whose AppSecret is read apart."""
    parser.set_defaults(asks_secret=True)
    _app_fields(parser, needed=True)
    add = parser.add_argument
    add("--corpid", metavar="CORPID", help="of a company in WeCom, in place of APPID")
    names = parser.add_mutually_exclusive_group()
    agentid = "of an app of WeCom, beside --corpid"
    names.add_argument("--agentid", dest="name", metavar="N", help=agentid)
    name = "contacts, customers or kf: a secret without an agentid"
    names.add_argument("--name", metavar="NAME", help=name)


def add_component(parser: ArgumentParser) -> None:
    """Define the arguments of a new component, whose secret is read apart."""
    parser.set_defaults(asks_secret=True)
    appid_argument(parser)
    hosts = "WeChat's API hosts, in the order of use"
    _many(parser, "--api-host", "HOST", hosts)
    push = "ask for the token and the AES key of pushes, in place of new ones"
    parser.add_argument("--push", dest="asks_push", action="store_true", help=push)


def update_app(parser: ArgumentParser) -> None:
    """Define the arguments that change an app."""
    _app_fields(parser, needed=False)
    secret = "ask for a new AppSecret"
    parser.add_argument(
        "--secret", dest="asks_secret", action="store_true", help=secret
    )
    clear_option(parser)


def add_client(parser: ArgumentParser) -> None:
    """Define the arguments of a new client."""
    parser.add_argument("name", metavar="NAME")
    made = "its id; without it, made of NAME"
    parser.add_argument("--id", dest="client_id", metavar="ID", help=made)
    kinds = f"fill in what a known client needs: {', '.join(PRESETS)}"
    parser.add_argument("--preset", metavar="PRESET", help=kinds)
    where = "where the client of a preset answers, such as https://grafana.example.com"
    parser.add_argument("--url", metavar="URL", help=where)
    _scopes(parser)
    _client_fields(parser)
    _sign_in_fields(parser)
    _new_salt(parser)


def update_client(parser: ArgumentParser) -> None:
    """Define the arguments that change a client."""
    client_id_argument(parser)
    parser.add_argument("--name", metavar="NAME")
    kind = "the preset whose rules and hints apply; no other field changes"
    parser.add_argument("--preset", metavar="PRESET", help=kind)
    _scopes(parser)
    gone = "an app that it may no longer use"
    parser.add_argument(
        "--without-app", action=WithoutAppAction, metavar="APPID", help=gone
    )
    _client_fields(parser)
    _sign_in_fields(parser)
    _new_salt(parser)
    clear_option(parser)


def user_fields(parser: ArgumentParser) -> None:
    """Define the fields of a known user."""
    add = parser.add_argument
    add("--name", metavar="NAME", help="for operators; clients do not get it")
    _many(parser, "--group", "GROUP", "groups of the user")
    add("--email", metavar="ADDRESS", help="an address that you have verified")
    roles = "viewer, operator or admin of the console"
    add("--role", metavar="ROLE", help=roles)


def settings_fields(parser: ArgumentParser) -> None:
    """Define the settings that need no restart."""
    add = parser.add_argument
    languages = "zh_CN, zh_TW or en: the language of who states none"
    add("--default-language", metavar="LANGUAGE", help=languages)
    hosts = "redirect or serve: what a page does at a host that is not the public one"
    add("--other-hosts", metavar="HOW", help=hosts)
    clear_option(parser)


def _app_fields(parser: ArgumentParser, *, needed: bool) -> None:
    add = parser.add_argument
    if needed:
        add("appid", metavar="APPID", nargs="?")
    else:
        appid_argument(parser)
    kinds = (
        "service, subscription, website, miniprogram, mobile, component, authorized or "
        "wecom"
    )
    add("--kind", metavar="KIND", required=needed, help=kinds)
    add("--token-mode", metavar="MODE", help="stable or plain")
    add("--subject", metavar="FIELD", help="openid or unionid")
    scopes = "snsapi_userinfo or snsapi_base; of WeCom also snsapi_privateinfo"
    add("--oauth-scope", metavar="SCOPE", help=scopes)
    _many(parser, "--js-domain", "HOST", "hosts whose pages use wx.config")
    _many(parser, "--api-host", "HOST", "WeChat's API hosts, in the order of use")
    proofs = "WORD in the file names MP_verify_WORD.txt"
    _many(parser, "--mp-verify", "WORD", proofs, field="mp_verify")
    proofs = "files to serve at the root, such as MP_verify_X.txt, or NAME=TEXT for one"
    _many(parser, "--domain-proof", "FILE", proofs)
    common = "of a component: fields of its accounts, such as subject=unionid"
    add(
        "--authorized-default",
        action=DefaultAction,
        nargs="+",
        metavar="FIELD=VALUE",
        dest="authorized_defaults",
        help=common,
    )
    departments = "whether a member's departments in WeCom are groups of the user"
    _flag(parser, "--groups-from-departments", departments)
    robots = "group robots in WeCom; ask for the webhook key of each"
    _many(parser, "--robot", "NAME", robots)
    receivers = "in WeCom: ids besides the corpid for which pushes are encrypted"
    _many(parser, "--receive-id", "ID", receivers)
    push = "ask for the token and the AES key of pushes"
    add("--push", dest="asks_push", action="store_true", help=push)


def _scopes(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("--app", action=AppAction, metavar="APPID", help="an app that it may use")
    scope = "paths that it may call for the apps before, or token:read"
    add("--scope", action=ScopeAction, nargs="+", metavar="PATTERN", help=scope)


def _client_fields(parser: ArgumentParser) -> None:
    _many(parser, "--origin", "ORIGIN", "origins to which a sign-in may lead")
    _many(parser, "--js-domain", "HOST", "the only hosts for which it gets wx.config")
    add = parser.add_argument
    add(
        "--rate",
        type=rate,
        metavar="PER_SECOND/BURST",
        help="rate limit, such as 10/20",
    )
    defaults = "apps of WeCom that the secret alone means, one of each company"
    add(
        "--default-app",
        action=DefaultAppAction,
        nargs="+",
        metavar="APPID",
        dest="default_apps",
        help=defaults,
    )
    _flag(parser, "--session-key", "whether it gets the session_key")
    _flag(parser, "--openids", "whether it gets a user's openids with all its apps")


def _sign_in_fields(parser: ArgumentParser) -> None:
    _many(parser, "--redirect-uri", "URI", "exact callback URLs")
    frames = "exact origins whose pages show the QR code in a frame"
    _many(parser, "--frame-origin", "ORIGIN", frames)
    _many(parser, "--post-logout-redirect-uri", "URI", "exact URLs after a sign-out")
    add = parser.add_argument
    target = "where a logout token is posted when a session ends"
    add("--backchannel-logout-uri", metavar="URL", help=target)
    needed = "whether that token must name the session, as it always does"
    _flag(parser, "--backchannel-logout-session-required", needed)
    _flag(parser, "--public", "it has no secret: a web page or an installed program")
    _flag(parser, "--native", "its callback URL may have any port of 127.0.0.1")
    add("--pkce", metavar="HOW", help="required or optional")
    add("--home", metavar="URL", help="page where its users start again")
    add("--logo", metavar="FILE", help="a small PNG, JPEG, WebP or SVG")
    add("--favicon", metavar="FILE", help="an icon for the tab, as --logo")
    colors = "colour of its buttons, such as #067a46; a second one for dark screens"
    _many(parser, "--brand-color", "COLOR", colors)
    add("--terms", metavar="URL", help="its terms of service")
    add("--privacy", metavar="URL", help="its privacy policy")
    add(
        "--subject-type",
        metavar="TYPE",
        help="public, or pairwise: identifiers of its own",
    )
    add("--snapshot-users", metavar="HOW", help="page or deny")
    add("--email-domain", metavar="HOST", help="made-up addresses are of users.HOST")
    who = "who may sign in: anyone, known, or groups"
    others = "clients whose tokens it may introspect"
    _many(parser, "--introspects", "ID", others, field="introspects")
    add("--allow", action=AllowAction, nargs="+", metavar="WHO", help=who)
    _flag(parser, "--page-qr", "computers show a page's address as the QR code")
    account = "computers show a QR code that the service account makes"
    _flag(parser, "--account-qr", account)
    add("--confirm", metavar="HOW", help="digits, or tap: what that sign-in takes")


def _new_salt(parser: ArgumentParser) -> None:
    summary = "give it other pairwise identifiers than before: each user is a new one"
    parser.add_argument("--new-salt", action="store_true", help=summary)


def clear_option(parser: ArgumentParser) -> None:
    """Define the option that removes fields."""
    summary = "fields to remove, such as rate"
    parser.add_argument(
        "--clear", action="extend", nargs="+", metavar="FIELD", help=summary
    )


def _many(
    parser: ArgumentParser, option: str, metavar: str, summary: str, *, field: str = ""
) -> None:
    more: dict[str, Any] = {"action": "extend", "nargs": "+", "metavar": metavar}
    dest = field or f"{option.strip('-').replace('-', '_')}s"
    parser.add_argument(option, dest=dest, help=summary, **more)


def _flag(parser: ArgumentParser, option: str, summary: str) -> None:
    parser.add_argument(option, action=BooleanOptionalAction, help=summary)
