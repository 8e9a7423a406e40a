"""docs/errors.md lists what the code can answer, no more and no less."""

from __future__ import annotations

import ast
import importlib
import inspect
import re

from functions.oidc.client_form import OAuthRefused
from runtime.errors import ApiRefused, GatewayError, InvalidClient
from runtime.tokens.gateway_tokens import InvalidScope, InvalidToken
from runtime.tokens.grant import InvalidGrant, InvalidUserToken
from tests.support.documentation import ROOT, calls, rows, section, sources, texts

ERRORS = ROOT / "docs/errors.md"
IN_TABLES_OF_THEIR_OWN = (
    *("runtime.tokens.gateway_tokens", "runtime.tokens.grant"),
    *("ApiRefused", "OAuthRefused"),
)


def error_classes():
    """Return each error that a module of runtime or functions defines."""
    for module, _ in sources("runtime", "functions"):
        importlib.import_module(module)
    found = [GatewayError]
    for each in found:
        found += [sub for sub in each.__subclasses__() if sub not in found]
    return [each for each in found if re.match("runtime|functions", each.__module__)]


def test_every_error_class_has_its_row():
    """Code, status and errcode of each; a row without a class is a row too many."""
    table = [
        row
        for heading in ("every function", "sign-in", "WeChat's side", "operations")
        for row in rows(section(ERRORS, f"Codes of {heading}"))
    ]
    classes = {
        each.__name__: each
        for each in error_classes()
        if not {each.__name__, each.__module__} & set(IN_TABLES_OF_THEIR_OWN)
    }

    assert {row[3] for row in table} == set(classes)
    for code, status, errcode, name, _ in table:
        kind = classes[name]
        assert (code, status) == (f"`{kind.code}`", str(kind.status)), name
        if not takes_errcode(kind):
            assert str(kind.errcode) in re.findall(r"-?[0-9]+", errcode), name


def takes_errcode(kind):
    return "errcode" in inspect.signature(kind.__init__).parameters


def test_every_refusal_of_an_api_call_has_its_row():
    """Code, errcode and status of those that a function raises, and of tokens."""
    raised = [
        ApiRefused(call.args[0].value, call.args[1].value)
        for _, tree in sources("runtime", "functions")
        for call in calls(tree, "ApiRefused")
    ]
    raised += [each for each in error_classes() if issubclass(each, InvalidToken)]
    table = rows(section(ERRORS, "Codes of API calls"))

    assert {(each.code, str(each.errcode), str(each.status)) for each in raised} == {
        (row[0].strip("`"), row[1], row[2]) for row in table
    }


def test_every_refusal_of_the_token_endpoint_has_its_row():
    """Code and status of what it raises itself, of client, scopes, codes and tokens."""
    raised = {
        (call.args[0].value, str(OAuthRefused.status))
        for _, tree in sources("functions")
        for call in calls(tree, "OAuthRefused")
    }
    known = (InvalidClient, InvalidScope, InvalidGrant, InvalidUserToken)
    raised |= {(each.code, str(each.status)) for each in known}
    table = rows(section(ERRORS, "Codes of the token endpoint"))

    assert raised == {(row[0].strip("`"), row[1]) for row in table}


def test_a_wechat_code_that_we_choose_is_explained():
    """A WeChatRefused with a number of our own stands beside WeChat's."""
    chosen = {
        str(call.args[0].value)
        for _, tree in sources("runtime", "functions")
        for call in calls(tree, "WeChatRefused")
        if isinstance(call.args[0], ast.Constant)
    }
    table = rows(section(ERRORS, "Codes of WeChat's side"))
    explained = {row[2] for row in table if row[3] == "WeChatRefused"}

    assert explained == chosen | {"WeChat's own"}


def test_every_answer_of_the_local_host_is_explained():
    """The codes by which it refuses, and the types by which it reports a failure."""
    said = {
        text
        for _, tree in sources("host")
        for call in calls(tree, "Refusal", "failure", "LoadError")
        for argument in call.args[:2]
        for text in texts(argument)
        if re.fullmatch(r"([A-Z][a-z]+){2,}", text)
    }
    documented = set(
        re.findall(r"`(\w+)`", section(ERRORS, "Answers of the local host"))
    )

    assert said
    assert said <= documented
