"""Rules for a template message's `data`, by the names of its entries."""

from __future__ import annotations

import re
from typing import Any

from sandbox.errors import WeChatError

# Not confirmed by the platform's documents: entries and bytes of one message.
MOST_ENTRIES = 30
MOST_BYTES = 8192

# The kind of an entry is its name without the number: "thing2" is a thing. What
# each kind takes is not confirmed in every detail; other names take any text.
_ENTRY = re.compile(r"([a-z_]+?)\d+")
_KINDS = {
    "thing": re.compile(r".{1,20}", re.DOTALL),
    "character_string": re.compile(r"[!-~ ]{1,32}"),
    "number": re.compile(r"-?\d{1,32}(\.\d+)?"),
    "letter": re.compile(r"[A-Za-z]{1,32}"),
    "phrase": re.compile(r"[\u4e00-\u9fff]{1,5}"),
    "phone_number": re.compile(r"\+?[\d -]{1,17}"),
    "amount": re.compile(r"[¥$€£]?-?[\d,]{1,10}(\.\d+)?元?"),
}


def check_data(data: Any) -> None:
    """Check `data`; 47003 names the entry that is wrong, 45013 and 45014 its size."""
    if not isinstance(data, dict):
        raise WeChatError(47001)
    if len(data) > MOST_ENTRIES:
        raise WeChatError(45013)
    for name, entry in data.items():
        value = entry.get("value") if isinstance(entry, dict) else None
        if not isinstance(value, str) or not _fits(name, value):
            raise WeChatError(47003, f"argument invalid! data.{name}.value invalid")
    if sum(len(entry["value"].encode()) for entry in data.values()) > MOST_BYTES:
        raise WeChatError(45014)


def _fits(name: str, value: str) -> bool:
    entry = _ENTRY.fullmatch(name)
    kind = _KINDS.get(entry.group(1)) if entry else None
    return bool(value) and (kind is None or bool(kind.fullmatch(value)))
