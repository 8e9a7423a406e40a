"""s.yaml for Function Compute 3.0: the same content as template.yml for 2.0."""

import copy
import json
import os
import re
import subprocess
from dataclasses import MISSING

import pytest
import yaml

from deploy.s_yaml import render
from template.served import read_template
from tests.deploy_files.component_facts import DOMAIN, FUNCTION
from tests.deploy_files.readers import DEPLOY, ROOT, SETTINGS, tool
from tests.support.documentation import section

jsonschema = pytest.importorskip("jsonschema")

FILE = DEPLOY / "s.yaml"
RESOURCES = yaml.safe_load(FILE.read_text("utf-8"))["resources"]
FUNCTIONS = {
    name: each["props"]
    for name, each in RESOURCES.items()
    if each["component"] == "fc3"
}
SOURCE = yaml.safe_load((ROOT / "template.yml").read_text("utf-8"))
SERVICE = SOURCE["Resources"]["wechat_gateway"]
TEMPLATE = read_template(ROOT / "template.yml")
DEFAULTS = {name: each["Default"] for name, each in SOURCE["Parameters"].items()}
REQUIRED = {name for name, each in SETTINGS.items() if each.default is MISSING}
VARIABLES = {
    **{name: name for name in SETTINGS},
    "BUCKET_KEY_ID": "AWS_ACCESS_KEY_ID",
    "BUCKET_KEY_SECRET": "AWS_SECRET_ACCESS_KEY",
}
each_function = pytest.mark.parametrize("name", FUNCTIONS)


def check(props, schema):
    jsonschema.Draft7Validator(schema).validate(props)


def test_it_is_made_of_the_template():
    """The file in the tree is what python -m deploy.s_yaml writes."""
    assert render(ROOT / "template.yml") == FILE.read_text("utf-8")


@each_function
def test_a_function_is_what_the_component_takes(name):
    """Every key and value is valid, and CPU fits memory."""
    props = FUNCTIONS[name]
    check(props, FUNCTION)

    assert 1 <= props["memorySize"] / 1024 / props["cpu"] <= 4
    assert props["cpu"] * 20 == round(props["cpu"] * 20)


@each_function
def test_calls_leave_from_the_fixed_address(name):
    """Calls leave through the VPC only, from the fixed IP address."""
    parameters = section(ROOT / "docs/deploying.md", "9. Parameters")
    (said,) = re.findall(r"^INTERNET_ACCESS=(\w+)$", parameters, re.MULTILINE)
    props = FUNCTIONS[name]

    assert (True, said == "true") == ("vpcConfig" in props, props["internetAccess"])


def test_the_domain_is_what_the_component_takes():
    """The domain is valid and has a certificate."""
    check(RESOURCES["domain"]["props"], DOMAIN)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("runtime", "python3.8"),
        ("memorySize", 200),
        ("timeout", "20"),
        ("memorysize", 256),
        ("functionName", "1st"),
        ("triggers", [{"triggerName": "t", "triggerType": "http"}]),
    ],
)
def test_the_facts_would_find_a_fault(key, value):
    """The schemas report a broken file, so their silence counts."""
    props = copy.deepcopy(FUNCTIONS["login"])
    props[key] = value

    with pytest.raises(jsonschema.ValidationError) as caught:
        check(props, FUNCTION)
    assert key in f"{caught.value.json_path} {caught.value.message}"


def test_every_function_is_there():
    """Every function has the name that the routes use."""
    assert [name for name, each in SERVICE.items() if "Events" in each] == [*FUNCTIONS]
    assert {f"wechat_gateway_{name}" for name in FUNCTIONS} == {
        props["functionName"] for props in FUNCTIONS.values()
    }


@each_function
def test_a_function_is_the_same(name):
    """Handler, runtime, memory and timeout are the template's."""
    props, properties = FUNCTIONS[name], SERVICE[name]["Properties"]

    assert (
        properties["Handler"],
        properties["Runtime"],
        properties["MemorySize"],
        properties["Timeout"],
    ) == (props["handler"], props["runtime"], props["memorySize"], props["timeout"])


@pytest.mark.parametrize("function", TEMPLATE.functions, ids=lambda each: each.name)
def test_an_http_trigger_is_the_same(function):
    """Methods and authentication are the template's."""
    (trigger,) = FUNCTIONS[function.name]["triggers"]
    config = trigger["triggerConfig"]

    assert (function.auth.lower(), function.methods) == (
        config["authType"],
        frozenset(config["methods"]),
    )


@pytest.mark.parametrize(
    "timer", TEMPLATE.timers, ids=lambda timer: timer.function.name
)
def test_a_timer_is_the_same(timer):
    """The timer's interval is the template's, and it is enabled."""
    (trigger,) = FUNCTIONS[timer.function.name]["triggers"]

    assert {"cronExpression": f"@every {timer.seconds // 60}m", "enable": True} == (
        trigger["triggerConfig"]
    )


def test_the_routes_are_the_same():
    """Each path leads to the template's function."""
    routes = RESOURCES["domain"]["props"]["routeConfig"]["routes"]

    assert [
        (path, f"wechat_gateway_{to.name}") for path, to in TEMPLATE.routes.items()
    ] == [(each["path"], each["functionName"]) for each in routes]


@each_function
def test_the_settings_are_the_same(name):
    """The deployer's variables and defaults are the template's."""
    settings = dict(FUNCTIONS[name]["environmentVariables"])
    assert settings.pop("PYTHONPATH").startswith("/code/.fun/python/")
    expected = {
        VARIABLES[parameter]: (parameter, None if parameter in REQUIRED else said)
        for parameter, said in DEFAULTS.items()
        if parameter in VARIABLES
    }

    assert expected == {
        variable: re.fullmatch(r"\$\{env\('(\w+)'(?:, '([^']*)')?\)\}", value).groups()
        for variable, value in settings.items()
    }


def test_serverless_devs_reads_it(tmp_path):
    """Serverless Devs reads the file offline and names a missing variable."""
    preview = (tool("s"), "preview", "-t", FILE, "-o", "json", "--silent")
    kept = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    needed = re.findall(r"\$\{env\('(\w+)'\)\}", FILE.read_text("utf-8"))
    given = {name: f"my {name}" for name in needed}

    def say(environment):
        return subprocess.run(
            preview,
            env={**kept, **environment},
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    shown = json.loads(re.search(r"^\{.*", say(given).stdout, re.M | re.S)[0])
    without = say({name: each for name, each in given.items() if name != "REDIS_URL"})
    read = shown["resources"]["refresh"]["props"]["environmentVariables"]

    assert ("my REDIS_URL", "") == (read["REDIS_URL"], read["SESSION_DAYS"])
    assert (True, True) == (
        without.returncode > 0,
        "REDIS_URL" in without.stdout + without.stderr,
    )
