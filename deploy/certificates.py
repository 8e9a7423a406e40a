"""Certificate and key of the domain: what Function Compute and a browser accept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from deploy.forms import is_certificate
from deploy.fun_profile import account
from deploy.private_keys import BadKey, private_key
from management.endpoint import fc_client, functions_api
from management.failure import Failure
from management.functions_api import FunctionsApi
from template.resources import domains

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

NOT_FOUND = 404

SOON = timedelta(days=14)
"""Before the end of a certificate: time to get a new one without haste."""

Found = Callable[[str], Mapping[str, Any]]
"""The configuration of a custom domain by its name, {} where there is none."""


def certificate_faults(
    given: Mapping[str, str], host: str, now: datetime
) -> Iterator[str]:
    """Yield what is wrong with the certificate and the key of a domain."""
    try:
        key = private_key(given["PrivateKey"])
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
            end = _end(given["Certificate"])
            if now < end < now + SOON:
                yield f"CERTIFICATE ends soon, {end:%Y-%m-%d}: get a new one."


def older_ones(resources: Mapping[str, Any], found: Found) -> Iterator[str]:
    """Yield a fault for each domain whose certificate ends later than the new one.

    A deployer whose parameters are of last year would put the expired one back.
    """
    for domain in domains(resources):
        name, given = domain["DomainName"], domain.get("CertConfig")
        if not given or not is_certificate(given["Certificate"]):
            continue  # without one the domain's stays, and deploy.check names the other
        try:
            there = found(name).get("certConfig") or {}
        except Failure as failure:
            yield f"The certificate of {name} cannot be compared: {failure}"
            continue
        known = there.get("certificate")
        if not isinstance(known, str) or not is_certificate(known):
            continue  # the API does not tell
        new, old = _end(given["Certificate"]), _end(known)
        if new < old:
            yield (
                f"CERTIFICATE ends {new:%Y-%m-%d}, and that of {name} now, "
                f"{there.get('certName') or '-'}, ends {old:%Y-%m-%d}: set the newer "
                "one, or deploy with OLDER_CERTIFICATE=yes."
            )


def from_function_compute(environ: Mapping[str, str], fc: str = "2") -> Found:
    """Return the look-up of domains at the API of a generation of Function Compute."""
    if fc == "3":
        return lambda name: _api(environ).custom_domain(name)

    def find(name: str) -> Mapping[str, Any]:
        from fc2.fc_exceptions import FcError  # type: ignore[import-untyped]

        known = account(environ)
        client = fc_client(_endpoint(known, environ), known)
        try:
            answer = client.get_custom_domain(name)
        except OSError as error:
            raise Failure(f"{type(error).__name__}.") from None
        except FcError as error:
            if error.status_code == NOT_FOUND:
                return {}
            raise Failure(f"{error.err_code or error.status_code}.") from None
        content: Mapping[str, Any] = answer.data
        return content

    return find


def _api(environ: Mapping[str, str]) -> FunctionsApi:
    known = account(environ)
    return functions_api(_endpoint(known, environ), known)


def _endpoint(known: Mapping[str, str], environ: Mapping[str, str]) -> str:
    given = environ.get("FC_ENDPOINT") or known["ACCOUNT_ID"]
    if "://" in given:  # `fun config` stores it in place of the account
        return given.rstrip("/")
    return f"https://{known['ACCOUNT_ID']}.{known['REGION']}.fc.aliyuncs.com"


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


def _end(text: str) -> datetime:
    return _first(text).not_valid_after_utc


def _first(text: str) -> Certificate:
    from cryptography import x509

    return x509.load_pem_x509_certificates(text.encode())[0]
