"""Actions of argparse for options that depend on those before them."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Iterator
from typing import Any


class AppAction(argparse.Action):
    """Action of `--app APPID`: add an app; consecutive apps share their scopes."""

    fields = ("scopes",)

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        scopes = _scopes(namespace)
        if scopes.closed:
            scopes.group, scopes.closed = [], False
        scopes.group.append(values)
        if scopes.by_app.get(values) is None:
            scopes.by_app[values] = list(scopes.for_all)


class ScopeAction(argparse.Action):
    """Action of `--scope PATTERN ...`: for the apps just before it, or for all apps."""

    fields = ("scopes",)

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        scopes = _scopes(namespace)
        scopes.closed = bool(scopes.group)
        if not scopes.group:
            scopes.for_all += values
        for appid in scopes.group:
            scopes.by_app[appid] += values


class DefaultAppAction(argparse.Action):
    """Action of `--default-app CORPID-AGENTID ...`: the app of each corp."""

    fields = ("default_apps",)

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        named = dict(getattr(namespace, self.dest, {}))
        for each in values:
            corpid, _, name = each.partition("-")
            named[corpid] = name
        setattr(namespace, self.dest, named)


class WithoutAppAction(argparse.Action):
    """Action of `--without-app APPID`: remove an app from the client."""

    fields = ("scopes",)

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        _scopes(namespace).by_app[values] = None


class AllowAction(argparse.Action):
    """Action of `--allow anyone`, `--allow known` or `--allow GROUP ...`."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        is_word = len(values) == 1 and values[0] in ("anyone", "known")
        namespace.allow = values[0] if is_word else values


class NameAction(argparse.Action):
    """Action of `KIND/ID`: the name of a document, such as apps/wx0123456789abcdef."""

    fields = ("kind", "id")

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        namespace.kind, _, namespace.id = values.partition("/")


def _pairs(
    parser: argparse.ArgumentParser, values: Iterable[str], option: str, example: str
) -> Iterator[tuple[str, str]]:
    for each in values:
        field, separator, value = each.partition("=")
        if not separator:
            parser.error(f"{option} is FIELD=VALUE, such as {example}")
        yield field, value


class MatchAction(argparse.Action):
    """Action of `--match FIELD=VALUE ...`: values by field, of which one must fit."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        match = dict(getattr(namespace, "match", {}))
        for field, value in _pairs(parser, values, "--match", "msg_type=text"):
            match[field] = [*match.get(field, ()), value]
        namespace.match = match


class DefaultAction(argparse.Action):
    """Action of `--authorized-default FIELD=VALUE ...`; lists have commas."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        defaults = dict(getattr(namespace, "authorized_defaults", {}))
        option = "--authorized-default"
        for field, value in _pairs(parser, values, option, "subject=unionid"):
            is_list = field in ("js_domains", "api_hosts")
            defaults[field] = value.split(",") if is_list else value
        namespace.authorized_defaults = defaults


def rate(text: str) -> dict[str, float]:
    """Parse `PER_SECOND/BURST`, such as 10/20 or 0.5/5."""
    match = re.fullmatch(r"([0-9]{1,5}(?:\.[0-9]{1,3})?)/([0-9]{1,6})", text)
    if match is None:
        raise argparse.ArgumentTypeError("write it as PER_SECOND/BURST, such as 10/20")
    return {"per_second": float(match[1]), "burst": int(match[2])}


class ScopesByApp:
    """Scopes by app, as far as the command line has been read."""

    def __init__(self) -> None:
        self.by_app: dict[str, list[str] | None] = {}
        self.for_all: list[str] = []
        self.group: list[str] = []
        self.closed = False


def _scopes(namespace: argparse.Namespace) -> Any:
    if not hasattr(namespace, "scopes_by_app"):
        namespace.scopes_by_app = ScopesByApp()
    return namespace.scopes_by_app
