"""Settings of a developer's host, found by the command line in the same folder."""

import json
import stat
from pathlib import Path

import pytest

from local_settings.secrets_file import NAMES, read_or_make_secrets
from local_settings.settings_file import load_settings, save_settings
from runtime.errors import SettingsError
from runtime.settings import settings_from
from tests.support.local_hosts import SETTINGS


@pytest.fixture
def ran(tmp_path, monkeypatch):
    """A host has run in this folder."""
    monkeypatch.chdir(tmp_path)
    save_settings({**SETTINGS, "CONFIG_URL": "file:.local/config"})
    read_or_make_secrets(Path(".local/secrets.json"))
    return tmp_path / ".local"


def test_what_the_host_ran_with_is_found(ran):
    """Its Redis and its platform, in a file for the owner alone; no list of secrets."""
    file = ran / "settings.json"
    found = load_settings({"MASTER_KEYS": " "})

    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    assert not set(NAMES) & set(json.loads(file.read_text()))
    kept = ("REDIS_URL", "WECHAT_API_URL", "PUBLIC_BASE_URL", "LOGIN_CLIENT")
    assert [SETTINGS[name] for name in kept] == [found[name] for name in kept]
    assert "file:.local/config" == settings_from(found).config_url


@pytest.mark.usefixtures("ran")
def test_the_environment_goes_first():
    """One setting of it replaces one of the host's."""
    found = load_settings({"LOGIN_CLIENT": "front"})

    assert {**load_settings({}), "LOGIN_CLIENT": "front"} == found


@pytest.mark.usefixtures("ran")
@pytest.mark.parametrize(
    "given",
    [*({name: SETTINGS[name]} for name in NAMES), {"REDIS_URL": "rediss://other/0"}],
    ids=lambda given: next(iter(given)),
)
def test_settings_of_another_store_are_not_mixed_with_it(given):
    """Keys or another Redis belong to a deployment whose CONFIG_URL is missing."""
    with pytest.raises(SettingsError, match="CONFIG_URL is missing"):
        load_settings(given)


@pytest.mark.usefixtures("ran")
def test_the_hosts_own_redis_is_no_other():
    """A developer's shell may name it for both."""
    own = {"REDIS_URL": SETTINGS["REDIS_URL"]}

    assert load_settings({}) == load_settings(own)


@pytest.mark.parametrize(
    "missing", [["settings.json"], ["secrets.json"], ["settings.json", "secrets.json"]]
)
def test_where_no_host_has_run_there_are_none(ran, missing):
    """Nothing is made, for no host would read it."""
    for name in missing:
        (ran / name).unlink()
    before = sorted(ran.iterdir())

    with pytest.raises(SettingsError, match="CONFIG_URL is missing"):
        load_settings({})
    assert before == sorted(ran.iterdir())
