"""The folder store: a version is written once, whole, by exactly one."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from runtime.documents.folder import FolderStore
from runtime.documents.store import VersionExists

RACERS = 8
ROUNDS = 12
RACER = """
import json, sys
from pathlib import Path
from runtime.documents.folder import FolderStore
from runtime.documents.store import VersionExists
root, me, rounds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
store, won = FolderStore(root), 0
print("ready", flush=True)
sys.stdin.readline()
while won < rounds:
    version = (store.versions("apps/wx1") or [0])[-1] + 1
    try:
        store.create("apps/wx1", version, json.dumps([me] * 500).encode())
    except VersionExists:
        continue
    won += 1
"""


@pytest.fixture
def store(tmp_path):
    return FolderStore(tmp_path / "config")


def test_versions_are_kept_side_by_side(store):
    """Every version stays readable, the list is in numeric order."""
    for version in range(1, 13):
        store.create("apps/wx1", version, str(version).encode())

    assert list(range(1, 13)) == store.versions("apps/wx1")
    assert [b"2", b"12"] == [store.read("apps/wx1", each) for each in (2, 12)]


def test_nothing_is_there_at_first(store):
    """A folder that does not exist holds no documents."""
    assert [] == store.ids("apps")
    assert [] == store.versions("apps/wx1")
    with pytest.raises(FileNotFoundError):
        store.read("apps/wx1", 1)


def test_a_version_is_never_replaced(store):
    """Creating it again is refused, and what was there stays."""
    store.create("apps/wx1", 1, b"first")

    with pytest.raises(VersionExists):
        store.create("apps/wx1", 1, b"second")
    assert b"first" == store.read("apps/wx1", 1)


def test_ids_are_folders(store, tmp_path):
    """The ids of a kind are listed sorted; what else lies about is no id."""
    for name in ("apps/b", "apps/a", "clients/c"):
        store.create(name, 1, b"{}")
    (tmp_path / "config/apps/.DS_Store").touch()

    assert ["a", "b"] == store.ids("apps")


@pytest.mark.parametrize(
    "name", ["0.json", "01.json", "-1.json", "1.json.new", "x.json", "1.txt", "²"]
)
def test_other_files_are_no_versions(store, tmp_path, name):
    """What a crash or an editor leaves behind is not read as a version."""
    store.create("apps/wx1", 1, b"{}")
    (tmp_path / "config/apps/wx1" / name).touch()

    assert [1] == store.versions("apps/wx1")


def test_only_the_owner_reads(store, tmp_path):
    """Documents are for this user alone, and nothing half written is left."""
    store.create("apps/wx1", 1, b"{}")
    with pytest.raises(VersionExists):
        store.create("apps/wx1", 1, b"{}")

    (file,) = (tmp_path / "config/apps/wx1").iterdir()
    assert "1.json" == file.name
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)


def test_processes_that_race(tmp_path):
    """Of eight processes that want the next version exactly one gets it, each round;
    no version is lost, torn or written twice."""
    arguments = [sys.executable, "-c", RACER, str(tmp_path)]
    racers = [
        subprocess.Popen(
            [*arguments, f"racer-{number}", str(ROUNDS)],
            cwd=Path(__file__).parents[3],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for number in range(RACERS)
    ]
    for racer in racers:
        assert b"ready\n" == racer.stdout.readline()
    for racer in racers:
        racer.stdin.write(b"go\n")
        racer.stdin.flush()
    for racer in racers:
        racer.communicate(timeout=30)

    store = FolderStore(tmp_path)
    versions = store.versions("apps/wx1")
    winners = [json.loads(store.read("apps/wx1", each)) for each in versions]
    assert [0] * RACERS == [racer.returncode for racer in racers]
    assert list(range(1, RACERS * ROUNDS + 1)) == versions
    assert all(winner == [winner[0]] * 500 for winner in winners)
    wins = Counter(winner[0] for winner in winners)
    assert {f"racer-{number}": ROUNDS for number in range(RACERS)} == wins
