"""Container image: its contents and its behaviour."""

import json
import re

import pytest

from host.server.options import parse_options
from local_settings.settings_file import FOLDER
from runtime.health import COUNT_SECONDS, LOOK_SECONDS
from tests.deploy_files.readers import (
    DEPLOY,
    ROOT,
    documents,
    health_check,
    instruction,
    of_kind,
    run,
    tool,
)
from tests.support.local_hosts import LocalHost

DOCKERFILES = [DEPLOY / "Dockerfile", ROOT / ".devcontainer/Dockerfile"]
LOCKS = ["requirements.lock", "requirements-host.lock", "requirements-catalogues.lock"]


def copies():
    """Return options, sources and destination of each COPY."""
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    found = re.findall(r"^COPY +((?:--\S+ +)*)(.+) (\S+)$", text, re.MULTILINE)
    return [(options.split(), names.split(), to) for options, names, to in found]


def pins(name):
    """Return the pinned requirements of a lock, each with its marker."""
    text = (ROOT / name).read_text("utf-8")
    return set(re.findall(r"^([\w.-]+==\S+(?: ; .+?)?) \\$", text, re.MULTILINE))


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.parent.name)
def test_a_dockerfile_has_nothing_to_find_fault_with(file):
    """hadolint reports nothing, not even a hint."""
    assert (0, "") == run(tool("hadolint"), file)


def test_hadolint_would_find_a_fault():
    """hadolint reports a broken file, so its silence counts."""
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    code, said = run(tool("hadolint"), "-", text=text.replace("WORKDIR /", "WORKDIR "))

    assert (1, True) == (code, "DL3000" in said)


def test_it_runs_as_nobody_in_particular():
    """The user is a number, so that Kubernetes can see that it is not root."""
    user, _, group = instruction("USER").partition(":")

    assert (True, True) == (int(user) > 9999, int(group) > 9999)


def test_the_base_is_pinned():
    """The base image is pinned once for both stages; a mirror is an argument."""
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    (base,) = re.findall(r"^ARG BASE=(.+)$", text, re.MULTILINE)

    assert re.fullmatch(r"python:3\.1\d\.\d+-slim-[a-z]+", base)
    assert ["${BASE} AS build", "${BASE}"] == re.findall(r"^FROM (.+)$", text, re.M)


def test_the_host_gets_the_signals():
    """The host is process 1 without a shell, so it gets SIGTERM."""
    command = json.loads(instruction("ENTRYPOINT"))

    assert ["python", "local_host.py"] == command[:2]


def test_without_settings_nothing_starts(tmp_path):
    """A missing setting is named, and no sandbox or Redis starts."""
    options = json.loads(instruction("ENTRYPOINT"))[2:]
    host = LocalHost(tmp_path, *options, "--port=0", environment={})
    code = host.process.wait(20)

    assert (1, True) == (code, "REDIS_URL is missing" in host.log())
    assert not (tmp_path / ".local").exists()


def test_only_what_it_runs_is_in_it():
    """The build context is a whitelist, without sandbox, tests and secrets."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    taken = {rule[1:] for rule in rules if rule.startswith("!")}

    assert "*" == rules[0]
    assert taken == {
        *("functions", "host", "local_settings", "locale", "management"),
        *("docs/operating", "runtime", "template"),
        *("local_host.py", "manage.py", "template.yml", "REVISION"),
        *("requirements-catalogues.lock", "requirements-host.lock"),
    }
    assert all((ROOT / each).exists() for each in taken)
    assert {"locale/*.py", "**/*.mo", "**/*.pyc", "**/__pycache__"} <= set(rules)


def test_all_that_it_runs_gets_into_it():
    """All stages copy what the host needs to where it looks for it."""
    context = [names for options, names, _ in copies() if not options]
    built = {to for options, _, to in copies() if "--from=build" in options}
    (packages,) = re.findall(r"PATH=(\S+)/bin:", instruction("ENV"))

    assert ["."] in context
    assert {instruction("WORKDIR"), packages} <= built


def test_its_user_may_write_into_the_volume():
    """The volume is the host's folder, and the image's user owns it."""
    volume = instruction("VOLUME")
    (options,) = (options for options, _, to in copies() if to == volume)

    assert f"{instruction('WORKDIR')}/{FOLDER}" == volume
    assert f"--chown={instruction('USER')}" in options


def test_its_packages_are_those_of_the_functions():
    """The image has the functions' pins, and what the host adds."""
    added = {pin.partition("==")[0] for pin in pins(LOCKS[1]) - pins(LOCKS[0])}

    assert pins(LOCKS[0])
    assert ({"pyyaml"}, set()) == (added, pins(LOCKS[0]) - pins(LOCKS[1]))
    assert {"babel"} == {pin.partition("==")[0] for pin in pins(LOCKS[2])}
    assert pins(LOCKS[2]) <= pins("requirements-dev.lock")


def test_what_probes_ask_for_is_answered(tmp_path):
    """The probes' path answers even if Redis is unavailable."""
    (pod,) = of_kind("Deployment")["spec"]["template"]["spec"]["containers"]
    probes = [pod[f"{name}Probe"] for name in ("readiness", "liveness")]
    port, path = health_check()
    default = parse_options(["local_host.py", "--logging=none"]).port
    with LocalHost(tmp_path, "--port=0") as host:
        status = host.get(path).status

    assert default == port == int(instruction("EXPOSE"))
    assert [path] * 2 == [probe["httpGet"]["path"] for probe in probes]
    assert 200 == status


def test_a_new_pod_is_asked_for_all(tmp_path):
    """The start-up probe asks for the whole check, and waits as long as that takes."""
    (pod,) = of_kind("Deployment")["spec"]["template"]["spec"]["containers"]
    probe = pod["startupProbe"]
    with LocalHost(tmp_path, "--port=0") as host:
        answer = host.get(probe["httpGet"]["path"])

    assert (503, "away") == (answer.status, answer.json()["redis"])
    assert probe["timeoutSeconds"] > LOOK_SECONDS + COUNT_SECONDS


def test_compose_builds_this_image():
    """Compose builds from the repository's root, with its .dockerignore."""
    (compose,) = documents(DEPLOY / "compose.yaml")
    build = compose["services"]["gateway"]["build"]

    assert (
        DEPLOY / "Dockerfile"
        == (DEPLOY / build["context"]).resolve() / (build["dockerfile"])
    )
