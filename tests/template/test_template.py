"""Agreement of template and code, which `fun validate` does not check."""

import re
import sys

import pytest
import yaml

from functions.refresh.index import MOST_SECONDS
from host.fc.loader import load_handler
from runtime.api_calls.token_calls import PROXIED_SECONDS
from runtime.settings import Settings
from template.served import read_template
from tests.support.fun_fixtures import ROOT

TEMPLATE = read_template(ROOT / "template.yml")
_CONTENT = yaml.safe_load((ROOT / "template.yml").read_text())
PARAMETERS, RESOURCES = _CONTENT["Parameters"], _CONTENT["Resources"]
RESOURCE_OF = {
    name: resource
    for content in RESOURCES.values()
    for name, resource in content.items()
    if isinstance(resource, dict)
    if resource.get("Type", "").endswith("::Function")
}
SETTINGS = {name.upper() for name in Settings.__dataclass_fields__}
SECRET = {
    *("REDIS_URL", "PUSH_REDIS_URL", "METRICS_TOKEN", "WECHAT_PROXY_URL"),
    *("MASTER_KEYS", "COOKIE_SECRETS", "TOKEN_SECRETS", "OIDC_KEY"),
}
# `fun` reads these from a .env or the environment, and they change what it does.
FUNS_OWN = {
    "ACCESS_KEY_ID",
    "ACCESS_KEY_SECRET",
    "ACCOUNT_ID",
    "DEFAULT_REGION",
    "ENABLE_CUSTOM_ENDPOINT",
    "FC_ENDPOINT",
    "REGION",
    "RETRIES",
    "SECURITY_TOKEN",
    "TIMEOUT",
}
OF_THE_DOMAIN = {"DOMAIN_NAME", "CERTIFICATE", "CERTIFICATE_KEY", "CERTIFICATE_NAME"}
OF_THE_SERVICE = {
    *("ROLE_ARN", "VPC_ID", "VSWITCH_ID", "SECURITY_GROUP_ID"),
    *("LOG_PROJECT", "LOG_STORE"),
    "INTERNET_ACCESS",
}
LATEST_REPLY_SECONDS = 60
"""After a user's message WeChat takes a service's answer for so long."""

OF_THE_BUCKET = {"BUCKET_KEY_ID", "BUCKET_KEY_SECRET"}
LOGIN = [
    *("/", "/login", "/login/*", "/logout", "/connect/*", "/healthz"),
    *("/cgi-bin/componentloginpage", "/safe/bindcomponent"),
    "/wxaopen/safe/bindcomponent",
]
CALLBACK = ["/oauth_callback", "/oauth_callback/*"]
EVENT = ["/wechat_event", "/wechat_event/*"]
API = ["/wechat_api/*", "/*"]

each_http_function = pytest.mark.parametrize(
    "function", TEMPLATE.functions, ids=lambda function: function.name
)
each_function = pytest.mark.parametrize(
    ("name", "resource"), RESOURCE_OF.items(), ids=list(RESOURCE_OF)
)


@pytest.fixture
def _import_state():
    """Leave no module and no path behind."""
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if "/" in name:
            del sys.modules[name]


@each_function
@pytest.mark.usefixtures("_import_state")
def test_the_handler_is_where_the_name_says(name, resource):
    """One folder each, named like the function, and it loads as FC loads it."""
    handler = resource["Properties"]["Handler"]

    assert f"functions/{name}/index.handler" == handler
    assert callable(load_handler(TEMPLATE.root, handler))
    assert re.fullmatch("[a-z_][a-z0-9_-]{0,127}", name)


@each_http_function
@pytest.mark.usefixtures("_import_state")
def test_the_trigger_takes_what_the_function_does(function):
    """METHODS is what the function says it accepts."""
    load_handler(TEMPLATE.root, function.handler)
    module = sys.modules[function.handler.rpartition(".")[0]]

    assert module.METHODS == function.methods


def test_every_function_of_the_tree_is_deployed():
    """And none that is not there."""
    folders = {file.parent.name for file in ROOT.glob("functions/*/index.py")}

    assert set(RESOURCE_OF) == folders


