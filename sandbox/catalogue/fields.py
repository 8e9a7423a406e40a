"""Fields of a JSON body, checked as strictly as the platform does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sandbox.call import Call
from sandbox.errors import WeChatError

Fields = Mapping[str, Any]

# Half a character: JSON can spell it, UTF-8 cannot.
_SURROGATE = re.compile("[\ud800-\udfff]")
_APPID = re.compile(r"wx[0-9a-f]{16}")
# An escape counts only behind an even number of backslashes.
_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*\\u[0-9a-fA-F]{4}")


def refuse_escapes(call: Call, *, errcode: int) -> None:
    r"""Raise that errcode if the body spells characters as \uXXXX, not as UTF-8."""
    if _ESCAPE.search(call.body):
        raise WeChatError(errcode)


def text(fields: Fields, name: str, *, missing: int) -> str:
    """Return a text that must not be empty; 47001 if it is something else."""
    value = optional_text(fields, name)
    if not value:
        raise WeChatError(missing)
    return value


def optional_text(fields: Fields, name: str) -> str:
    """Return a text, "" if absent or null; 47001 if it is something else."""
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or _SURROGATE.search(value):
        raise WeChatError(47001)
    return value


def appid(fields: Fields, name: str, *, wrong: int) -> str:
    """Return a text that has the shape of an appid."""
    value = optional_text(fields, name)
    if not _APPID.fullmatch(value):
        raise WeChatError(wrong)
    return value


def number(fields: Fields, name: str, *, missing: int) -> int:
    """Return a whole number; 47001 if it is something else, a text included."""
    if name not in fields:
        raise WeChatError(missing)
    return optional_number(fields, name, default=0)


def optional_number(fields: Fields, name: str, *, default: int) -> int:
    """Return a whole number; 47001 if it is something else, a text included."""
    value = fields.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise WeChatError(47001)
    return value


def mapping(fields: Fields, name: str, *, missing: int) -> Fields:
    """Return an object; 47001 if it is something else."""
    if name not in fields:
        raise WeChatError(missing)
    value = fields[name]
    if not isinstance(value, dict):
        raise WeChatError(47001)
    return value


def texts(fields: Fields, name: str, *, missing: int) -> list[str]:
    """Return a list of texts; 47001 if it is something else."""
    if name not in fields:
        raise WeChatError(missing)
    return optional_texts(fields, name)


def optional_texts(fields: Fields, name: str) -> list[str]:
    """Return a list of texts, empty if absent; 47001 if it is something else."""
    values = fields.get(name, [])
    if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
        raise WeChatError(47001)
    return values
