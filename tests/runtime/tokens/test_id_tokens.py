"""ID tokens: their claims, and which are accepted as a hint."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from runtime.tokens.id_tokens import HINT_SECONDS, ID_TOKEN_SECONDS, BadHint, IdTokens
from runtime.tokens.oidc_keys import OidcKeys
from tests.support.rsa_keys import loaded, private_key, public_key

ISSUER = "https://gateway.example.com"
NOW = 1_800_000_000
USER = {"name": "张三😀\ud83d", "wechat_openid": "o1"}
KEYS = OidcKeys({1: private_key(1)})
TOKENS = IdTokens(KEYS, issuer=ISSUER)


def issue(tokens=TOKENS, *, now=NOW, **more):
    fields = {"sub": "o1", "claims": USER, "auth_time": NOW - 100, **more}
    return tokens.issue("demo", now=now, **fields)


def decoded(part):
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def encoded(data):
    text = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def signed(header, claims, sign):
    """Return a JWS of this header, made by hand."""
    text = f"{encoded(header)}.{encoded(claims)}"
    return f"{text}.{encoded(sign(text.encode()))}"


def by_rsa(name):
    return lambda text: loaded(private_key(name)).sign(text, PKCS1v15(), SHA256())


@pytest.mark.case(89, 92)
def test_what_stands_in_it():
    """The token's own claims, the user's, and a kid that is published."""
    tokens = IdTokens(KEYS, issuer=ISSUER)
    header, claims, _ = issue(tokens, nonce="n-1").split(".")
    (published,) = json.loads(KEYS.jwks)["keys"]

    assert {"alg": "RS256", "typ": "JWT", "kid": published["kid"]} == decoded(header)
    assert {
        "iss": ISSUER,
        "sub": "o1",
        "aud": "demo",
        "exp": NOW + 600,
        "iat": NOW,
        "auth_time": NOW - 100,
        "nonce": "n-1",
        **USER,
    } == decoded(claims)


def test_its_signature_is_the_published_keys():
    """By RSASSA-PKCS1-v1_5 with SHA-256, checked without the library that made it."""
    text, _, signature = issue().rpartition(".")
    key = loaded(private_key(1)).public_key()
    data = base64.urlsafe_b64decode(signature + "==")

    assert key.verify(data, text.encode(), PKCS1v15(), SHA256()) is None


@pytest.mark.case(89)
def test_what_was_not_asked_for_is_left_out():
    """No nonce and no access token: neither nonce nor at_hash."""
    claims = decoded(issue().split(".")[1])

    assert not {"nonce", "at_hash"} & set(claims)
    assert claims["exp"] - claims["iat"] <= 600


@pytest.mark.case(91)
def test_the_access_tokens_half_hash():
    """The left half of its SHA-256 (OpenID Connect Core, 3.1.3.6)."""
    claims = decoded(issue(user_token="a.1.2-_").split(".")[1])
    half = hashlib.sha256(b"a.1.2-_").digest()[:16]

    assert encoded(half) == claims["at_hash"]


def test_a_user_cannot_replace_the_tokens_own():
    """Whatever the claims are called."""
    claims = decoded(issue(claims={"iss": "x", "aud": "x", "exp": 0}).split(".")[1])

    assert (ISSUER, "demo", NOW + 600) == (claims["iss"], claims["aud"], claims["exp"])


@pytest.mark.case(95)
@pytest.mark.parametrize(
    ("seconds", "good"),
    [
        (-600, False),
        (-61, False),
        (-60, True),
        (0, True),
        (ID_TOKEN_SECONDS + 30, True),
        (ID_TOKEN_SECONDS + HINT_SECONDS, True),
        (ID_TOKEN_SECONDS + HINT_SECONDS + 1, False),
    ],
)
def test_how_old_a_hint_may_be(seconds, good):
    """A month after its end; never from more than a minute ahead."""
    text = issue()
    if good:
        assert "o1" == TOKENS.hint(text, now=NOW + seconds)["sub"]
    else:
        with pytest.raises(BadHint):
            TOKENS.hint(text, now=NOW + seconds)


@pytest.mark.case(92)
def test_a_key_that_signs_no_more_verifies_on():
    """Its public part is kept; without it the token is nobody's."""
    text = issue(IdTokens(OidcKeys({1: private_key(1)}), issuer=ISSUER))
    kept = OidcKeys({1: public_key(1), 2: private_key(2)})

    assert "demo" == IdTokens(kept, issuer=ISSUER).hint(text, now=NOW)["aud"]
    with pytest.raises(BadHint):
        IdTokens(OidcKeys({2: private_key(2)}), issuer=ISSUER).hint(text, now=NOW)


