"""Account settings that `fun` would not find."""

from __future__ import annotations

import pytest

from deploy.fun_profile import DOTENV, lacking

WHOLE = {
    "ACCOUNT_ID": "1234567890123456",
    "REGION": "cn-hangzhou",
    "ACCESS_KEY_ID": "LTAI",
    "ACCESS_KEY_SECRET": "secret",
}


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Keep what `fun config` writes; return the environment that leads to it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".fcli").mkdir()

    def keep(text):
        (tmp_path / ".fcli/config.yaml").write_text(text)
        return {"HOME": str(tmp_path)}

    return keep


@pytest.mark.parametrize("name", WHOLE)
def test_each_variable_is_needed(home, name):
    """A missing or empty variable is named."""
    environ = {**home(""), **WHOLE}

    assert [] == list(lacking(environ))
    assert [name] == list(lacking({**environ, name: ""}))


def test_the_region_has_another_name(home):
    """DEFAULT_REGION works as well as REGION."""
    environ = {**home(""), **WHOLE, "REGION": "", "DEFAULT_REGION": "cn-hangzhou"}

    assert [] == list(lacking(environ))


def test_a_profile_is_enough(home):
    """The profile of `fun config` is enough; its endpoint has account and region."""
    endpoint = "endpoint: https://1234567890123456.cn-hangzhou.fc.aliyuncs.com\n"
    key = "access_key_id: LTAI\naccess_key_secret: secret\n"

    assert [] == list(lacking(home(endpoint + key)))
    assert ["ACCOUNT_ID", "REGION"] == list(lacking(home(key)))


def test_dotenv_counts(home):
    """Variables in .env count, comments do not."""
    lines = [f"{name} = {value}" for name, value in WHOLE.items()]
    DOTENV.write_text("\n".join([f"# {lines[0]}", *lines[1:]]))

    assert ["ACCOUNT_ID"] == list(lacking(home("")))
