"""Command of `make release`: it makes a version's files and a local tag.

It pushes and uploads nothing; docs/releasing.md says what to do with what it made.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.package.archive import digest
from deploy.release.artifacts import (
    RUNTIMES,
    Skipped,
    client_wheel,
    clone,
    functions_archive,
    image,
    source_archive,
)
from deploy.release.refusals import Refused, faults, git, tag_of, version_of

ROOT = Path(__file__).resolve().parents[2]
OUT = ".release"
SUMS = "SHA256SUMS"


def main(root: Path = ROOT, environ: Mapping[str, str] = os.environ) -> int:
    """Release what is checked out; return 1 if it is refused, and no tag is made."""
    try:
        version = version_of(root)
        if found := [*faults(root, version)]:
            for fault in found:
                print(f"make release: {fault}", file=sys.stderr)
            return 1
        _release(root, version, environ)
    except Refused as refused:
        print(f"make release: {refused}", file=sys.stderr)
        return 1
    return 0


def _release(root: Path, version: str, environ: Mapping[str, str]) -> None:
    commit = git(root, "rev-parse", "HEAD")
    out = root / OUT / version
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    left_out = []
    with TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        clone(root, commit, tree)
        source_archive(tree, version, out)
        for runtime in RUNTIMES:
            try:
                functions_archive(tree, version, out, environ, runtime)
            except Skipped as why:
                left_out.append(f"archive for {runtime}: {why}")
        client_wheel(tree, out, environ)
        try:
            print(f"image        {image(tree, version, commit, environ)}")
        except Skipped as why:
            left_out.append(f"image: {why}")
    sums = _sums(out)
    (out / SUMS).write_text(sums, "utf-8")
    tag = tag_of(version)
    message = f"{tag}\n\n{sums}"
    git(root, "tag", "--annotate", "--cleanup=verbatim", "--message", message, tag)
    _tell(sums, left_out, f"{OUT}/{version}", tag)


def _sums(out: Path) -> str:
    files = sorted(each for each in out.iterdir() if each.name != SUMS)
    return "".join(f"{digest(each)}  {each.name}\n" for each in files)


def _tell(sums: str, left_out: Iterable[str], place: str, tag: str) -> None:
    print(sums, end="")
    for each in left_out:
        print(f"skipped      {each}")
    print(f"{tag} is tagged here, its files are in {place}, and nothing is pushed.")


if __name__ == "__main__":
    sys.exit(main())
