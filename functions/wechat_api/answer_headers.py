"""Headers of WeChat's answers: those that pass, and file names that every client reads.

WeChat writes a file's name raw, in UTF-8 or GBK; what could be either is UTF-8. It is
repaired by RFC 6266: the name comes in `filename*`, and in ASCII in `filename`, which
is the last parameter because some SDKs look for `filename="..."` at the end.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from runtime.web.messages import Headers

_PASSED_DOWN = re.compile(
    r"content-(type|disposition|encoding|language)|cache-control|etag|last-modified"
    r"|wechatmp-[a-z0-9-]+",
    re.IGNORECASE,
)

# On this origin users sign in: HTML or SVG of WeChat's must not run a script here.
SANDBOX = ("Content-Security-Policy", "sandbox")

_DISPOSITION = "content-disposition"

DISPOSITION_ON_FC = "X-Gateway-Content-Disposition"
"""Says the same once more: Function Compute drops `Content-Disposition: attachment`."""

# FC accepts no control characters, and drops what is not ASCII.
_VALUE_DOWN = re.compile(r"[\t -~]*")

_NAME = r"""
    (?P<before>.*?) (?:;\s*|^) filename \s* = \s*
    (?: "(?P<quoted>(?:[^"\\]|\\.)*)" | (?P<plain>[^;]*) )
    (?P<after>.*)
    """
"""Compiled where it is needed: few names are not ASCII."""


def headers_down(headers: Headers) -> Headers:
    """Return the headers that pass, repeated ones in one value, and our own."""
    passed: dict[str, tuple[str, str]] = {}
    for name, value in headers:
        key = name.lower()
        if key == _DISPOSITION:
            value = repaired(value)
        if not (_PASSED_DOWN.fullmatch(name) and _VALUE_DOWN.fullmatch(value)):
            continue
        # FC 3.0 takes each header once: after a write it is too late to refuse it.
        first = passed.get(key)
        passed[key] = (first[0], f"{first[1]}, {value}") if first else (name, value)
    if found := passed.get(_DISPOSITION):
        passed[DISPOSITION_ON_FC] = (DISPOSITION_ON_FC, found[1])
    return (*passed.values(), SANDBOX)


def repaired(disposition: str) -> str:
    """Return a Content-Disposition in ASCII, as it came if it is that already.

    >>> repaired('attachment; filename="a.jpg"')
    'attachment; filename="a.jpg"'
    >>> repaired('attachment; filename="' + "图.jpg".encode().decode("latin-1") + '"')
    'attachment; filename*=UTF-8\'\'%E5%9B%BE.jpg; filename="_.jpg"'
    """
    if disposition.isascii():
        return disposition
    text = _decoded(disposition)
    match = re.fullmatch(_NAME, text, re.IGNORECASE | re.VERBOSE | re.DOTALL)
    if match is None:
        return _ascii(text)
    name = re.sub(r"\\(.)", r"\1", match["quoted"] or "") or match["plain"] or ""
    name = re.sub(r"[\x00-\x1f\x7f]", "", name).strip()
    kind, _, others = match["before"].partition(";")
    parts = [_ascii(kind).strip(), *_others(others), *_others(match["after"])]
    plain = re.sub(r'["\\]', "_", _ascii(name))
    parts += [f"filename*=UTF-8''{quote(name, safe='')}", f'filename="{plain}"']
    return "; ".join(filter(None, parts))


def _decoded(value: str) -> str:
    raw = value.encode("latin-1", "replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return value


def _others(text: str) -> list[str]:
    """Return the other parameters; a `filename*` gives way to ours."""
    parts = [_ascii(each).strip() for each in text.split(";")]
    return [each for each in parts if not each.lower().startswith("filename")]


def _ascii(text: str) -> str:
    return re.sub(r"[^ -~]", "_", text)
