"""Messages of pushes: XML or JSON, and the few fields that decide where they go."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_DEPTH = 16
"""Elements within each other; WeChat's deepest message has six."""

MOST_ELEMENTS = 2000

DECISIVE = frozenset(
    ("AppId", "Encrypt", "Event", "FromUserName", "InfoType", "MsgType", "ToUserName")
)
"""Fields that may stand in a message once only: two readers could take different ones.

Of another repeated field the first counts."""


class UnreadableMessage(Exception):
    """Neither XML without a DTD nor a JSON object."""


@dataclass(frozen=True, slots=True)
class Message:
    """A push after decryption; `body` is as it came, `fields` are its outer values.

    A field that holds others is not in `fields`. Numbers of JSON are texts here, as in
    XML.
    """

    body: bytes = field(repr=False)
    is_json: bool
    fields: Mapping[str, str] = field(repr=False)

    def get(self, *names: str) -> str:
        """Return the first of these fields that is there, else an empty text."""
        return next((self.fields[name] for name in names if name in self.fields), "")

    @property
    def to_user(self) -> str:
        """Return the receiving account's user name, of WeCom the corpid."""
        return self.get("ToUserName")

    @property
    def openid(self) -> str:
        """Return the sender's openid, of WeCom the userid."""
        return self.get("FromUserName")

    @property
    def msg_type(self) -> str:
        """Return the type, such as `text` or `event`."""
        return self.get("MsgType", "response_type")

    @property
    def event(self) -> str:
        """Return the event's type, such as `subscribe`."""
        return self.get("Event")

    @property
    def event_key(self) -> str:
        """Return the event's key, such as a scene."""
        return self.get("EventKey")

    @property
    def info_type(self) -> str:
        """Return the type of what an open platform tells, such as `authorized`."""
        return self.get("InfoType")

    @property
    def content(self) -> str:
        """Return the text of a text message."""
        return self.get("Content")

    @property
    def encrypted(self) -> str | None:
        """Return the encrypted message in it, None if it is plain."""
        return self.fields.get("Encrypt", self.fields.get("encrypt"))


def read_message(body: bytes) -> Message:
    """Return the message, XML or JSON by its first character.

    UnreadableMessage otherwise, and for XML with a DTD, a processing instruction, more
    than MOST_ELEMENTS, or deeper than MOST_DEPTH.
    """
    is_json = body.lstrip()[:1] == b"{"
    try:
        fields = _json_fields(body) if is_json else parsed_xml(body, _Outer())
    except (ValueError, RecursionError, LookupError):
        raise UnreadableMessage from None
    return Message(body, is_json, fields)


def _json_fields(body: bytes) -> dict[str, str]:
    # An object is a tuple of pairs here, to see names that stand there twice. A
    # nickname may hold control characters, which JSON forbids.
    pairs: Any = json.loads(body.decode(), strict=False, object_pairs_hook=tuple)
    fields: dict[str, str] = {}
    for name, value in pairs:
        if (text := _scalar(value)) is not None:
            _add(fields, name, text)
    if "MsgType" in fields or not {"msgtype", "response_type"} & fields.keys():
        return fields
    named = {name: _scalar(_at(pairs, path)) for name, path in _OF_ROBOT.items()}
    return fields | {name: text for name, text in named.items() if text is not None}


_OF_ROBOT: Mapping[str, tuple[str, ...]] = {
    "MsgType": ("msgtype",),
    "MsgId": ("msgid",),
    "FromUserName": ("from", "userid"),
    "CreateTime": ("create_time",),
    "Content": ("text", "content"),
    "Event": ("event", "eventtype"),
    "EventKey": ("event", "template_card_event", "event_key"),
}
"""Where a message of a robot of WeCom has what all other messages call so."""


def _at(value: Any, path: Iterable[str]) -> Any:
    for each in path:
        is_object = isinstance(value, tuple)
        found = [inner for name, inner in value if name == each] if is_object else []
        if len(found) > 1:
            raise ValueError
        value = found[0] if found else None
    return value


def _scalar(value: Any) -> str | None:
    if isinstance(value, (str, int, float)):
        return value if isinstance(value, str) else json.dumps(value)
    return None


def _add(fields: dict[str, str], name: str, value: str) -> None:
    if name in fields and name in DECISIVE:
        raise ValueError
    fields.setdefault(name, value)


def parsed_xml(body: bytes, target: Any) -> Any:
    """Return what a parser's target makes of XML without a DTD; else ValueError."""
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import (  # type: ignore[import-untyped]
        DefusedXmlException,
    )
    from defusedxml.ElementTree import (  # type: ignore[import-untyped]
        DefusedXMLParser,
    )

    parser = DefusedXMLParser(target=target, forbid_dtd=True)
    try:
        # As text, so that a declared encoding means nothing.
        parser.feed(body.decode())
        return parser.close()
    except (ParseError, DefusedXmlException):
        raise ValueError from None


class _Outer:
    """Builder of the outer fields, without a tree of what lies within them."""

    def __init__(self) -> None:
        self._fields: dict[str, str] = {}
        self._depth = self._elements = 0
        self._texts: list[str] = []
        self._nested = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > MOST_DEPTH or self._elements > MOST_ELEMENTS:
            raise ValueError
        if self._depth == 2:
            self._texts, self._nested = [], False
        elif self._depth > 2:
            self._nested = True

    def data(self, text: str) -> None:
        if self._depth == 2:
            self._texts.append(text)

    def end(self, name: str) -> None:
        if self._depth == 2 and not self._nested:
            _add(self._fields, name, "".join(self._texts))
        self._depth -= 1

    def close(self) -> dict[str, str]:
        return self._fields
