"""The reference pages say what the code does: each list here comes from the code."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import re
from pathlib import Path

import pytest
import yaml

from host.server.access_log import log_access
from host.server.options import parse_options
from runtime.documents.secret_fields import LASTING, NESTED_SECRETS, SECRET_FIELDS
from runtime.registry.fields import RULES
from runtime.registry.route_fields import MATCH, ROUTE_RULES
from runtime.settings import Settings
from tests.support.documentation import (
    ROOT,
    calls,
    names,
    pages,
    rows,
    section,
    sources,
    texts,
)

CONFIGURATION = ROOT / "docs/configuration.md"
ARCHITECTURE = ROOT / "docs/architecture.md"
DECISIONS = ROOT / "docs/decisions"


def test_every_setting_has_its_row():
    """No more and no fewer than Settings has, what is needed marked, defaults said."""
    table = rows(section(CONFIGURATION, "Settings"))
    production = {row[0].strip("`"): row[2].strip("`") for row in table}

    assert production == {
        field.name.upper(): _default(field) for field in dataclasses.fields(Settings)
    }


def _default(field):
    default = field.default
    if default is dataclasses.MISSING:
        return "required"
    return f"{default:g}" if isinstance(default, float | int) else default or "–"


def test_every_option_of_the_host_has_its_row():
    """Tornado's own included; a default that can be shown is shown."""
    options = parse_options(["local_host.py", "--logging=none"]).as_dict()
    table = rows(section(CONFIGURATION, "The local host's options"))
    defaults = {row[0].strip("`-"): row[1].strip("`") for row in table}

    assert sorted(defaults) == sorted(set(options) - {"help"})
    for name, value in options.items():
        if value not in (None, "") and name != "logging":
            assert defaults[name] == Path(str(value)).name, name


def test_every_cookie_is_named():
    """Each name that a module sets or reads, whole or in its pieces."""
    used = {
        name
        for module, tree in sources("runtime", "functions")
        for name in _cookie_names(module, tree)
    }
    documented = section(CONFIGURATION, "Cookies")

    assert used
    assert [name for name in sorted(used) if f"`{name}" not in documented] == []


def _cookie_names(module, tree):
    found = calls(tree, "set_cookie") + [
        call
        for call in calls(tree, "get")
        if getattr(call.func.value, "attr", "") == "cookies"
    ]
    for name in [call.args[0] for call in found]:
        if isinstance(name, ast.Name):
            yield getattr(importlib.import_module(module), name.id)
        elif isinstance(name, ast.Attribute):
            yield importlib.import_module(module).COOKIE  # behind a prefix, or not
        elif isinstance(name, ast.Constant):
            yield name.value
        else:  # a function or a method that makes the name
            maker = getattr(name.func, "attr", None) or name.func.id
            yield from texts(_function(tree, maker).body[-1])


def _function(tree, name):
    found = [each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)]
    return next(each for each in found if each.name == name)


def test_every_redis_key_is_named():
    """Each prefix and each ending of a key, and no pattern that nobody writes."""
    found = set().union(*(texts(tree) for _, tree in sources("runtime", "functions")))
    prefixes = {text.rstrip("{") for text in found if text.startswith("gateway:")}
    endings = {text.strip(":") for text in found if re.fullmatch(r":[a-z]+:?", text)}
    pattern = re.compile(
        r"(gateway:[a-z_]+:?)(?:\{[A-Z]+\}(?::([a-z]+)(?::[A-Z]+)?)?)?"
    )
    table = names(rows(section(CONFIGURATION, "Redis keys")))
    documented = [pattern.fullmatch(name) for name in table]

    assert {each[1] for each in documented} == prefixes
    assert {each[2] for each in documented} - {None} == endings


def test_every_log_field_and_logger_has_its_row():
    """The access line's fields in order, and each logger by name."""
    loggers = {
        name
        for module, tree in sources("runtime", "functions", "host")
        for call in calls(tree, "getLogger")
        for name in texts(call.args[0]) or {module}
    }
    fields = list(inspect.signature(log_access).parameters)
    table = names(rows(section(CONFIGURATION, "Log")))

    assert table[: len(fields)] == fields
    # What another package logs is silenced, and no line of ours.
    assert set(table[len(fields) :]) == loggers - {"botocore", "urllib3"}


@pytest.mark.parametrize("kind", LASTING)
def test_every_field_of_a_document_has_its_row(kind):
    """Each field that is accepted, and whether it is sealed."""
    table = rows(section(CONFIGURATION, kind))
    sealed = names([row for row in table if "*sealed*" in row[2]])

    assert set(names(table)) == RULES[kind].keys()
    assert sealed == list(SECRET_FIELDS[kind])


def test_every_field_of_a_route_has_its_row():
    """Each field that is accepted, those to compare too, and whether it is sealed."""
    table, compared = (
        rows(section(CONFIGURATION, heading).partition("\n#### ")[0])
        for heading in ("Routes", "Fields of match")
    )
    sealed = [row[0].strip("`") for row in table if "*sealed*" in row[2]]
    sealed += [f"match.{row[0]}" for row in compared if "*sealed*" in row[1]]

    assert names(table) == list(ROUTE_RULES)
    assert names(compared) == list(MATCH)
    assert [each.replace("`", "") for each in sealed] == list(
        NESTED_SECRETS["apps"]["routes"]
    )


def test_every_function_and_route_has_its_row():
    """Triggers, memory, time and paths as template.yml has them."""
    resources = yaml.safe_load((ROOT / "template.yml").read_text("utf-8"))["Resources"]
    domain = resources["domain"]["Properties"]
    table = rows(section(ARCHITECTURE, "Functions and routes"))
    routes = {row[0].strip("`"): row[1].strip("`") for row in table if len(row) == 2}
    functions = {row[0].strip("`"): row[1:4] for row in table if len(row) > 2}

    assert functions == {
        name: [_trigger(each), *_size(each)]
        for name, each in resources["wechat_gateway"].items()
        if "Events" in each
    }
    assert routes == {
        path: to["FunctionName"] for path, to in domain["RouteConfig"]["Routes"].items()
    }


def _size(function):
    properties = function["Properties"]
    return [str(properties["MemorySize"]), str(properties["Timeout"])]


def _trigger(function):
    (event,) = function["Events"].values()
    properties = event["Properties"]
    if event["Type"] == "HTTP":
        return ", ".join(properties["Methods"])
    return f"`{properties['CronExpression']}`"


def test_every_target_of_make_is_explained():
    """And no page names a target that make does not know."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    phony = re.search(r"^\.PHONY:(.*)$", makefile, re.MULTILINE)[1].split()
    explained = names(rows(section(ROOT / "docs/running.md", "The other commands")))
    text = "\n".join(page.read_text("utf-8") for page in pages())

    assert sorted(["make run", *explained]) == sorted(f"make {each}" for each in phony)
    helped = re.findall(r"^([a-z-]+):.*## \w", makefile, re.MULTILINE)
    assert sorted(helped) == sorted(phony)  # each has a rule, and `make help` tells it
    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE)) == set(phony)


def test_every_dependency_has_its_reason():
    """One line of a decision for each name in pyproject.toml, and none for another."""
    pins = r'^ +"([A-Za-z0-9_-]+)(?:\[\w+\])?=='
    declared = re.findall(
        pins, (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE
    )
    decisions = "\n".join(page.read_text("utf-8") for page in DECISIONS.glob("*.md"))
    explained = re.findall(r"^- `([A-Za-z0-9_-]+)`: .+\.$", decisions, re.MULTILINE)

    assert sorted(explained) == sorted(set(declared))
