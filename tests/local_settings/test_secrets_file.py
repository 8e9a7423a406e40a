"""Secrets made once on a developer's machine."""

import base64
import json
import stat

from local_settings.secrets_file import NAMES, read_or_make_secrets
from runtime.settings import settings_from
from runtime.tokens.id_tokens import IdTokens
from runtime.tokens.oidc_keys import OidcKeys
from tests.support.local_hosts import SETTINGS

NOW = 1_800_000_000


def test_they_are_what_the_settings_take(tmp_path):
    """Each `1:` and a secret of its own, the master key of 32 bytes."""
    made = read_or_make_secrets(
        tmp_path / "secrets.json", random=lambda size: b"\xff" * size
    )
    settings = settings_from({**SETTINGS, **made})

    assert {1: b"\xff" * 32} == settings.master_keys
    assert {1: base64.urlsafe_b64encode(b"\xff" * 32).rstrip(b"=")} == (
        settings.token_secrets
    )


def test_they_are_made_once(tmp_path):
    """A second start reads what the first one wrote."""
    file = tmp_path / "new" / "secrets.json"
    first = read_or_make_secrets(file)

    assert first == read_or_make_secrets(file)
    assert {*NAMES, "OIDC_KEY"} == set(first)
    assert len(first) == len(set(first.values()))


def test_only_the_owner_reads_them(tmp_path):
    """Even when the file lay there with another mode."""
    file = tmp_path / "secrets.json"
    file.write_text("{}")
    file.chmod(0o644)
    read_or_make_secrets(file)

    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    assert [file] == list(tmp_path.iterdir())


def test_one_that_is_missing_is_made_beside_the_others(tmp_path):
    """A new version with a new secret keeps the old ones."""
    file = tmp_path / "secrets.json"
    file.write_text(json.dumps({"MASTER_KEYS": "1:mine", "OTHER": "kept"}))
    secrets = read_or_make_secrets(file)

    assert ("1:mine", {*NAMES, "OIDC_KEY"}) == (secrets["MASTER_KEYS"], set(secrets))
    assert "kept" == json.loads(file.read_text())["OTHER"]


def test_the_key_of_openid_connect_signs(tmp_path):
    """An RSA key that the settings take and that signs an ID token."""
    made = read_or_make_secrets(tmp_path / "secrets.json")
    keys = OidcKeys(settings_from({**SETTINGS, **made}).oidc_key)
    issued = IdTokens(keys, issuer="http://127.0.0.1:8080").issue(
        "demo", sub="o1", claims={}, now=NOW, auth_time=NOW
    )

    assert 2048 == keys.signing.raw_value.key_size
    assert 2 == issued.count(".")
