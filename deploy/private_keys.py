"""Private key of the domain, in the form that Function Compute takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey


class BadKey(ValueError):
    """A private key that Function Compute does not take."""


def taken_key(text: str) -> str:
    """Return a private key in the form that Function Compute takes.

    It refuses PKCS#8, which most tools write today: RSA keys become PKCS#1, EC keys
    SEC 1. What is no such key stays as it is, and `certificate_faults` names it.
    """
    from cryptography.hazmat.primitives import serialization

    try:
        key = private_key(text)
    except BadKey:
        return text
    form = serialization.PrivateFormat.TraditionalOpenSSL
    no_password = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, no_password).decode()


def private_key(text: str) -> RSAPrivateKey | EllipticCurvePrivateKey:
    """Return the private key; BadKey says what is wrong with it."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(text.encode(), password=None)
    except TypeError:
        raise BadKey(
            "CERTIFICATE_KEY has a password, which Function Compute cannot ask for: "
            "write it without, openssl pkey -in KEY -out PLAIN_KEY."
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise BadKey("CERTIFICATE_KEY is not a private key in PEM.") from None
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise BadKey("CERTIFICATE_KEY is neither an RSA key nor an EC key.")
    return key
