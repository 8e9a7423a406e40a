"""Comparisons of secrets: every one takes constant time."""

from __future__ import annotations

import ast
import re

import pytest

from tests.support.documentation import sources

PROOF = re.compile(
    r"(^|_)(secrets?|mac|digest|signature|verifier|challenge|hash|password)($|_)"
)
COMPARED = [
    (module, node)
    for module, tree in sources("client", "functions", "host", "runtime")
    for node in ast.walk(tree)
    if isinstance(node, ast.Compare)
    and any(isinstance(each, (ast.Eq, ast.NotEq)) for each in node.ops)
]


def names_a_proof(node):
    """Tell whether a name or an attribute in it sounds like a proof."""
    ids = [getattr(each, "id", getattr(each, "attr", "")) for each in ast.walk(node)]
    # What is all capitals is a constant, such as a number of secrets.
    return any(PROOF.search(each.lower()) for each in ids if not each.isupper())


@pytest.mark.case(85)
def test_nothing_that_proves_something_is_compared_by_equality():
    """How long `==` takes tells how much of a guess was right."""
    guilty = [
        f"{module}:{node.lineno}: {ast.unparse(node)}"
        for module, node in COMPARED
        if names_a_proof(node)
    ]

    assert len(COMPARED) > 50
    assert guilty == []


@pytest.mark.case(85)
def test_digests_are_compared_where_proofs_are_checked():
    """Each module that takes a proof calls compare_digest."""
    checking = {
        module
        for module, tree in sources("client", "functions", "host", "runtime")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "compare_digest"
    }

    assert {
        "functions.oidc.grant_types",
        "functions.wechat_api.sns",
        "host.fc.signature",
        "runtime.registry.client_secrets",
        "runtime.web.cookies",
        "runtime.sign_in.flows",
        "runtime.crypto.signing",
        "runtime.wechat.user_data",
    } <= checking
