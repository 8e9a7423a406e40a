"""`make release` in a clone: what it refuses, what it makes, the same bytes twice."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from types import SimpleNamespace
from zipfile import ZipFile

import pytest

from deploy.release.__main__ import main
from deploy.release.artifacts import Skipped, image
from deploy.release.refusals import VERSION_FILES, Refused, git, version_of
from runtime.version import version
from tests.deployment.deployer import ROOT

AUTHOR = ("-c", "user.name=a", "-c", "user.email=a@example.com")
SECRET = "1:made-up-master-key-of-a-deployer"
SECTION = "## [{}] - 2026-01-31\n\n### Fixed\n\n- **A**: Fix b.\n"


@pytest.fixture(scope="module")
def has_git():
    if not shutil.which("git"):
        pytest.skip("no git")


def commit_all(folder):
    git(folder, "add", "--all")
    git(folder, *AUTHOR, "commit", "--quiet", "--message", "Release")


@pytest.fixture(scope="module")
def released(checkout, python310, has_git, tmp_path_factory):
    """The release of this tree, and that of a clone with other time zone and umask."""
    folder = tmp_path_factory.mktemp("release")
    listed = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = git(ROOT, *listed).rstrip("\0").split("\0")
    one, two = folder / "one", folder / "elsewhere/two"
    for name in names:
        if (ROOT / name).is_file():
            (one / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, one / name)
    changes = one / "CHANGELOG.md"
    number = version_of(one)
    changes.write_text(f"{changes.read_text('utf-8')}\n{SECTION.format(number)}")
    git(one, "init", "--quiet")
    git(one, "config", "user.name", "a")
    git(one, "config", "user.email", "a@example.com")
    commit_all(one)
    git(folder, "clone", "--quiet", "--bare", str(one), str(folder / "hub"))
    git(one, "remote", "add", "origin", str(folder / "hub"))
    git(folder, "clone", "--quiet", str(one), str(two))
    git(two, "config", "user.name", "b")
    git(two, "config", "user.email", "b@example.com")
    (folder / "bin").mkdir()
    (folder / "bin/git").symlink_to(shutil.which("git"))
    for each in (one, two):
        (each / ".fun").mkdir()
        (each / ".fun/wheels").symlink_to(ROOT / ".fun/wheels")
    environ = {
        **{"HOME": str(folder), "PATH": str(folder / "bin"), "MASTER_KEYS": SECRET},
        **{"PYTHON310": str(python310), "PYTHON312": str(folder / "none")},
        **{n: v for n, v in os.environ.items() if n.startswith("PIP_")},
    }
    runs = [
        start(one, environ, umask=0o022),
        start(two, {**environ, "TZ": "Asia/Shanghai"}, umask=0o077),
    ]
    (said, code), (said_too, code_too) = [
        (each.communicate(timeout=300)[0], each.returncode) for each in runs
    ]
    if "pip failed" in said and "ould not find" in said:
        pytest.skip("no package index, which the client's wheel needs")
    assert (0, 0) == (code, code_too), said + said_too
    return SimpleNamespace(
        root=one,
        said=said,
        number=number,
        out=one / ".release" / number,
        again=two / ".release" / number,
    )


def start(folder, environ, *, umask):
    return subprocess.Popen(
        [sys.executable, "-m", "deploy.release"],
        cwd=folder,
        env=environ,
        umask=umask,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_the_same_commit_gives_the_same_bytes(released):
    """In another folder, another time zone and under another umask."""
    made = {each.name: each.read_bytes() for each in released.out.iterdir()}

    assert made == {each.name: each.read_bytes() for each in released.again.iterdir()}


def test_the_checksums_are_printed_and_in_the_tag(released):
    """sha256sum finds every file in order, and no file is left out."""
    done = subprocess.run(
        ["sha256sum", "--strict", "--check", "SHA256SUMS"],
        cwd=released.out,
        capture_output=True,
        text=True,
        check=False,
    )
    sums = (released.out / "SHA256SUMS").read_text()
    tag = git(released.root, "tag", "--list", "--format=%(contents)")

    assert 0 == done.returncode, done.stderr
    assert sums in released.said
    assert f"v{released.number}\n\n{sums}".strip() == tag.strip()
    assert {line.split("  ")[1] for line in sums.splitlines()} == {
        each.name for each in released.out.iterdir() if each.name != "SHA256SUMS"
    }


def test_the_tag_is_here_alone(released):
    """It is annotated, of the commit, and nothing is pushed or changed."""
    root, tag = released.root, f"v{released.number}"

    assert git(root, "rev-parse", "HEAD") == git(root, "rev-parse", f"{tag}^{{commit}}")
    assert "tag" == git(root, "cat-file", "-t", tag)
    assert "" == git(root, "ls-remote", "--tags", "origin")
    assert "" == git(root, "status", "--porcelain")


def test_what_cannot_be_made_here_is_named(released):
    """Without CPython 3.12 and without docker."""
    python = "CPython 3.12 is needed, as Function Compute runs it"

    assert re.search(rf"skipped      archive for python3.12: .*{python}", released.said)
    assert "skipped      image: there is no docker on PATH\n" in released.said


def test_the_sources_know_their_commit(released, tmp_path):
    """The archive holds what is committed, and says version and commit."""
    name = f"wechat-gateway-{released.number}"
    with tarfile.open(released.out / f"{name}.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    files = {
        each.relative_to(tmp_path / name).as_posix()
        for each in tmp_path.rglob("*")
        if each.is_file()
    }
    commit = git(released.root, "rev-parse", "HEAD")

    assert files == {*git(released.root, "ls-files").splitlines()}
    assert f"{released.number}+{commit[:12]}" == version(tmp_path / name)


def test_the_functions_archive_has_no_setting(released):
    """It is that of the commit, and holds nothing of the maintainer's environment."""
    whole = f"wechat-gateway-{released.number}-fc-python3.10"
    packed = released.out / f"{whole}.zip"
    bill = json.loads((released.out / f"{whole}.bom.json").read_text())
    (of_it,) = bill["metadata"]["component"]["hashes"]
    with ZipFile(packed) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    commit = git(released.root, "rev-parse", "HEAD")

    assert commit == held["REVISION"].decode().strip()
    assert "functions/login/index.py" in held
    assert [] == [name for name, text in held.items() if SECRET.encode() in text]
    assert hashlib.sha256(packed.read_bytes()).hexdigest() == of_it["content"]


