"""The policy of the functions' role: printed as the page shows it."""

from __future__ import annotations

import json
import re

from deploy.role_policy import main, policy
from template.resources import functions, parse_template
from tests.support.documentation import ROOT

PAGE = (ROOT / "docs/deploying.md").read_text("utf-8")
ROLE = "acs:ram::1234567890123456:role/gateway-fc"


def test_it_is_printed_for_role_and_region(capsys):
    code = main({"ROLE_ARN": ROLE, "REGION": "cn-hangzhou"})

    assert 0 == code
    assert policy("1234567890123456", "cn-hangzhou") == json.loads(
        capsys.readouterr().out
    )


def test_without_a_role_it_says_what_is_missing(capsys):
    for environ in ({}, {"ROLE_ARN": ROLE}, {"ROLE_ARN": "gateway", "REGION": "r"}):
        assert 1 == main(environ)
        assert "Set ROLE_ARN, " in capsys.readouterr().err


def test_it_names_the_function_of_the_template_alone():
    """Under both of its names, and no other function's."""
    resources = parse_template((ROOT / "template.yml").read_text("utf-8"))["Resources"]
    (deliver,) = [each for each in functions(resources) if each.name == "deliver"]
    (statement,) = policy("1", "r")["Statement"]

    assert "fc:InvokeFunction" == statement["Action"]
    assert [
        f"acs:fc:r:1:services/{deliver.service}/functions/deliver",
        f"acs:fc:r:1:services/{deliver.service}.*/functions/deliver",
        f"acs:fc:r:1:functions/{deliver.service}_deliver",
    ] == statement["Resource"]


def test_the_page_has_the_same():
    shown = re.search(r"```json\n(\{\n  \"Version\".*?)```", PAGE, re.DOTALL)[1]

    assert policy("ACCOUNT_ID", "cn-hangzhou") == json.loads(shown)
