"""Lines of the host's log, as text and as JSON."""

from __future__ import annotations

import json
import logging
import re
import sys

import pytest

from host.server.log_lines import JSON, JsonLine, format_lines
from tests.support.local_hosts import SITE, LocalHost


def record(name="gateway", message="%s %s", *arguments, exc_info=None):
    made = logging.LogRecord(
        name, logging.WARNING, __file__, 1, message, arguments, exc_info
    )
    made.created = 1_800_000_000.25
    return made


def test_an_object_in_one_line():
    """With the time in UTC, and a stack, which has several lines of its own."""
    try:
        raise ValueError("two\nlines 中文")
    except ValueError:
        line = JsonLine().format(
            record("gateway", "%s: %d", "a", 7, exc_info=sys.exc_info())
        )
    fields = json.loads(line)

    assert "\n" not in line
    assert fields.pop("stack").endswith("ValueError: two\nlines 中文")
    assert fields == {
        "time": "2027-01-15T08:00:00.250Z",
        "level": "WARNING",
        "logger": "gateway",
        "message": "a: 7",
    }


def test_the_audit_log_is_no_text_in_a_text():
    """Its fields can be searched as they are."""
    line = JsonLine().format(record("gateway.audit", '{"client": "demo"}'))

    assert json.loads(line)["call"] == {"client": "demo"}


def test_other_handlers_are_left_alone():
    """Those that somebody else has made, such as a test's."""
    handler = logging.NullHandler()
    logging.root.addHandler(handler)
    try:
        format_lines(JSON)
        assert handler.formatter is None
    finally:
        logging.root.removeHandler(handler)


@pytest.mark.parametrize("processes", [1, 2])
def test_every_line_of_a_host_is_an_object(tmp_path, processes):
    """The access log, a function that fails, and the host's own lines."""
    words = (f"--template={SITE}", "--port=0", "--log_format=json")
    with LocalHost(tmp_path, *words, f"--processes={processes}") as host:
        assert host.get("/answers/fails").status == 502
    lines = [json.loads(line) for line in host.errors.read_text().splitlines()]

    loggers = {line["logger"] for line in lines}
    assert {"access", "host"} <= loggers
    assert any("Traceback" in line.get("stack", "") for line in lines)


def test_a_line_of_text_names_its_logger(tmp_path):
    """By the name that the documentation has, not by the module."""
    with LocalHost(tmp_path, f"--template={SITE}", "--port=0") as host:
        host.get("/echo")
    assert re.search(
        r"^\[I \d{6} \d\d:\d\d:\d\d access\] GET /echo 200", host.log(), re.M
    )


def test_an_unknown_format_is_refused(tmp_path):
    """Before anything is started."""
    host = LocalHost(tmp_path, "--log_format=xml")

    assert host.process.wait(30) == 1
    assert "--log_format must be text or json." in host.log()
