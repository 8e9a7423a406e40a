"""Arguments that argparse alone does not understand."""

from __future__ import annotations

import argparse
import re
from typing import Any


class AppAction(argparse.Action):
    """`--app APPID`: one more app; those in a row share the scopes that follow."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        grants = _grants(namespace)
        if grants.closed:
            grants.group, grants.closed = [], False
        grants.group.append(values)
        if grants.scopes.get(values) is None:
            grants.scopes[values] = list(grants.for_all)


class ScopeAction(argparse.Action):
    """`--scope PATTERN ...`: for the apps just before it; before any app, for all."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        grants = _grants(namespace)
        grants.closed = bool(grants.group)
        if not grants.group:
            grants.for_all += values
        for appid in grants.group:
            grants.scopes[appid] += values


class WithoutAppAction(argparse.Action):
    """`--without-app APPID`: takes an app away from the client."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        _grants(namespace).scopes[values] = None


class NameAction(argparse.Action):
    """`KIND/ID`: the name of a document, such as apps/wx0123456789abcdef."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        namespace.kind, _, namespace.id = values.partition("/")


def rate(text: str) -> dict[str, float]:
    """Parse `PER_SECOND/BURST`, such as 10/20 or 0.5/5."""
    match = re.fullmatch(r"([0-9]{1,5}(?:\.[0-9]{1,3})?)/([0-9]{1,6})", text)
    if match is None:
        raise argparse.ArgumentTypeError("write it as PER_SECOND/BURST, such as 10/20")
    return {"per_second": float(match[1]), "burst": int(match[2])}


class Grants:
    """The scopes by app as the command line has named them so far."""

    def __init__(self) -> None:
        self.scopes: dict[str, list[str] | None] = {}
        self.for_all: list[str] = []
        self.group: list[str] = []
        self.closed = False


def _grants(namespace: argparse.Namespace) -> Any:
    if not hasattr(namespace, "grants"):
        namespace.grants = Grants()
    return namespace.grants
