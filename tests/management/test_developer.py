"""manage.py without CONFIG_URL: beside a developer's host, and nowhere else."""

from __future__ import annotations

import os

import pytest

from tests.management.conftest import APP_SECRET, APPID
from tests.support.local_hosts import LocalHost
from tests.support.ports import free_port

ADD = f"app add {APPID} --kind service --secret-stdin --json"
SAID = (
    "manage.py: CONFIG_URL is missing: give all settings, or none of REDIS_URL,"
    " MASTER_KEYS, COOKIE_SECRETS, TOKEN_SECRETS in a folder where make run has run.\n"
)


@pytest.fixture
def forget(manage, environ, monkeypatch):
    """Take settings out of the environment of manage.py; by default all."""

    def run(*names):
        for name in names or environ:
            monkeypatch.delitem(os.environ, name)

    return run


@pytest.fixture
def developers_host(tmp_path):
    """A host with nothing set, in the folder of manage.py."""
    ports = ("--port=0", f"--sandbox_port={free_port()}")
    with LocalHost(tmp_path, *ports, environment={}) as host:
        yield host


def test_beside_a_developers_host_no_setting_is_needed(
    manage, forget, developers_host, tmp_path
):
    """Its store, its keys and its Redis, in another shell and after its end."""
    forget()
    added = manage(ADD, typed=f"{APP_SECRET}\n")
    asked = manage("token show --json")
    developers_host.end(15)
    checked = manage("store check --json")

    assert (0, "", 0, "") == (added.code, added.errors, asked.code, asked.errors)
    assert (tmp_path / f".local/config/apps/{APPID}/1.json").exists()
    assert (0, []) == (checked.code, checked.json["faults"])


@pytest.mark.parametrize("has_folder", [True, False], ids=["volume", "nothing"])
@pytest.mark.parametrize(
    "forgotten", [("CONFIG_URL",), ()], ids=["CONFIG_URL", "all settings"]
)
def test_a_forgotten_store_is_not_made_up(
    manage, forget, tmp_path, forgotten, has_folder
):
    """An empty .local, as an image's volume is, is no developer's; nothing is kept."""
    forget(*forgotten)
    if has_folder:
        (tmp_path / ".local").mkdir()
    done = manage(ADD, typed=f"{APP_SECRET}\n")

    assert (1, "", SAID) == (done.code, done.output, done.errors)
    assert [] == list(tmp_path.rglob("*.json"))


def test_a_developers_store_is_not_taken_for_another(
    manage, forget, developers_host, tmp_path
):
    """Keys without CONFIG_URL are those of a store that was forgotten."""
    forget("CONFIG_URL")
    done = manage(ADD, typed=f"{APP_SECRET}\n")

    assert (1, "", SAID) == (done.code, done.output, done.errors)
    assert not (tmp_path / f".local/config/apps/{APPID}").exists()