def test_the_routes_are_the_outward_contract():
    """Each path and who answers it; every HTTP function has at least one."""
    expected = {
        **dict.fromkeys(LOGIN, "login"),
        **dict.fromkeys(CALLBACK, "oauth_callback"),
        **dict.fromkeys(EVENT, "wechat_event"),
        **dict.fromkeys(API, "wechat_api"),
        "/console": "console",
        "/console/*": "console",
        "/metrics": "console",
        "/admin/*": "admin",
        "/oidc/*": "oidc",
        "/.well-known/*": "oidc",
    }
    routes = {path: function.name for path, function in TEMPLATE.routes.items()}

    assert expected == routes
    assert {function.name for function in TEMPLATE.functions} == set(routes.values())


@each_http_function
def test_everybody_may_call_but_admin(function):
    """The others check their callers; admin has no other lock than its trigger."""
    expected = "FUNCTION" if function.name == "admin" else "ANONYMOUS"

    assert expected == function.auth


@each_function
def test_the_properties_are_fcs(name, resource):
    """Within FC's limits, on the runtime that the pins are resolved for."""
    properties = resource["Properties"]

    assert ("python3.10", "./") == (properties["Runtime"], properties["CodeUri"])
    assert 1 <= properties["Timeout"] <= 600
    assert properties["MemorySize"] in range(128, 3073, 64)


@each_function
def test_a_function_has_what_is_public(name, resource):
    """The defaults of its settings as texts: fun would refuse a Ref, or send it."""
    fields = {name.upper(): f for name, f in Settings.__dataclass_fields__.items()}
    variables = resource["Properties"]["EnvironmentVariables"]

    assert variables == {name: fields[name].default for name in variables}
    assert variables == {
        name: PARAMETERS[name]["Default"]
        for name in SETTINGS
        if PARAMETERS[name]["Default"]
    }


def test_nothing_is_left_for_fun_to_resolve():
    """It knows Ref and the like with --use-ros alone, and makes no role for us."""
    names = set(_names(RESOURCES))

    assert set() == {"Ref", "Role", "Policies", "VpcConfig", "LogConfig"} & names
    assert [] == [name for name in names if name.startswith("Fn::")]


def _names(node):
    for each in node.values() if isinstance(node, dict) else node:
        if isinstance(each, (dict, list)):
            yield from _names(each)
    if isinstance(node, dict):
        yield from node


def test_every_setting_has_its_parameter():
    """And so has what belongs to service, domain and bucket; each has a default."""
    assert SETTINGS | OF_THE_DOMAIN | OF_THE_SERVICE | OF_THE_BUCKET == set(PARAMETERS)
    assert [] == [name for name, each in PARAMETERS.items() if "Default" not in each]


def test_a_secret_has_no_default_and_is_not_echoed():
    """Nothing secret stands in the file, and a console would not show it."""
    secret = SECRET | {"BUCKET_KEY_SECRET", "CERTIFICATE_KEY"}

    assert secret == {name for name, each in PARAMETERS.items() if "NoEcho" in each}
    assert not [name for name in secret if PARAMETERS[name]["Default"]]


def test_no_setting_has_a_name_that_means_something_else():
    """FC deletes its own names; fun would read its own."""
    assert not {name for name in SETTINGS if name.startswith("FC_")}
    assert not (SETTINGS | set(PARAMETERS)) & FUNS_OWN


def test_the_env_file_holds_one_line():
    """It is committed, and fun reads it: nothing else may ever stand there."""
    assert "IGNORE_TPL_VALIDATION=1\n" == (ROOT / ".env").read_text()


def test_a_function_may_run_as_long_as_its_longest_answer_takes():
    """FC would end it in mid-answer, and nobody would learn what became of a call."""
    seconds = {
        name: each["Properties"]["Timeout"] for name, each in RESOURCE_OF.items()
    }
    fields = Settings.__dataclass_fields__
    token = fields["credential_wait_seconds"].default
    at_wechat = fields["wechat_deadline_seconds"].default

    assert seconds["wechat_api"] > token + PROXIED_SECONDS + token
    assert seconds["oauth_callback"] > 2 * at_wechat
    assert seconds["refresh"] > MOST_SECONDS + token
    assert seconds["deliver"] > LATEST_REPLY_SECONDS + at_wechat