CLAIMS = {"iss": ISSUER, "sub": "o1", "aud": "demo", "exp": NOW + 600, "iat": NOW}
KID = KEYS.signing.kid
GOOD = {"alg": "RS256", "kid": KID}
ATTACKERS = json.loads(OidcKeys({1: private_key("evil")}).jwks)["keys"][0]


def by_hmac(text):
    return hmac.digest(public_key(1), text, "sha256")


FORGED = {
    "alg none": ({**GOOD, "alg": "none"}, CLAIMS, lambda text: b""),
    "alg None": ({**GOOD, "alg": "None"}, CLAIMS, lambda text: b""),
    "no alg": ({"kid": KID}, CLAIMS, by_rsa(1)),
    "HS256 with the public key": ({**GOOD, "alg": "HS256"}, CLAIMS, by_hmac),
    "another algorithm": ({**GOOD, "alg": "PS256"}, CLAIMS, by_rsa(1)),
    "another's key": (GOOD, CLAIMS, by_rsa("evil")),
    "another's kid": ({**GOOD, "kid": ATTACKERS["kid"]}, CLAIMS, by_rsa("evil")),
    "no kid": ({"alg": "RS256"}, CLAIMS, by_rsa(1)),
    "a kid that is a list": ({**GOOD, "kid": [KID]}, CLAIMS, by_rsa(1)),
    "jwk": ({**GOOD, "jwk": ATTACKERS}, CLAIMS, by_rsa("evil")),
    "jku": ({**GOOD, "jku": "https://evil.example.com"}, CLAIMS, by_rsa(1)),
    "x5u": ({**GOOD, "x5u": "https://evil.example.com"}, CLAIMS, by_rsa(1)),
    "x5c": ({**GOOD, "x5c": ["MII"]}, CLAIMS, by_rsa(1)),
    "crit": ({**GOOD, "crit": ["exp"]}, CLAIMS, by_rsa(1)),
    "b64": ({**GOOD, "b64": False, "crit": ["b64"]}, CLAIMS, by_rsa(1)),
    "another issuer": (GOOD, {**CLAIMS, "iss": ISSUER + "/"}, by_rsa(1)),
    "no issuer": (GOOD, {"exp": NOW + 600, "iat": NOW}, by_rsa(1)),
}


@pytest.mark.case(94)
@pytest.mark.parametrize(("header", "claims", "sign"), FORGED.values(), ids=FORGED)
def test_a_forged_hint_is_none(header, claims, sign):
    """Only RS256 by a key of ours, named by its kid and by nothing else."""
    assert TOKENS.hint(signed(GOOD, CLAIMS, by_rsa(1)), now=NOW)
    with pytest.raises(BadHint):
        TOKENS.hint(signed(header, claims, sign), now=NOW)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "....",
        issue()[:-4],
        issue() + "A",
        "码",
        "\ud800",
        "x" * 9000,
    ],
)
def test_what_is_no_token_is_no_hint(text):
    """Cut, lengthened or something else."""
    with pytest.raises(BadHint):
        TOKENS.hint(text, now=NOW)
