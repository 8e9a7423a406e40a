"""Commands performed by this process, on the store of documents itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local_settings.settings_file import load_settings
from management.failure import Failure
from runtime.errors import GatewayError, SettingsError
from runtime.gateway import Gateway
from runtime.operations.transfer import exported
from runtime.operations.verbs import Run, operation, perform
from runtime.settings import settings_from


class Offline:
    """A performer with the settings of the environment, or of the local host here."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        try:
            if not environ.get("CONFIG_URL", "").strip():
                environ = load_settings(environ)
            self._gateway = Gateway(settings_from(environ))
        except SettingsError as error:
            raise Failure(f"{error}.") from None

    def perform(
        self, noun: str, verb: str, arguments: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the command's answer; Failure with its message."""
        return self._perform(operation(noun, verb).run, arguments)

    def with_secrets(self) -> dict[str, Any]:
        """Return all documents with their secrets in plain text."""
        return self._perform(lambda gateway, _: exported(gateway, sealed=False), {})

    def _perform(self, run: Run, arguments: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return perform(run, self._gateway, arguments)
        except GatewayError as error:
            answer = f" WeChat said {error.errcode}: {error.errmsg}"
            raise Failure(error.message + (answer if error.errmsg else "")) from None
