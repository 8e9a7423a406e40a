"""docs/costs.md: results follow from numbers, and sizes from what is deployed."""

from __future__ import annotations

import ast
import operator

import pytest
import yaml

from tests.support.documentation import ROOT, rows, section

COSTS = ROOT / "docs/costs.md"
OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def computed(node, known):
    """Return what a formula of + - * / and max comes to."""
    if isinstance(node, ast.Name):
        return known[node.id]
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Call):
        assert "max" == node.func.id
        return max(computed(each, known) for each in node.args)
    left, right = computed(node.left, known), computed(node.right, known)
    return OPERATORS[type(node.op)](left, right)


def numbers(*headings):
    """Return the second cell of each row by its name."""
    table = [row for each in headings for row in rows(section(COSTS, each))]
    return {row[0].strip("`"): float(row[1]) for row in table}


@pytest.mark.parametrize("heading", ["The sum", "How much Redis"])
def test_each_result_follows_from_its_formula(heading):
    """To the last digit that is shown, and the total from the items above it."""
    known = numbers("What is assumed", "Prices")
    shown, found = {}, {}
    for name, value, formula in rows(section(COSTS, heading)):
        name = name.strip("`")
        known[name] = float(value)
        if " " in formula:
            known[name] = computed(
                ast.parse(formula.strip("`"), mode="eval").body, known
            )
            shown[name], found[name] = value, f"{known[name]:.2f}"

    assert shown
    assert found == shown


def test_the_total_leaves_nothing_out():
    """Each item of the sum is in it once."""
    *items, (total, _, formula) = rows(section(COSTS, "The sum"))

    assert "`total`" == total
    assert " + ".join(name.strip("`") for name, *_ in items) == formula.strip("`")


def test_the_sizes_are_those_that_are_deployed():
    """Memory and rounds by template.yml, shares of a CPU by s.yaml."""
    template = yaml.safe_load((ROOT / "template.yml").read_text("utf-8"))
    service = template["Resources"]["wechat_gateway"]
    stack = yaml.safe_load((ROOT / "deploy/s.yaml").read_text("utf-8"))["resources"]
    memory = {
        n: f["Properties"]["MemorySize"] for n, f in service.items() if "Type" in f
    }
    small = {name for name in memory if name != "wechat_api"}
    known = numbers("What is assumed")

    assert known["call_gb"] == memory["wechat_api"] / 1024
    assert {known["small_gb"]} == {memory[name] / 1024 for name in small}
    assert known["call_vcpu"] == stack["wechat_api"]["props"]["cpu"]
    assert {known["small_vcpu"]} == {stack[name]["props"]["cpu"] for name in small}
    events = [f["Events"] for f in service.values() if "Events" in f]
    ticks = [each["tick"] for each in events if "tick" in each]
    assert {"@every 1m"} == {t["Properties"]["CronExpression"] for t in ticks}
    assert known["hours"] * 60 * len(ticks) == known["timer_calls"]
