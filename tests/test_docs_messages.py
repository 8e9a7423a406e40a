"""docs/operating explains what an operator can meet: log lines and refusals."""

from __future__ import annotations

import ast
import re

import pytest

from runtime.operations.verbs import OPERATIONS
from tests.support.documentation import ROOT, calls, names, rows, section, sources

ERRORS = ROOT / "docs/errors.md"
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
        | listed("deploy.replaced_certificates")
        | raised("BadKey", "deploy")
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


def of_operations():
    """Return what an operation refuses, faults of a field behind the field's name.

    What ends with a value passes on what somebody else has said.
    """
    said = told_by(kind("OperationRefused", "runtime"), "runtime", "functions")
    for _, tree in sources("runtime", "functions", "management"):
        for call in calls(tree, "InvalidDocument", "Fault"):
            field, *fault = [message(each) or HOLE for each in call.args]
            said.add(f"{field} {fault[0]}" if fault else f"{HOLE} {field}")
    said = {re.sub(f"{HOLE} {HOLE}", HOLE, each) for each in said}
    said = {each for each in said if re.search("[a-z]{2}", each)}
    return {each for each in said if not each.endswith(HOLE)}


def is_answered(text):
    """Tell whether a refusal itself names a command, an option, or the rule to follow.

    The commands are those of `manage.py`.
    """
    commands = "|".join(
        f"{noun} {verb.replace('-', '[ -]')}" for noun, verb in OPERATIONS
    )
    named = re.search(rf"\b(?:{commands})\b", text)
    rule = r"\bmust\b|(is|are) missing|is for all|needs|it may be|\bgive |--[a-z]"
    return bool(named or re.search(rf"{rule}|\badd\|update", text))


def test_every_refusal_of_an_operation_has_an_answer():
    """In its own words, or as a row; no row is of what nobody says."""
    said = of_operations()
    left = [each for each in said if not is_answered(each)]
    told = names(rows(section(MESSAGES, "Operations")))

    assert [each for each in left if not any(is_told(each, row) for row in told)] == []
    assert [row for row in told if not any(is_told(each, row) for each in said)] == []


IMPERATIVES = """
    add allow ask bind change check choose compare copy correct create deploy do
    encode end enter fetch get give go install leave let look lower make mend
    name omit percent-encode print put raise read redeem reload remove replay
    report request restart retry roll run scan search see send set shorten start
    submit take tap tell update use wait write
"""


def tells_what_to_do(cell):
    """Tell whether a row's last cell has a link, or a sentence in the imperative."""
    verbs = "|".join(IMPERATIVES.split())
    found = re.search(rf"(?:^|[.:;,] |\b(?:and|or|then) )(?:{verbs})\b", cell, re.I)
    return bool(found or "](" in cell or re.search("(?i)nothing|again|operator", cell))


@pytest.mark.parametrize("page", [HEALTH, MESSAGES, ERRORS], ids=lambda page: page.stem)
def test_every_row_tells_what_to_do(page):
    """Of messages, log lines and codes; a cause alone helps nobody."""
    tables = re.split("^#+ ", page.read_text("utf-8"), flags=re.MULTILINE)
    told = [
        row
        for table in tables
        if re.search(r"^\|.*what to do \|$", table, re.MULTILINE)
        for row in rows(table)
    ]

    assert len(told) > 20
    assert [row for row in told if not tells_what_to_do(row[-1])] == []


def test_a_cause_alone_is_no_answer():
    """What the test above would miss otherwise."""
    assert not tells_what_to_do("The process was slow or stopped for half a minute.")
    assert not tells_what_to_do("")
    assert tells_what_to_do("Redis is away: see [Redis](incidents.md).")
    assert tells_what_to_do("A stack: report it.")


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
