"""Log lines: Tornado's with the name of the logger, or one JSON object each."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timezone

from tornado.log import LogFormatter

TEXT, JSON = "text", "json"

FORMATS = (TEXT, JSON)

_LINE = "%(color)s[%(levelname)1.1s %(asctime)s %(name)s]%(end_color)s %(message)s"

_AUDIT = "gateway.audit"
"""Its messages are JSON objects already."""


class JsonLine(logging.Formatter):
    """A formatter that writes an object in one line, a stack included.

    `time` is RFC 3339 in UTC; `call` is the object of a line of the audit log.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        at = datetime.fromtimestamp(record.created, timezone.utc)
        message = record.getMessage()
        fields: dict[str, object] = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
        }
        if record.name == _AUDIT:
            fields["call"] = json.loads(message)
        else:
            fields["message"] = message
        if record.exc_info:
            fields["stack"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False)


def format_lines(name: str) -> None:
    """Let the handlers that Tornado has made write lines in this format."""
    for handler in logging.root.handlers:
        if isinstance(handler.formatter, LogFormatter):
            color = not isinstance(handler, logging.FileHandler)
            line = JsonLine() if name == JSON else LogFormatter(fmt=_LINE, color=color)
            handler.setFormatter(line)
