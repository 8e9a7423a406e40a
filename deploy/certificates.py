"""Certificate and key of the domain: what Function Compute and a browser accept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from deploy.forms import is_certificate
from template.resources import domains

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate

SOON = timedelta(days=14)
"""Before the end of a certificate: time to get a new one without haste."""


class BadKey(ValueError):
    """A private key that Function Compute does not take."""


def taken_key(text: str) -> str:
    """Return a private key in the form that Function Compute takes.

    It refuses PKCS#8, which most tools write today: RSA keys become PKCS#1, EC keys
    SEC 1. What is no such key stays as it is, and `certificate_faults` names it.
    """
    from cryptography.hazmat.primitives import serialization

    try:
        key = _key(text)
    except BadKey:
        return text
    form = serialization.PrivateFormat.TraditionalOpenSSL
    no_password = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, no_password).decode()


def certificate_faults(
    given: Mapping[str, str], host: str, now: datetime
) -> Iterator[str]:
    """Yield what is wrong with the certificate and the key of a domain."""
    try:
        key = _key(given["PrivateKey"])
    except BadKey as fault:
        yield str(fault)
        key = None
    if not is_certificate(given["Certificate"]):
        yield "CERTIFICATE is not a certificate in PEM."
        return
    first = _first(given["Certificate"])
    if key and first.public_key() != key.public_key():
        yield (
            "CERTIFICATE_KEY is not the key of the first certificate in CERTIFICATE: "
            "the domain's own comes first, then its chain."
        )
    names = _names(first)
    if not any(_covers(name, host) for name in names):
        yield f"CERTIFICATE is for {', '.join(names) or 'no name'}, not for {host}."
    if now > first.not_valid_after_utc:
        yield f"CERTIFICATE has ended, {first.not_valid_after_utc:%Y-%m-%d}."
    if now < first.not_valid_before_utc:
        yield f"CERTIFICATE begins only on {first.not_valid_before_utc:%Y-%m-%d}."


def ending_soon(resources: Mapping[str, Any], now: datetime) -> Iterator[str]:
    """Yield a warning for each certificate that ends within 14 days."""
    for domain in domains(resources):
        given = domain.get("CertConfig")
        if given and is_certificate(given["Certificate"]):
            end = end_of(given["Certificate"])
            if now < end < now + SOON:
                yield f"CERTIFICATE ends soon, {end:%Y-%m-%d}: get a new one."


def _key(text: str) -> RSAPrivateKey | EllipticCurvePrivateKey:
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


def _names(certificate: Certificate) -> list[str]:
    from cryptography import x509

    try:
        found = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        )
    except x509.ExtensionNotFound:
        return []  # browsers look at no other name
    named = found.value.get_values_for_type(x509.DNSName)
    numbered = found.value.get_values_for_type(x509.IPAddress)
    return [*map(str.lower, named), *map(str, numbered)]


def _covers(name: str, host: str) -> bool:
    if name.startswith("*."):
        return host.partition(".")[2] == name[2:]
    return name == host


def end_of(text: str) -> datetime:
    """Return when the first certificate ends."""
    return _first(text).not_valid_after_utc


def _first(text: str) -> Certificate:
    from cryptography import x509

    return x509.load_pem_x509_certificates(text.encode())[0]
