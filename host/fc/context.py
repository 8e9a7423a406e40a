"""What FC tells a function about its call, `environ["fc.context"]`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from template.served import Function


@dataclass(frozen=True, slots=True)
class Credentials:
    """The role's temporary keys, as far as the process has any."""

    access_key_id: str
    access_key_secret: str
    security_token: str


@dataclass(frozen=True, slots=True)
class FunctionMeta:
    """The function that is called."""

    name: str
    handler: str
    memory: int
    timeout: int


@dataclass(frozen=True, slots=True)
class ServiceMeta:
    """The service it belongs to; on one machine it has no log project."""

    name: str
    log_project: str = ""
    log_store: str = ""
    qualifier: str = "LATEST"
    version_id: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is the same for every call of a function."""

    credentials: Credentials
    function: FunctionMeta
    service: ServiceMeta


class Context:
    """FC's context object, attribute by attribute."""

    region = ""
    account_id = ""
    retry_count = 0
    tracing = None
    logger = None  # FC sets one only where calls overlap; use logging

    __slots__ = ("credentials", "function", "requestId", "request_id", "service")

    def __init__(self, request_id: str, *, surroundings: Surroundings) -> None:
        self.request_id = self.requestId = request_id
        self.credentials = surroundings.credentials
        self.function = surroundings.function
        self.service = surroundings.service


def surroundings_of(function: Function, environ: Mapping[str, str]) -> Surroundings:
    """Return the unchanging part of a function's contexts."""
    prefix = "ALIBABA_CLOUD_"
    return Surroundings(
        Credentials(
            environ.get(f"{prefix}ACCESS_KEY_ID", ""),
            environ.get(f"{prefix}ACCESS_KEY_SECRET", ""),
            environ.get(f"{prefix}SECURITY_TOKEN", ""),
        ),
        FunctionMeta(
            function.name, function.handler, function.memory, function.timeout
        ),
        ServiceMeta(function.service),
    )
