"""Files of a release, each from a clone of the commit alone.

The same commit gives the same bytes, with the same CPython, git and zlib: nothing of
the maintainer's tree, settings or clock gets into them.
"""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.package.failed import BuildFailed
from deploy.package.interpreter import find_interpreter
from deploy.package.target import target_of
from deploy.release.refusals import Refused, git

NAME = "wechat-gateway"
RUNTIMES = ("python3.10", "python3.12")
"""Of Function Compute; an archive for the first one is always made."""

_KEPT = ("HOME", "LANG", "PATH", "TMPDIR")
_KEPT_FAMILIES = ("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "PIP_", "SSL_")


class Skipped(Exception):
    """Something that this machine cannot make; the message says why."""


def clean_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a build: no setting of a deployment, no secret."""
    return {
        name: value
        for name, value in environ.items()
        if name in _KEPT or name.upper().startswith(_KEPT_FAMILIES)
    }


def clone(root: Path, commit: str, tree: Path) -> None:
    """Check a commit out into a new folder, with the catalogues compiled."""
    git(root, "clone", "--quiet", "--shared", "--no-checkout", str(root), str(tree))
    git(tree, "-c", "core.autocrlf=false", "checkout", "--quiet", "--detach", commit)
    wheels = root / ".fun/wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    (tree / ".fun").mkdir()
    (tree / ".fun/wheels").symlink_to(wheels)
    for folder, domain in (("locale", "gateway"), ("management/locale", "manage")):
        words = ("--quiet", "compile", "--directory", folder, "--domain", domain)
        _run(tree, {}, "babel.messages.frontend", *words)


def source_archive(tree: Path, version: str, out: Path) -> Path:
    """Write the archive of the sources; its file REVISION names the commit."""
    whole = f"{NAME}-{version}"
    words = (
        "-c",
        "tar.umask=0022",
        "archive",
        "--format=tar",
        f"--prefix={whole}/",
        "--output",
    )
    tar = out / f"{whole}.tar"
    git(tree, *words, str(tar), "HEAD")
    packed = out / f"{whole}.tar.gz"
    # Without the name and the time that `gzip` would write.
    packed.write_bytes(gzip.compress(tar.read_bytes(), 9, mtime=0))
    tar.unlink()
    return packed


def functions_archive(
    tree: Path, version: str, out: Path, environ: Mapping[str, str], runtime: str
) -> list[Path]:
    """Build for a runtime of Function Compute; return archive and bill of materials.

    Skipped without the CPython of any runtime but the first.
    """
    generation = "2" if runtime == RUNTIMES[0] else "3"
    chosen = {"FC": generation, "RUNTIME": runtime}
    target = target_of(chosen)
    try:
        interpreter = find_interpreter(environ, target)
    except BuildFailed as failed:
        if runtime == RUNTIMES[0]:
            raise Refused(str(failed)) from None
        raise Skipped(str(failed)) from None
    chosen[target.variable] = str(interpreter)
    _run(tree, clean_environ(environ) | chosen, "deploy.package")
    whole = f"{NAME}-{version}-fc-{runtime}"
    made = {
        "artifacts/code.zip": out / f"{whole}.zip",
        "bom.json": out / f"{whole}.bom.json",
    }
    for built, released in made.items():
        shutil.copyfile(tree / ".fun/build" / built, released)
    return [*made.values()]


def client_wheel(tree: Path, out: Path, environ: Mapping[str, str]) -> Path:
    """Build the wheel of the package in client/."""
    known = {*out.iterdir()}
    fixed = {
        "SOURCE_DATE_EPOCH": git(tree, "log", "-1", "--format=%ct"),
        "PYTHONHASHSEED": "0",
    }
    words = ("wheel", "--quiet", "--no-deps", "--no-cache-dir", "--wheel-dir", str(out))
    _run(tree, clean_environ(environ) | fixed, "pip", *words, "./client")
    (wheel,) = {*out.iterdir()} - known
    return wheel


def image(tree: Path, version: str, commit: str, environ: Mapping[str, str]) -> str:
    """Build the image in the local store; return its name. Skipped without docker."""
    docker = shutil.which("docker", path=environ.get("PATH", os.defpath))
    if not docker:
        raise Skipped("there is no docker on PATH")
    asked = subprocess.run(  # noqa: S603 - docker on PATH
        [docker, "version", "--format", "{{.Server.Version}}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
    )
    if asked.returncode:
        raise Skipped("docker has no daemon here")
    name = f"{NAME}:{version}"
    labels = {
        "org.opencontainers.image.revision": commit,
        "org.opencontainers.image.version": version,
    }
    given = [word for pair in labels.items() for word in ("--label", "=".join(pair))]
    words = ["--build-arg", f"REVISION={commit}", "--file", "deploy/Dockerfile"]
    command = [docker, "build", *given, *words, "--tag", name, "."]
    done = subprocess.run(command, cwd=tree, check=False)  # noqa: S603 - our own words
    if done.returncode:
        raise Refused("docker build failed; see its output above.")
    return name


def _run(tree: Path, environ: Mapping[str, str], module: str, *words: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-m", module, *words],
        cwd=tree,
        env=environ or None,
        stdin=subprocess.DEVNULL,
        umask=0o022,
        check=False,
    )
    if done.returncode:
        raise Refused(f"{module} failed; see its output above.")
