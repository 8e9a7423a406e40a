"""The dev container and the editor: everything to run, test and debug in."""

import json
import re

import pytest
import yaml

from tests.deploy_files.readers import ROOT, instruction
from tests.support.documentation import syntax_tree

jsonschema = pytest.importorskip("jsonschema")

FOLDER = ROOT / ".devcontainer"
CONTAINER = json.loads((FOLDER / "devcontainer.json").read_text("utf-8"))
LAUNCH, EDITOR, RECOMMENDED = (
    json.loads((ROOT / f".vscode/{name}.json").read_text("utf-8"))
    for name in ("launch", "settings", "extensions")
)

TEXT = {"type": "string", "minLength": 1}
PORT_ATTRIBUTES = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "label": TEXT,
        "protocol": {"enum": ["http", "https"]},
        "onAutoForward": {
            "enum": [
                *("notify", "openBrowser", "openBrowserOnce", "openPreview"),
                *("silent", "ignore"),
            ]
        },
        "requireLocalPort": {"type": "boolean"},
        "elevateIfNeeded": {"type": "boolean"},
    },
}
COMMAND = {
    "oneOf": [
        TEXT,
        {"type": "array", "items": TEXT, "minItems": 1},
        {"type": "object", "additionalProperties": {"type": ["string", "array"]}},
    ]
}
COMMANDS = (
    *("initializeCommand", "onCreateCommand", "updateContentCommand"),
    *("postCreateCommand", "postStartCommand", "postAttachCommand"),
)
SCHEMA = {
    "type": "object",
    "required": ["build"],
    "additionalProperties": False,
    "dependentRequired": {
        "workspaceMount": ["workspaceFolder"],
        "workspaceFolder": ["workspaceMount"],
    },
    "properties": {
        "name": TEXT,
        "build": {
            "type": "object",
            "required": ["dockerfile"],
            "additionalProperties": False,
            "properties": {
                "dockerfile": TEXT,
                "context": TEXT,
                "target": TEXT,
                "args": {"type": "object", "additionalProperties": {"type": "string"}},
            },
        },
        "remoteUser": TEXT,
        "workspaceMount": {"type": "string", "pattern": r"^source=.+,target=/.+"},
        "workspaceFolder": {"type": "string", "pattern": "^/"},
        "forwardPorts": {
            "type": "array",
            "uniqueItems": True,
            "items": {
                "oneOf": [
                    {"type": "integer", "minimum": 1, "maximum": 65535},
                    {"type": "string", "pattern": r"^[\w.-]+:\d+$"},
                ]
            },
        },
        "portsAttributes": {
            "type": "object",
            "additionalProperties": PORT_ATTRIBUTES,
        },
        "containerEnv": {"type": "object", "additionalProperties": {"type": "string"}},
        "customizations": {
            "type": "object",
            "additionalProperties": {"type": "object"},
        },
        **dict.fromkeys(COMMANDS, COMMAND),
    },
}
"""What the specification says of a container made of a Dockerfile, as far as used."""


def check(container):
    jsonschema.Draft202012Validator(SCHEMA).validate(container)


def launched(name):
    """Return what the editor launches by this name."""
    return next(each for each in LAUNCH["configurations"] if each["name"] == name)


def test_it_keeps_the_specification():
    """The file is valid by its published schema."""
    check(CONTAINER)

    assert (FOLDER / CONTAINER["build"]["dockerfile"]).is_file()


@pytest.mark.parametrize(
    "change",
    [
        {"forwardPorts": ["8080"]},
        {"postCreateCommands": "make setup"},
        {"workspaceMount": "type=bind"},
        {"build": {"dockerFile": "Dockerfile"}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_schema_would_find_a_fault(change):
    """The schema reports a broken file, so its silence counts."""
    with pytest.raises(jsonschema.ValidationError):
        check(CONTAINER | change)


def test_the_workspace_is_the_developers_own_folder():
    """The workspace is bind-mounted."""
    mount = dict(part.split("=") for part in CONTAINER["workspaceMount"].split(","))

    assert mount == {
        "source": "${localWorkspaceFolder}",
        "target": CONTAINER["workspaceFolder"],
        "type": "bind",
    }


def test_the_ports_are_those_that_something_listens_on():
    """The ports of host, sandbox and example service are forwarded."""
    options = (ROOT / "host/server/options.py").read_text("utf-8")
    example = (ROOT / "examples/business_service.py").read_text("utf-8")
    defaults = dict(re.findall(r'"(port|sandbox_port)", default=(\d+)', options))
    (service,) = re.findall(r'define\("port", default=(\d+)', example)

    assert CONTAINER["forwardPorts"] == [
        *(int(defaults["port"]), int(defaults["sandbox_port"]), int(service))
    ]
    assert {str(port) for port in CONTAINER["forwardPorts"]} == set(
        CONTAINER["portsAttributes"]
    )


def test_it_is_set_up_by_the_same_command():
    """The container uses make, the deployed Python and an ordinary user."""
    template = yaml.safe_load((ROOT / "template.yml").read_text("utf-8"))
    login = template["Resources"]["wechat_gateway"]["login"]["Properties"]
    base = instruction("FROM", file=FOLDER / "Dockerfile")

    assert "make setup" == CONTAINER["postCreateCommand"]
    assert base.startswith(login["Runtime"].replace("python", "python:"))
    assert "1000" == instruction("USER", file=FOLDER / "Dockerfile")


def test_the_tools_of_the_tests_are_in_it():
    """The tools that .ci/run needs are installed, and Node for npm packages."""
    ci = (ROOT / ".ci/run").read_text("utf-8")
    browser = re.search(r"^install_browser.*?recommends (.+?) >", ci, re.M | re.S)[1]
    asked = set(re.findall(r"command -v ([\w-]+)", ci)) - {"debootstrap"}
    words = instruction("RUN", file=FOLDER / "Dockerfile").split()
    installed = {each.removesuffix("-bin") for each in words}

    assert {"chromium", "redis-server"} <= asked
    assert set() == {*browser.split(), *asked, "nodejs", "npm"} - installed


def test_the_debugger_starts_the_host():
    """The debugger runs one process, without call timeouts."""
    host = launched("Local host")
    tree = syntax_tree(ROOT / "local_host.py")

    assert ("debugpy", "launch") == (host["type"], host["request"])
    assert "${workspaceFolder}/local_host.py" == host["program"]
    assert (False, False) == (host["subProcess"], host["justMyCode"])
    assert "--timeouts=false" in host["args"]
    assert "main" in {each.name for each in tree.body if hasattr(each, "name")}


def test_the_tests_run_in_the_editor():
    """The editor runs pytest from make's environment."""
    assert EDITOR["python.testing.pytestEnabled"] is True
    assert EDITOR["python.defaultInterpreterPath"] == (
        "${workspaceFolder}/.venv/bin/python"
    )
    assert EDITOR["python.testing.pytestArgs"] == ["tests"]
    assert "pytest" == launched("Tests of this file")["module"]


def test_the_container_brings_the_editors_extensions():
    """The container installs the extensions that the workspace recommends."""
    assert (
        RECOMMENDED["recommendations"]
        == (CONTAINER["customizations"]["vscode"]["extensions"])
    )
