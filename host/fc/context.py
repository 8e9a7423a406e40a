"""Context object that FC gives a function, `environ["fc.context"]`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from template.served import Function


@dataclass(frozen=True, slots=True)
class Credentials:
    """Temporary keys of the role, empty if the process has none."""

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
    """The function's service; on one machine it has no log project."""

    name: str
    log_project: str = ""
    log_store: str = ""
    qualifier: str = "LATEST"
    version_id: str = ""


@dataclass(frozen=True, slots=True)
class FixedContext:
    """The values that are the same for every call of a function."""

    credentials: Credentials
    function: FunctionMeta
    service: ServiceMeta
    start_function: Callable[[str], None] | None = None


class Context:
    """FC's context object with all its attributes.

    `start_function` is the host's own: it does what a function on FC asks FC's API for.
    """

    region = ""
    account_id = ""
    retry_count = 0
    tracing = None
    logger = None  # FC sets one only if calls overlap; use logging

    __slots__ = (
        *("credentials", "function", "requestId", "request_id", "service"),
        "start_function",
    )

    def __init__(self, request_id: str, *, fixed: FixedContext) -> None:
        self.request_id = self.requestId = request_id
        self.credentials = fixed.credentials
        self.function = fixed.function
        self.service = fixed.service
        self.start_function = fixed.start_function


def fixed_context(
    function: Function,
    environ: Mapping[str, str],
    *,
    start_function: Callable[[str], None] | None = None,
) -> FixedContext:
    """Return the values that all contexts of a function share."""
    prefix = "ALIBABA_CLOUD_"
    return FixedContext(
        Credentials(
            environ.get(f"{prefix}ACCESS_KEY_ID", ""),
            environ.get(f"{prefix}ACCESS_KEY_SECRET", ""),
            environ.get(f"{prefix}SECURITY_TOKEN", ""),
        ),
        FunctionMeta(
            function.name, function.handler, function.memory, function.timeout
        ),
        ServiceMeta(function.service),
        start_function,
    )
