"""The OpenID Foundation's basic test plan: each module of it has a test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PLAN = (
    *("oidcc-server", "oidcc-response-type-missing", "oidcc-idtoken-signature"),
    *("oidcc-idtoken-unsigned", "oidcc-userinfo-get", "oidcc-userinfo-post-header"),
    "oidcc-userinfo-post-body",
    "oidcc-ensure-request-without-nonce-succeeds-for-code-flow",
    *("oidcc-scope-profile", "oidcc-scope-email", "oidcc-scope-address"),
    *("oidcc-scope-phone", "oidcc-scope-all"),
    "oidcc-ensure-other-scope-order-succeeds",
    *("oidcc-display-page", "oidcc-display-popup", "oidcc-prompt-login"),
    *("oidcc-prompt-none-not-logged-in", "oidcc-prompt-none-logged-in"),
    *("oidcc-max-age-1", "oidcc-max-age-10000"),
    "oidcc-ensure-request-with-unknown-parameter-succeeds",
    *("oidcc-id-token-hint", "oidcc-login-hint", "oidcc-ui-locales"),
    "oidcc-claims-locales",
    "oidcc-ensure-request-with-acr-values-succeeds",
    *("oidcc-codereuse", "oidcc-codereuse-30seconds"),
    "oidcc-ensure-registered-redirect-uri",
    "oidcc-ensure-post-request-succeeds",
    "oidcc-server-client-secret-post",
    "oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported",
    "oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported",
    "oidcc-claims-essential",
    "oidcc-ensure-request-object-with-redirect-uri",
    "oidcc-refresh-token",
    "oidcc-ensure-request-with-valid-pkce-succeeds",
)
"""The modules of OIDCCBasicTestPlan, in its order."""


@pytest.mark.case(105)
def test_every_module_has_its_test():
    """By the module's name, and no other test has such a name."""
    files = Path(__file__).parent.glob("test_*.py")
    text = "".join(each.read_text("utf-8") for each in files)
    names = re.findall(r"^def test_(oidcc_\w+)\(", text, re.MULTILINE)

    assert 38 == len(PLAN)
    assert sorted(each.replace("-", "_") for each in PLAN) == sorted(names)
