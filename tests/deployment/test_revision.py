"""Commit of an archive: named only if it is certain."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from deploy.package.revision import revision
from runtime.version import VERSION, version

ROOT = Path(__file__).parents[2]
AUTHOR = ("-c", "user.name=a", "-c", "user.email=a@example.com")


@pytest.fixture
def tree(tmp_path):
    """A repository of one commit; skips aloud where there is no git."""
    if not shutil.which("git"):
        pytest.skip("no git")
    folder = tmp_path / "tree"
    (folder / "runtime").mkdir(parents=True)
    (folder / "runtime/a.py").write_text("A = 1\n")
    (folder / "README.md").write_text("read me\n")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, *AUTHOR, "commit", "--quiet", "--message", "first")
    return folder


def git(folder, *words):
    done = subprocess.run(
        ["git", "-C", folder, *words], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def test_a_checkout_names_its_commit(tree):
    """Changes of files that are not sent do not matter."""
    (tree / "README.md").write_text("changed\n")
    (tree / "notes.txt").write_text("untracked\n")

    assert git(tree, "rev-parse", "HEAD") == revision(tree)


@pytest.mark.parametrize("file", ["runtime/a.py", "runtime/new.py"])
def test_a_changed_tree_names_none(tree, file):
    """An edited or unknown file that is sent hides the commit."""
    (tree / file).write_text("A = 2\n")

    assert "" == revision(tree)


def test_what_is_no_checkout_names_none(tree, tmp_path):
    """A copy without a repository, or inside another one, has no commit."""
    inside = shutil.copytree(tree / "runtime", tree / "copy/runtime").parent

    assert ["", ""] == [revision(tmp_path), revision(inside)]


def test_an_archive_knows_its_commit(tree, tmp_path):
    """`git archive` writes it into the file REVISION, as the repository asks it to."""
    for name in (".gitattributes", "REVISION"):
        shutil.copy(ROOT / name, tree)
    git(tree, "add", ".")
    git(tree, *AUTHOR, "commit", "--quiet", "--message", "second")
    made = tmp_path / "archive"
    git(tree, "archive", f"--output={made}.tar", "HEAD")
    shutil.unpack_archive(f"{made}.tar", made)
    commit = git(tree, "rev-parse", "HEAD")

    assert (commit, f"{VERSION}+{commit[:12]}") == (revision(made), version(made))
    assert (commit, VERSION) == (revision(tree), version(tree))
