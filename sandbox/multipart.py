"""Multipart bodies as WeChat reads them: laxer than RFC 7578, and without RFC 5987.

What stands before the first boundary is skipped, lines may end in LF alone, and the
boundary may be quoted and followed by blanks. A `filename*` is not understood.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.errors import WeChatError

_BOUNDARY = re.compile(
    r'(?i)multipart/form-data\s*;(?:.*;)?\s*boundary\s*=\s*(?:"([^"]+)"|([^\s;"]+))'
)
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_DISPOSITION = re.compile(r"(?im)^content-disposition\s*:\s*form-data\s*;(.*)$")
_TYPE = re.compile(r"(?im)^content-type\s*:\s*(\S+)")
_PARAMETER = re.compile(r'(?:^|;)\s*([\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))')


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a multipart body; `filename` is empty where it has none."""

    name: str
    filename: str
    content_type: str
    body: bytes


def sections_of(content_type: str, body: bytes) -> list[Section]:
    """Return the parts; WeChatError 41005 if it is no such body, or has no end."""
    match = _BOUNDARY.match(content_type)
    if match is None:
        raise WeChatError(41005)
    boundary = re.escape((match[1] or match[2]).encode())
    lines = re.compile(rb"(?:\A|\r?\n)--" + boundary + rb"(--)?[ \t]*(?:\r?\n|\Z)")
    sections: list[Section] = []
    begin = None
    at = 0
    while found := lines.search(body, at):
        if begin is not None:
            sections.append(_section(body[begin : found.start()]))
        if found[1]:
            return sections
        begin = found.end()
        # The line end of a boundary may be the one before the next: an empty part.
        at = begin - 1
    raise WeChatError(41005)


def _section(content: bytes) -> Section:
    end = _HEADER_END.search(content)
    if end is None:
        raise WeChatError(41005)
    head = content[: end.start()].decode("utf-8", "replace").replace("\r", "")
    disposition = _DISPOSITION.search(head)
    if disposition is None:
        raise WeChatError(41005)
    values = {
        name.lower(): quoted or token
        for name, quoted, token in _PARAMETER.findall(disposition[1])
    }
    content_type = _TYPE.search(head)
    return Section(
        name=values.get("name", ""),
        filename=re.sub(r"\\(.)", r"\1", values.get("filename", "")),
        content_type=content_type[1] if content_type else "application/octet-stream",
        body=content[end.end() :],
    )
