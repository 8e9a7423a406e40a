"""Command of `make build`: it makes .fun/build, whose archive is deployed.

With FC=3 it is for Serverless Devs and RUNTIME, otherwise for `fun`. The packages also
stay in .fun/python, from which `fun` would pack them by itself.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.package.archive import digest, write_archive
from deploy.package.bill import Component, bill_of_materials
from deploy.package.bytecode import byte_compile
from deploy.package.contents import (
    ContentSize,
    Distribution,
    content_sizes,
    distributions,
)
from deploy.package.failed import BuildFailed
from deploy.package.freshness import note_sources
from deploy.package.interpreter import find_interpreter
from deploy.package.layout import copy_packages, copy_sources, sources
from deploy.package.pruning import prune
from deploy.package.rendering import MOST_VARIABLES, Rendered, render
from deploy.package.revision import FILE, revision
from deploy.package.target import PACKAGES, Target, target_of
from deploy.package.wheels import Installer, fetch, install
from deploy.s_yaml import described
from runtime.version import VERSION, version
from template.resources import parse_template

ROOT = Path(__file__).resolve().parents[2]
BUDGETS = {"3.10": 13_000_000, "3.11": 14_500_000, "3.12": 14_500_000}
"""Bytes of the archive by CPython's version, whose bytecode differs in size.

FC accepts 50 MB inline, and unpacks it at each cold start.
"""


def main(
    root: Path = ROOT,
    environ: Mapping[str, str] = os.environ,
    *,
    budget: int | None = None,
) -> int:
    """Build the archive; return 0, or 1 if it failed and nothing can be deployed."""
    _clear(root)
    try:
        build(root, root / ".fun/build", environ, budget=budget)
    except BuildFailed as failure:
        _clear(root)
        print(f"make build: {failure}", file=sys.stderr)
        return 1
    return 0


def _clear(root: Path) -> None:
    for made in (".fun/build", PACKAGES):
        shutil.rmtree(root / made, ignore_errors=True)


def build(
    root: Path, out: Path, environ: Mapping[str, str], *, budget: int | None
) -> None:
    """Make `artifacts/`, the `code/` in its archive, and the bill of materials."""
    source = (root / "template.yml").read_text("utf-8")
    target = target_of(environ)
    rendered = render(source, environ, code="code.zip", runtime=target.runtime)
    for_s = _for_serverless_devs(rendered, target)
    interpreter = find_interpreter(environ, target)
    site = root / target.site
    lock, code, artifacts = root / "requirements.lock", out / "code", out / "artifacts"
    artifacts.mkdir(parents=True)
    copy_sources(root, code)
    _write_revision(root, code)
    byte_compile(code, interpreter=interpreter)
    by = Installer(interpreter, target.python)
    wheels = fetch(lock, cache=root / ".fun/wheels", by=by)
    install(wheels, lock=lock, site=site, by=by)
    found = distributions(site)
    prune(site)
    byte_compile(root, below=PACKAGES, interpreter=interpreter)
    copy_packages(root, code)
    archive = artifacts / "code.zip"
    write_archive(code, archive)
    _write_bill(out / "bom.json", found, wheels=wheels, archive=archive)
    parts = content_sizes(archive, found, site=target.site)
    _print_sizes(parts, archive, budget=budget or BUDGETS[target.python])
    _write_template(rendered, root, artifacts)
    if for_s:
        _write_privately(artifacts / "s.yaml", for_s)


def _write_revision(root: Path, code: Path) -> None:
    commit = revision(root)
    if commit:
        (code / FILE).write_text(commit + "\n", "ascii")
    note = "" if commit else ", without a commit or with changes"
    print(f"version {version(code)}{note}")


def _write_bill(
    file: Path, found: list[Distribution], *, wheels: Path, archive: Path
) -> None:
    ours = Component("wechat-gateway", VERSION, digest(archive))
    bill = bill_of_materials(ours, found, wheels=wheels)
    file.write_text(json.dumps(bill, indent=1) + "\n", "utf-8")


def _print_sizes(parts: list[ContentSize], archive: Path, *, budget: int) -> None:
    print(f"{'part':32}{'files':>7}{'bytes':>12}{'packed':>12}")
    for part in parts:
        print(f"{part.name:32}{part.files:7}{part.size:12,}{part.packed:12,}")
    size = archive.stat().st_size
    files, unpacked = sum(p.files for p in parts), sum(p.size for p in parts)
    print(f"{archive.name:32}{files:7}{unpacked:12,}{size:12,}")
    print(f"sha256 {digest(archive)}")
    if size > budget:
        raise BuildFailed(f"The archive has {size:,} bytes; the budget is {budget:,}.")


def _write_template(rendered: Rendered, root: Path, artifacts: Path) -> None:
    if rendered.given:
        print(f"from the environment: {', '.join(rendered.given)}")
    print(f"settings: {rendered.size:,} of {MOST_VARIABLES:,} bytes")
    if rendered.missing:
        print(f"missing, and required by every function: {', '.join(rendered.missing)}")
    _write_privately(artifacts / "template.yml", rendered.text)
    inputs = [*sources(root), root / "requirements.lock"]
    note_sources(artifacts / "meta.json", inputs)


def _write_privately(file: Path, text: str) -> None:
    file.touch(0o600)  # it holds the secrets
    file.write_text(text, "utf-8")


def _for_serverless_devs(rendered: Rendered, target: Target) -> str:
    if target.fc != "3":
        return ""
    resources = parse_template(rendered.text)["Resources"]
    return described(resources, target)


if __name__ == "__main__":
    sys.exit(main())
