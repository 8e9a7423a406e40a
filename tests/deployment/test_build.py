"""Result of a build: all that the functions need, nothing else, reproducible."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

from deploy.package import __main__ as package
from deploy.package.target import FOR_FUN
from tests.deployment.deployer import ROOT, build

ARCHIVE = ".fun/build/artifacts/code.zip"
ON_FUNCTION_COMPUTE = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.10.9",
    "python_version": "3.10",
    "sys_platform": "linux",
}


@pytest.fixture(scope="module")
def files(built):
    """Every file of the archive with its bytes."""
    with ZipFile(built / ARCHIVE) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def bill(built):
    return json.loads((built / ".fun/build/bom.json").read_text())


def locked():
    """Yield what of the lock counts on Function Compute, with its hashes."""
    text = (ROOT / "requirements.lock").read_text().replace("\\\n", " ")
    for line in text.splitlines():
        if line[:1].isalpha():
            requirement = Requirement(line.partition(" --hash")[0])
            marker = requirement.marker
            if marker is None or marker.evaluate(ON_FUNCTION_COMPUTE):
                yield requirement, set(re.findall("sha256:([0-9a-f]{64})", line))


@pytest.fixture(scope="module")
def elsewhere(checkout, python310):
    """A second build with files of other ages, and what it said."""
    folder = checkout("elsewhere")
    for file in folder.rglob("*.py"):
        os.utime(file, (1_000_000_000, 1_000_000_000))
    done = build(folder, python310, LOGIN_CLIENT="front")
    assert 0 == done.returncode
    return folder, done.stdout


def test_what_is_missing_is_named(elsewhere):
    """What is missing is named, and it is no failure."""
    _, said = elsewhere

    assert "from the environment: LOGIN_CLIENT\n" in said
    assert re.search(r"^settings: [0-9]{3} of 3,389 bytes$", said, re.MULTILINE)
    assert "missing, and required by every function: PUBLIC_BASE_URL, REDIS_URL" in said
    assert 1 == said.count("LOGIN_CLIENT")


def test_the_same_commit_gives_the_same_bytes(built, elsewhere):
    """Folder, time and settings do not change the archive."""
    other, _ = elsewhere
    for name in ("artifacts/code.zip", "bom.json"):
        first, second = (root / ".fun/build" / name for root in (built, other))
        assert _digest(first) == _digest(second)


def _digest(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_the_projects_own_files_are_there(files):
    """The archive has functions, runtime, runbook, compiled catalogues and template."""
    own = {name for name in files if not name.startswith(".fun/")}
    sources = {name for name in own if "__pycache__" not in name}
    expected = {
        each.relative_to(ROOT).as_posix()
        for tree in ("docs/operating", "functions", "runtime")
        for each in (ROOT / tree).rglob("*")
        if each.is_file() and "__pycache__" not in each.parts
    }
    catalogues = {
        f"locale/zh_{region}/LC_MESSAGES/gateway.mo" for region in ("CN", "TW")
    }

    assert expected | catalogues | {"template.yml"} == sources


def test_every_locked_package_is_there_and_no_other(bill):
    """The packages are those of the lock for CPython 3.10 on Linux."""
    expected = {
        (each.name, str(each.specifier).removeprefix("==")) for each, _ in locked()
    }
    found = {
        (each["name"].lower().replace("_", "-"), each["version"])
        for each in bill["components"]
    }

    assert expected == found


def test_nothing_is_there_that_nobody_runs(files):
    """The archive has no tests, types, scripts or other services' models."""
    nobody = re.compile(
        r"(^|/)(tests?|bin|examples|sandbox|host|management)/|\.(pyi|po|pot|h|c)$"
        r"|dist-info/(RECORD|WHEEL|INSTALLER|REQUESTED|direct_url\.json)$"
        r"|(^|/)(conftest|local_host|manage)\.py$|\.env$|\.funignore$"
    )
    services = {
        name.split("/data/")[1].split("/")[0]
        for name in files
        if name.startswith(f"{FOR_FUN.site}/botocore/data/")
    }

    assert [] == [name for name in files if nobody.search(name)]
    assert {"s3"} == {each for each in services if ".json" not in each}


# How a source is hashed differs between Pythons, so CPython 3.10 itself is asked.
JUDGE = """
import importlib.util, json, sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
wrong, unchecked = [], (1).to_bytes(4, "little")
for name in (each for each in archive.namelist() if each.endswith(".py")):
    compiled = importlib.util.cache_from_source(name)
    found = archive.read(compiled) if compiled in archive.namelist() else b""
    source = importlib.util.source_hash(archive.read(name))
    if found[:16] != importlib.util.MAGIC_NUMBER + unchecked + source:
        wrong.append(name)
print(json.dumps(wrong))
"""


def test_every_module_is_compiled_for_310(built, files, python310):
    """Each .pyc is unchecked and names the file below /code."""
    judged = subprocess.run(
        [python310, "-I", "-c", JUDGE, built / ARCHIVE],
        capture_output=True,
        timeout=60,
        check=True,
    )
    compiled = files["functions/login/__pycache__/index.cpython-310.pyc"]

    assert [] == json.loads(judged.stdout)
    assert b"/code/functions/login/index.py" in compiled


def test_the_libraries_load_on_the_oldest_image(files):
    """Libraries are for CPython 3.10, x86-64 and glibc 2.17."""
    libraries = {n: content for n, content in files.items() if ".so" in n}
    names = re.compile(r"\.(abi3|cpython-310-x86_64-linux-gnu)\.so$")
    wanted = {
        tuple(map(int, version.split(b".")))
        for content in libraries.values()
        for version in re.findall(rb"GLIBC_(2\.[0-9.]*[0-9])", content)
    }

    assert len(libraries) >= 3
    assert [] == [name for name in libraries if not names.search(name)]
    assert max(wanted) <= (2, 17)


def test_the_bill_names_every_wheel_by_its_locked_hash(bill, built):
    """The bill has CycloneDX's required fields and the lock's hashes."""
    hashes = {each.name: allowed for each, allowed in locked()}

    assert ("CycloneDX", "1.6", 1) == (
        bill["bomFormat"],
        bill["specVersion"],
        bill["version"],
    )
    (digest,) = bill["metadata"]["component"]["hashes"]
    assert {"alg": "SHA-256", "content": _digest(built / ARCHIVE)} == digest
    references = [each["bom-ref"] for each in bill["components"]]
    assert len(set(references)) == len(references) > 10
    for each in bill["components"]:
        name = each["name"].lower().replace("_", "-")
        (digest,) = each["hashes"]
        assert ("library", each["bom-ref"]) == (each["type"], each["purl"])
        assert each["purl"] == f"pkg:pypi/{name}@{each['version']}"
        assert digest["content"] in hashes[name]
        assert each["licenses"][0]["license"]["name"] not in ("", "unknown", "UNKNOWN")


def test_the_build_tells_what_weighs_what(checkout, python310, capfd):
    """Each package is listed; an archive over the budget is not to be deployed."""
    tree = checkout("heavy")
    environ = {"PATH": os.environ["PATH"], "PYTHON310": str(python310)}
    code = package.main(tree, environ, budget=5_000_000)
    said = capfd.readouterr()

    assert 1 == code
    assert re.search(
        r"^cryptography [0-9.]+ +[0-9]+ +[0-9,]+ +[0-9,]+$", said.out, re.M
    )
    assert re.search(r"^runtime +[0-9]+ +[0-9,]+ +[0-9,]+$", said.out, re.M)
    assert "the budget is 5,000,000." in said.err
    assert not (tree / ".fun/build").exists()
