"""OIDC_KEY: which keys sign, which verify, and which are published."""

from __future__ import annotations

import base64
import json
import subprocess
import sys

import pytest
from joserfc.jwk import RSAKey

from runtime.errors import OidcNotConfigured, SettingsError
from runtime.setting_values import oidc_keys
from runtime.settings import settings_from
from runtime.tokens.oidc_keys import OidcKeys
from tests.support.gateway_environ import make_environ
from tests.support.rsa_keys import loaded, oidc_key, private_key, public_key
from tests.test_import_rules import ROOT

PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
NOT_READ = "must hold RSA keys in DER, PKCS#8 or their public part"


def test_the_setting_is_read():
    """Whole keys and public parts, by version."""
    keys = {1: public_key(1), 2: private_key(2)}

    assert keys == oidc_keys(oidc_key(keys))


def test_settings_show_no_key():
    """They may be printed."""
    keys = {1: private_key()}
    environ = make_environ("nowhere", "redis://127.0.0.1/0", OIDC_KEY=oidc_key(keys))
    settings = settings_from(environ)

    assert keys == settings.oidc_key
    assert repr(settings_from(environ | {"OIDC_KEY": ""})) == repr(settings)


def broken_length(der):
    return der[:2] + bytes([der[2] ^ 1]) + der[3:]


REFUSED = {
    "none signs": ({1: public_key()}, "must hold a private key"),
    "too short": ({1: private_key()[:-1]}, NOT_READ),
    "too long": ({1: private_key() + b"\0"}, NOT_READ),
    "wrong length": ({1: broken_length(private_key())}, NOT_READ),
    "random": ({1: b"\x30\x82" + b"r" * 300}, NOT_READ),
    "PKCS#1": ({1: private_key()[26:]}, NOT_READ),
    "one of two": ({1: private_key(), 2: b"r" * 300}, NOT_READ),
}


@pytest.mark.parametrize(("keys", "fault"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_key_is_refused(keys, fault):
    """When the settings are read, by its form and without its value."""
    with pytest.raises(SettingsError) as caught:
        oidc_keys(oidc_key(keys))

    assert fault == str(caught.value)


@pytest.mark.parametrize("text", ["1:" + "!" * 40, "1:MIIE", "MIIE" * 20, "0:x"])
def test_what_is_no_list_of_keys_is_refused(text):
    """As with the other secrets."""
    with pytest.raises(SettingsError):
        oidc_keys(text)


DEAD = {
    "1024 bits": (
        private_key("short", bits=1024),
        "OIDC_KEY holds a key below 2048 bits",
    ),
    "garbled": (
        private_key()[:26] + b"\xff" * (len(private_key()) - 26),
        "OIDC_KEY holds a key that cannot be read",
    ),
}


@pytest.mark.parametrize(("der", "fault"), DEAD.values(), ids=DEAD)
def test_what_only_looks_like_a_key_is_found_at_its_first_use(der, fault):
    """By the name of the setting."""
    for use in ("signing", "verifying", "jwks"):
        with pytest.raises(SettingsError) as caught:
            getattr(OidcKeys({1: der}), use)

        assert fault == str(caught.value)


def test_the_newest_private_key_signs():
    """A newer one that is public only waits for its turn."""
    keys = OidcKeys({1: private_key(1), 2: private_key(2), 3: public_key(3)})

    expected = loaded(private_key(2)).private_numbers()
    assert expected == keys.signing.raw_value.private_numbers()
    assert keys.signing.kid == list(keys.verifying)[1]


@pytest.mark.case(92)
def test_all_keys_are_published_newest_first():
    """Each under its RFC 7638 thumbprint, with what it is for."""
    keys = OidcKeys({1: public_key(1), 2: private_key(2)})
    published = json.loads(keys.jwks)["keys"]

    assert list(keys.verifying) == [each["kid"] for each in published]
    assert not [key for key in keys.verifying.values() if key.is_private]
    for each, name in zip(published, (2, 1), strict=True):
        numbers = loaded(private_key(name)).public_key().public_numbers()
        modulus = base64.urlsafe_b64decode(each["n"] + "==")
        kept = {name: each[name] for name in ("kty", "use", "alg", "e")}

        assert numbers.n == int.from_bytes(modulus, "big")
        assert {"kty": "RSA", "use": "sig", "alg": "RS256", "e": "AQAB"} == kept
        assert RSAKey.import_key(each).thumbprint() == each["kid"]


@pytest.mark.case(93, 122)
def test_what_is_published_has_no_private_part():
    """None of its members, nor any of the key's numbers."""
    text = OidcKeys({1: private_key()}).jwks.decode()
    (published,) = json.loads(text)["keys"]
    secret = RSAKey.import_key(loaded(private_key())).as_dict(private=True)

    assert not PRIVATE & set(published)
    assert not [name for name in PRIVATE & set(secret) if secret[name] in text]


@pytest.mark.parametrize("use", ["signing", "verifying", "jwks"])
def test_without_a_key_there_is_nothing_to_use(use):
    """The setting is left out."""
    with pytest.raises(OidcNotConfigured):
        getattr(OidcKeys(None), use)
    with pytest.raises(OidcNotConfigured):
        OidcKeys({}).check()


PROBE = """
import sys
from os import environ
from runtime.gateway import Gateway
from runtime.settings import settings_from
gateway = Gateway(settings_from(environ))
gateway.oidc_keys.check()
print(*[name in sys.modules for name in ('joserfc', 'cryptography')])
gateway.oidc_keys.jwks
print(*[name in sys.modules for name in ('joserfc', 'cryptography')])
"""


def test_a_cold_start_pays_for_no_key(environ):
    """Settings and gateway read none; the first use does."""
    probe = subprocess.run(
        [sys.executable, "-c", PROBE],
        cwd=ROOT,
        env={**environ, "OIDC_KEY": oidc_key({1: private_key()})},
        capture_output=True,
        check=True,
        timeout=60,
        text=True,
    )

    assert ["False False", "True True"] == probe.stdout.splitlines()
