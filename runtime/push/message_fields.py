"""Fields of a message with all that lies within them, from XML or JSON, and as XML.

<A>text</A>                 {"A": "text"}
<A><B>1</B></A>             {"A": {"B": "1"}}
<A>1</A><A>2</A>            {"A": ["1", "2"]}
<A><item>1</item></A>       {"A": {"item": ["1"]}}, a list even of one
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from runtime.push.push_message import (
    MOST_DEPTH,
    MOST_ELEMENTS,
    Message,
    UnreadableMessage,
    parsed_xml,
)

Fields = dict[str, Any]
"""Values by name: texts, further fields, or lists of these."""

ITEM = "item"
"""The element that WeChat repeats in a list of articles or pictures."""

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def read_fields(message: Message, *, root: str = "") -> Fields:
    """Return the fields of a message, every value at the end a text.

    UnreadableMessage if it is nested too deeply, or holds too much, or is XML with
    another root than the one named.
    """
    if not message.is_json:
        return _xml_fields(message.body, root)
    try:
        read = json.loads(
            message.body.decode(),
            strict=False,
            object_pairs_hook=_first_of_each,
            parse_constant=str,
        )
        return _Bounded().fields(read, depth=1)
    except (ValueError, RecursionError):
        raise UnreadableMessage from None


def write_xml(fields: Mapping[str, Any], root: str = "xml") -> bytes:
    """Return fields as XML, every text as CDATA but a number.

    Characters that XML cannot hold are left out.
    """
    return "".join(_written(root, fields)).encode()


def write_json(fields: Mapping[str, Any]) -> bytes:
    """Return fields as JSON, as short as can be."""
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    return text.encode(errors="replace")


def cdata(text: str) -> str:
    """Return a text as CDATA; the end mark itself is split over two sections."""
    text = _NO_XML.sub("", text).replace("]]>", "]]]]><![CDATA[>")
    return f"<![CDATA[{text}]]>"


def _written(name: str, value: Any) -> Iterator[str]:
    if not _NAME.fullmatch(name):
        raise UnreadableMessage
    if isinstance(value, list):
        for each in value:
            yield from _written(name, each)
    elif isinstance(value, Mapping):
        yield f"<{name}>"
        for inner, each in value.items():
            yield from _written(inner, each)
        yield f"</{name}>"
    else:
        text = str(value)
        is_number = text.isascii() and text.isdigit()
        yield f"<{name}>{text if is_number else cdata(text)}</{name}>"


def _first_of_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in pairs:
        fields.setdefault(name, value)
    return fields


class _Bounded:
    """JSON values as texts, within the bounds of XML."""

    def __init__(self) -> None:
        self._left = MOST_ELEMENTS

    def fields(self, value: Any, *, depth: int) -> Fields:
        if not isinstance(value, dict):
            raise ValueError
        return {name: self.value(each, depth=depth + 1) for name, each in value.items()}

    def value(self, value: Any, *, depth: int) -> Any:
        self._left -= 1
        if depth > MOST_DEPTH or self._left < 0:
            raise ValueError
        if isinstance(value, dict):
            return self.fields(value, depth=depth)
        if isinstance(value, list):
            return [self.value(each, depth=depth + 1) for each in value]
        if value is None:
            return ""
        return value if isinstance(value, str) else json.dumps(value)


def _xml_fields(body: bytes, root: str) -> Fields:
    try:
        fields: Fields = parsed_xml(body, _Tree(root))
    except ValueError:
        raise UnreadableMessage from None
    return fields


class _Tree:
    """Builder of the fields, which holds those of the open elements only."""

    def __init__(self, root: str) -> None:
        self._name = root
        self._open: list[tuple[Fields, list[str]]] = []
        self._left = MOST_ELEMENTS
        self._root: Fields = {}

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._left -= 1
        if len(self._open) == MOST_DEPTH or self._left < 0:
            raise ValueError
        if not self._open and self._name not in ("", name):
            raise ValueError
        self._open.append(({}, []))

    def data(self, text: str) -> None:
        self._open[-1][1].append(text)

    def end(self, name: str) -> None:
        fields, texts = self._open.pop()
        if not self._open:
            self._root = fields
            return
        value: Any = fields or "".join(texts)
        outer = self._open[-1][0]
        before = outer.get(name)
        if isinstance(before, list):
            before.append(value)
        elif before is None:
            outer[name] = [value] if name == ITEM else value
        else:
            outer[name] = [before, value]

    def close(self) -> Fields:
        return self._root
