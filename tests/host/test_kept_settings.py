"""The settings of a developer's host, found again by the command line beside it."""

import json
import stat

from host.kept_settings import developer_settings, keep_settings
from host.secrets_file import NAMES
from runtime.settings import settings_from
from tests.host.processes import SETTINGS


def test_before_any_host_has_run(tmp_path, monkeypatch):
    """They are complete, on the folder that the host will use; Redis is nowhere."""
    monkeypatch.chdir(tmp_path)
    settings = settings_from(developer_settings({}))

    assert ("file:.local/config", "demo") == (
        settings.config_url,
        settings.login_client,
    )
    assert settings.master_keys == settings_from(developer_settings({})).master_keys


def test_what_the_host_ran_with_is_found(tmp_path, monkeypatch):
    """Its Redis and its platform, in a file for the owner alone; no list of secrets."""
    monkeypatch.chdir(tmp_path)
    keep_settings(SETTINGS)
    file = tmp_path / ".local" / "settings.json"
    found = developer_settings({"MASTER_KEYS": " "})

    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    assert not set(NAMES) & set(json.loads(file.read_text()))
    kept = ("REDIS_URL", "WECHAT_API_URL", "CONFIG_URL", "PUBLIC_BASE_URL")
    assert [SETTINGS[name] for name in kept] == [found[name] for name in kept]


def test_the_environment_goes_first(tmp_path, monkeypatch):
    """And where it has all the secrets, none is made."""
    monkeypatch.chdir(tmp_path)
    own = {**SETTINGS, "CONFIG_URL": ""}
    found = developer_settings(own)

    assert {**SETTINGS, "CONFIG_URL": "file:.local/config"} == found
    assert [] == list(tmp_path.iterdir())