def test_the_clients_wheel_is_a_typed_package(released, tmp_path):
    """It has the release's version, and its modules need Tornado alone."""
    (wheel,) = released.out.glob("*.whl")
    install = ("install", "--quiet", "--no-deps", "--no-index", "--target", tmp_path)
    subprocess.run([sys.executable, "-m", "pip", *install, wheel], check=True)
    modules = sorted(each.stem for each in (ROOT / "client").glob("[!_]*.py"))
    ask = "import sys; sys.path.insert(0, sys.argv[1]); "
    ask += "print(*map(__import__, sys.argv[2:]))"
    names = [f"wechat_gateway_client.{each}" for each in modules]
    done = subprocess.run(
        [sys.executable, "-I", "-c", ask, tmp_path, *names],
        capture_output=True,
        text=True,
        check=False,
    )

    assert f"wechat_gateway_client-{released.number}-py3-none-any.whl" == wheel.name
    assert 0 == done.returncode, done.stderr
    assert done.stdout.count(str(tmp_path)) == len(names) > 0
    assert (tmp_path / "wechat_gateway_client/py.typed").is_file()
    assert not (tmp_path / "wechat_gateway_client/build").exists()


@pytest.fixture
def small(has_git, tmp_path):
    """A repository with no more than what is checked before anything is built."""
    folder = tmp_path / "small"
    (folder / "runtime").mkdir(parents=True)
    (folder / "runtime/version.py").write_text('VERSION = "1.2.3"\n')
    (folder / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    (folder / "CHANGELOG.md").write_text(f"# Changelog\n\n{SECTION.format('1.2.3')}")
    git(tmp_path, "init", "--quiet", str(folder))
    git(folder, "config", "user.name", "a")
    git(folder, "config", "user.email", "a@example.com")
    commit_all(folder)
    return folder


def edited(folder):
    (folder / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n# more\n')


def untracked(folder):
    (folder / "notes.txt").write_text("")


def without_section(folder):
    (folder / "CHANGELOG.md").write_text(f"# Changelog\n\n{SECTION.format('1.2.2')}")
    commit_all(folder)


def without_entry(folder):
    heading, *_ = SECTION.format("1.2.3").partition("###")
    older = SECTION.format("1.2.2")
    (folder / "CHANGELOG.md").write_text(f"# Changelog\n\n{heading}{older}")
    commit_all(folder)


def tagged(folder):
    git(folder, "tag", "v1.2.3")


def two_versions(folder):
    (folder / "pyproject.toml").write_text('[project]\nversion = "1.2.4"\n')
    commit_all(folder)


def no_number(folder):
    for name in ("runtime/version.py", "pyproject.toml"):
        text = (folder / name).read_text()
        (folder / name).write_text(text.replace("1.2.3", "1.2.3.dev0"))
    commit_all(folder)


def no_repository(folder):
    shutil.rmtree(folder / ".git")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (edited, "The tree has changes, the first is M pyproject.toml: commit them."),
        (untracked, "The tree has changes, the first is ?? notes.txt: commit them."),
        (without_section, "CHANGELOG.md has no entry below ## [1.2.3] - YYYY-MM-DD."),
        (without_entry, "CHANGELOG.md has no entry below ## [1.2.3] - YYYY-MM-DD."),
        (tagged, "The tag v1.2.3 exists: raise the version."),
        (two_versions, "there is runtime/version.py: 1.2.3, pyproject.toml: 1.2.4."),
        (no_number, "One version of three numbers is needed; there is runtime"),
        (no_repository, "git failed: fatal: not a git repository"),
    ],
)
def test_what_is_refused(small, change, told, capsys, monkeypatch):
    """Nothing is made, no tag either."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(small.parent))
    change(small)
    code = main(small, {})
    said = capsys.readouterr().err

    assert 1 == code
    assert said.startswith("make release: ")
    assert told in said
    assert not (small / ".release").exists()
    if change not in (no_repository, tagged):
        assert "" == git(small, "tag")


def test_the_files_of_this_tree_name_one_version():
    """That which the gateway tells, wherever it stands."""
    assert [] == [name for name in VERSION_FILES if not (ROOT / name).is_file()]
    assert version(ROOT / "none") == version_of(ROOT)


@pytest.fixture
def docker(tmp_path):
    """A docker that notes what it is told, as a version asks for an image."""
    record = tmp_path / "said"
    command = tmp_path / "bin/docker"
    command.parent.mkdir()

    def answering(then):
        command.write_text(f'#!/bin/sh\necho "$PWD $*" >>{record}\n{then}\n')
        command.chmod(0o700)
        return lambda: image(tmp_path, "1.2.3", "c" * 40, {"PATH": str(command.parent)})

    answering.record = record
    return answering


def test_the_image_is_built_where_docker_answers(docker, tmp_path):
    """With version and commit as labels, from the clone alone; it is pushed nowhere."""
    name = docker("exit 0")()
    _, built = docker.record.read_text().splitlines()

    assert "wechat-gateway:1.2.3" == name
    assert built.startswith(f"{tmp_path} build --label org.opencontainers.image.revis")
    assert built.endswith(" --file deploy/Dockerfile --tag wechat-gateway:1.2.3 .")
    assert f"--build-arg REVISION={'c' * 40} " in built


def test_no_image_without_a_daemon(docker):
    """It is left out, and the rest is released."""
    with pytest.raises(Skipped, match="docker has no daemon here"):
        docker("exit 1")()


def test_an_image_that_cannot_be_built(docker):
    """Nothing is released."""
    with pytest.raises(Refused, match="docker build failed"):
        docker('case "$1" in build) exit 1;; esac')()
