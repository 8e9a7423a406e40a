"""docs/operating explains what an operator can meet: log lines and refusals."""

from __future__ import annotations

import ast
import re

from tests.support.documentation import ROOT, calls, names, rows, section, sources

HEALTH = ROOT / "docs/operating/health.md"
MESSAGES = ROOT / "docs/operating/messages.md"
SERIOUS = ("warning", "error", "exception", "critical")
HOLE = "\0"
"""Where a message has a value."""


def message(node, constants=None):
    """Return a text with a hole for each value in it; None for anything else.

    `constants` are the module's own, by name.
    """
    node = (constants or {}).get(getattr(node, "id", None), node)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.sub("%[sd]", HOLE, node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(message(each) or HOLE for each in node.values)
    if isinstance(node, ast.BinOp):
        parts = [message(each, constants) for each in (node.left, node.right)]
        return "".join(part or HOLE for part in parts)
    return None


def is_told(pattern, line):
    """Tell whether a row's line is this message, with words for its values."""
    return re.fullmatch(".+?".join(map(re.escape, pattern.split(HOLE))), line)


def logged():
    """Return logger and message of each line from WARNING on."""
    found = set()
    for module, tree in sources("runtime", "functions", "host"):
        loggers = {
            node.targets[0].id: message(node.value.args[0]) or module
            for node in tree.body
            if isinstance(node, ast.Assign) and calls(node.value, "getLogger")
        }
        for call in calls(tree, *SERIOUS):
            name = getattr(call.func.value, "id", None)
            if name in loggers:
                found.add((loggers[name], message(call.args[0])))
    return found


def test_every_serious_log_line_has_its_row():
    """By logger and words; and no row is of a line that nobody writes."""
    told = [
        (row[1].strip("`"), row[0].strip("`"))
        for row in rows(section(HEALTH, "Log lines"))
    ]
    lines = logged()

    assert [line for line in lines if not any(same(line, row) for row in told)] == []
    assert [row for row in told if not any(same(line, row) for line in lines)] == []


def same(line, row):
    return line[0] == row[0] and is_told(line[1], row[1])


def told_by(names, *trees):
    """Return the first argument of each call of one of these in these trees."""
    told = set()
    for _, tree in sources(*trees):
        assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
        constants = {
            node.targets[0].id: node.value
            for node in assigned
            if isinstance(node.targets[0], ast.Name)
        }
        for call in calls(tree, *names):
            told |= {message(each, constants) for each in call.args[:1]}
    return told - {None}


def raised(error, *trees):
    """Return the message of each error of this kind that is raised in these trees."""
    return told_by(kind(error, *trees), *trees)


def kind(error, *trees):
    """Return the names of an error and of those that are one, too."""
    nodes = [node for _, tree in sources(*trees) for node in ast.walk(tree)]
    classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
    names = [error]
    for name in names:  # which grow meanwhile
        names += [each.name for each in classes if name in map(ast.unparse, each.bases)]
    return names


def printed(program):
    """Return what a program prints of its own failing, behind its name."""
    told = told_by(("print",), "deploy", "management", "manage.py")
    name = f"{program}: "
    return {each.removeprefix(name) for each in told if each.startswith(name)}


def listed(module):
    """Return the faults that a module puts together to one message."""
    (tree,) = [tree for name, tree in sources(module.split(".")[0]) if name == module]
    nodes = [node.value for node in ast.walk(tree) if isinstance(node, ast.Yield)]
    nodes += [call.args[0] for call in calls(tree, "append")]
    return {told for told in map(message, nodes) if told}


def of_settings():
    """Return what is said of settings; most of it follows the setting's name."""
    faults = raised("SettingsError", "runtime")
    # Of a key's form: what a SettingsError takes over from the error below it.
    faults |= {
        each for each in raised("ValueError", "runtime") if each[:9] == "must hold"
    }
    named = {f"NAME {each}" if each[0].islower() else each for each in faults}
    return named | listed("runtime.settings")


def refusals():
    """Return what can be said before anything runs, by who says it."""
    said = {
        "Settings": of_settings(),
        "`make build`": raised("BuildFailed", "deploy") | printed("make build"),
        "`make deploy`": listed("deploy.check")
        | listed("deploy.certificates")
        | printed("make deploy"),
        "`make smoke`": raised("CheckFailed", "deploy")
        | raised("Failure", "deploy")
        | printed("make smoke"),
        "`local_host.py`": raised("CannotStart", "host")
        | raised("OtherDeployment", "runtime")
        | raised("TemplateError", "template"),
        "`manage.py`": raised("Failure", "management", "manage.py")
        | raised("SettingsError", "local_settings")
        | printed("manage.py"),
    }
    # The rest passes on what somebody else has said.
    return {
        (who, each)
        for who, told in said.items()
        for each in told
        if re.search("[a-z]{2}", each)
    }


def test_every_message_has_its_row():
    """Below the name of who says it, in its words; no row is of what nobody says."""
    said = refusals()
    told = [
        (who, name)
        for who in dict.fromkeys(who for who, _ in said)
        for name in names(rows(section(MESSAGES, who)))
    ]

    assert [each for each in said if not any(same(each, row) for row in told)] == []
    assert [row for row in told if not any(same(each, row) for each in said)] == []
