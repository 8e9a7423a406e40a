"""Warnings about secrets that no master key opens, each with what replaces it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from runtime.documents.secret_fields import sealed_names
from runtime.registry.authorizers import parties_of
from runtime.registry.models import COMPONENT_KIND

_PUSH = ("token", "encoding_aes_key")
_PREVIOUS = ("previous_token", "previous_encoding_aes_key")


def lost_secrets(kind: str, id_: str, content: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each secret of a document read in part that is `Sealed`."""
    names = sealed_names(content)
    return list(_sentences(kind, id_, content, names)) if names else []


def _sentences(
    kind: str, id_: str, content: Mapping[str, Any], names: list[str]
) -> Iterator[str]:
    if kind == "apps":
        yield from _of_app(id_, content, names)
    elif kind == "clients":
        yield _sentence(names, f"client update {id_} --new-salt")
    elif kind == "people":
        yield _sentence(names, "person update SUB, with the user's own sub")
    elif kind == "alerts":
        options = {"url": "--url", "secret": "--secret"}
        given = " ".join(options.get(name, f"--clear {name}") for name in names)
        yield _sentence(names, f"alert update {id_} {given}")
    else:
        parties = parties_of(id_)
        component = parties[0] if parties else COMPONENT_KIND
        yield _sentence(names, f"component pull {component}")


def _of_app(appid: str, content: Mapping[str, Any], names: list[str]) -> Iterator[str]:
    if "secret" in names:
        yield _sentence(["secret"], f"app update {appid} --secret")
    if pushed := [name for name in _PUSH if name in names]:
        yield _sentence(pushed, f"app update {appid} --push")
    if previous := [name for name in _PREVIOUS if name in names]:
        clear = f"app update {appid} --clear {' '.join(previous)}"
        yield _sentence(previous, clear)
    if "robots" in names:
        yield _sentence(["robots"], f"app update {appid} --robot NAME")
    for route in content.get("routes", ()) if "routes" in names else ():
        if not (lost := sealed_names(route)):
            continue
        options = []
        if set(lost) - {"match"}:
            options.append("--new-secrets")
        if "match" in lost:
            options.append("--match")
        id_ = route.get("id", "ROUTE")
        yield _sentence(
            lost,
            f"push route update {appid} {id_} {' '.join(options)}",
            of=f"{' and '.join(lost)} of the route {id_}",
        )


def _sentence(names: list[str], command: str, *, of: str = "") -> str:
    return f"No master key opens {of or ' and '.join(names)}: {command}."
