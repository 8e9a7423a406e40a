"""Table of what each version reads and writes: its newest column is what the code does.

The column of 0.1.0 is what that version has left in tests/runtime/documents.
"""

from __future__ import annotations

import ast
import json
import re

import pytest

from runtime.documents.secret_fields import SECRET_FIELDS
from runtime.operations.transfer import FORMAT
from runtime.registry.fields import SCHEMA, SINCE
from runtime.version import VERSION
from tests.support.documentation import ROOT, calls, names, rows, section, sources

PAGE = ROOT / "docs/upgrading.md"
CONFIGURATION = ROOT / "docs/configuration.md"
LEFT = ROOT / "tests/runtime/documents/version_0_1_0"
ISSUED = json.loads((LEFT / "issued.json").read_text("utf-8"))
BOTH = "writes, reads"
TABLES = ("Documents", "Redis", "Cookies", "Tokens")


def first_table(heading):
    """Return the rows of the first table below a heading: name, 0.1.0, 0.2.0."""
    text = section(PAGE, heading)
    table = text[text.index("\n| ") :].partition("\n\n")[0]
    return {row[0].strip("`"): tuple(row[-2:]) for row in rows(table)}


def versions(heading):
    """Return the numbers in the head of the first table below a heading."""
    head = re.search(r"^\| .*$", section(PAGE, heading), re.MULTILINE)[0]
    return [each.strip() for each in head.strip("| ").split(" | ")[-2:]]


def of_first_version(heading):
    """Return what 0.1.0 writes and reads."""
    return {name for name, cells in first_table(heading).items() if cells[0] == BOTH}


def number(text):
    return tuple(map(int, text.split(".")))


@pytest.mark.parametrize("heading", TABLES)
def test_the_newest_column_is_this_version(heading):
    """Or the next one, until the version is raised."""
    first, newest = versions(heading)

    assert "0.1.0" == first
    assert number(VERSION) <= number(newest)


def test_documents():
    """Every kind of document, the schema's versions, and the format of an export."""
    table = first_table("Documents")
    schemas = table.pop("schema")
    kinds = {each.name for each in (LEFT / "documents").iterdir() if each.is_dir()}

    assert {*SECRET_FIELDS, "audit", FORMAT} == table.keys()
    assert ("1", ", ".join(map(str, range(1, SCHEMA + 1)))) == schemas
    assert {BOTH} == {newest for _, newest in table.values()}
    assert kinds | {FORMAT} == of_first_version("Documents")


def test_fields_of_a_later_schema():
    """By kind: those that version 1 of the schema does not have."""
    text = section(PAGE, "Documents").partition("Fields of schema 2")[2]
    table = {
        row[0].strip("`"): set(re.findall(r"`(\w+)`", row[1])) for row in rows(text)
    }

    assert {kind: {*fields} for kind, fields in SINCE.items() if fields} == table


def test_redis_keys():
    """The beginnings of all keys, which test_docs.py compares with the code."""
    begin = re.compile(r"gateway:[a-z_]+")
    known = names(rows(section(CONFIGURATION, "Redis keys")))
    dump = json.loads((LEFT / "redis.json").read_text("utf-8"))["keys"]
    written = {begin.match(each["key"])[0] for each in dump}
    table = first_table("Redis")

    assert sorted({begin.match(name)[0] for name in known}) == list(table)
    assert {BOTH} == {newest for _, newest in table.values()}
    # A process that is asked for its health writes the last one.
    assert written | {"gateway:health"} == of_first_version("Redis")


def test_cookies():
    """Those of the configuration page, which test_docs.py compares with the code."""
    flow, session = ISSUED["flow"]["cookies"], ISSUED["session"]
    written = {name.removeprefix("__Host-") for name in (*flow, *session)}
    written = {re.sub(r"^flow_.*", "flow_XXXXXXXX", name) for name in written}

    assert names(rows(section(CONFIGURATION, "Cookies"))) == list(
        first_table("Cookies")
    )
    assert written | {"lang"} == of_first_version("Cookies")


def test_tokens():
    """Each purpose for which a key of TOKEN_SECRETS signs."""
    purposes = {
        call.args[0].value
        for _, tree in sources("runtime")
        for call in calls(tree, "_signer")
        if isinstance(call.args[0], ast.Constant)
    }
    table = first_table("Tokens")

    assert purposes == table.keys()
    assert {BOTH} == {newest for _, newest in table.values()}
    assert {"access_token", "code", "user_token", "refresh_token"} <= (
        of_first_version("Tokens")
    )
