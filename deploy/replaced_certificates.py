"""Comparison of the certificate that a domain has with the one to be deployed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from deploy.certificates import end_of
from deploy.forms import is_certificate
from deploy.fun_profile import account
from management.endpoint import fc_client, functions_api
from management.failure import Failure
from management.functions_api import FunctionsApi
from template.resources import domains

NOT_FOUND = 404

Found = Callable[[str], Mapping[str, Any]]
"""The configuration of a custom domain by its name, {} where there is none."""


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
        new, old = end_of(given["Certificate"]), end_of(known)
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
