"""XML of pushes and passive replies, to and from dictionaries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]

Message = dict[str, Any]

_NAME = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)


class XmlError(ValueError):
    """A text is not a message in XML, or a field cannot be written as XML."""


def write_xml(fields: Mapping[str, Any]) -> str:
    """Return `<xml>` with one line per field: texts as CDATA, numbers bare.

    A nested mapping nests elements; a list repeats its element.
    """
    return f"<xml>{_write_fields(fields)}\n</xml>"


def read_xml(document: bytes) -> Message:
    """Return the fields of an `<xml>` document; XmlError if it is something else."""
    try:
        root = fromstring(document)
    except (ParseError, DefusedXmlException, ValueError):
        raise XmlError("not XML") from None
    if root.tag != "xml" or not len(root):
        raise XmlError("not a message in XML")
    return _read_fields(root)


def _write_fields(fields: Mapping[str, Any]) -> str:
    elements = (
        _write_element(name, one)
        for name, value in fields.items()
        for one in (value if isinstance(value, list) else [value])
    )
    return "\n".join(elements)


def _write_element(name: str, value: Any) -> str:
    if not _NAME.fullmatch(name):
        raise XmlError(f"{name!r} cannot be an element's name")
    return f"<{name}>{_write_value(value)}</{name}>"


def _write_value(value: Any) -> str:
    if isinstance(value, Mapping):
        return _write_fields(value)
    if isinstance(value, str):
        # The end mark itself is split over two sections.
        return f"<![CDATA[{value.replace(']]>', ']]]]><![CDATA[>')}]]>"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise XmlError(f"a {type(value).__name__} cannot be a field's value")


def _read_fields(element: Element) -> Message:
    fields: Message = {}
    for child in element:
        value = _read_fields(child) if len(child) else (child.text or "")
        if child.tag not in fields:
            fields[child.tag] = value
        elif isinstance(fields[child.tag], list):
            fields[child.tag].append(value)
        else:
            fields[child.tag] = [fields[child.tag], value]
    return fields
