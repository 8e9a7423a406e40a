"""Commit of an archive: named only if it is certain."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from deploy.package.revision import revision


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
    author = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    git(folder, *author, "commit", "--quiet", "--message", "first")
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
