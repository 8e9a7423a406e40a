"""Commands performed by this process, on the store of documents itself."""

from __future__ import annotations

import getpass
import platform
import re
from collections.abc import Mapping
from typing import Any

from local_settings.settings_file import load_settings
from management.failure import Failure, Refused
from runtime.errors import GatewayError, SettingsError
from runtime.gateway import Gateway
from runtime.operations.recorded import Operator, perform_recorded
from runtime.operations.transfer import exported
from runtime.operations.verbs import Run
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
        return self._perform((noun, verb), arguments)

    def with_secrets(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return all documents with their secrets in plain text."""
        readable = arguments.get("readable", False)
        return self._perform(
            ("store", "export"),
            {**arguments, "with_secrets": True},
            run=lambda gateway, _: exported(gateway, sealed=False, readable=readable),
        )

    def _perform(
        self,
        command: tuple[str, str],
        arguments: Mapping[str, Any],
        *,
        run: Run | None = None,
    ) -> dict[str, Any]:
        operator = Operator(_user_and_host(), "manage.py")
        try:
            return perform_recorded(
                self._gateway, command, arguments, operator, run=run
            )
        except GatewayError as error:
            answer = f" WeChat said {error.errcode}: {error.errmsg}"
            message = error.message + (answer if error.errmsg else "")
            raise Refused(message, code=error.code) from None


def _user_and_host() -> str:
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        user = "-"
    return re.sub(r"[^A-Za-z0-9._@-]", "_", f"{user}@{platform.node()}")[:200]
