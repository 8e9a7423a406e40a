"""How FC itself answers a request that never reaches a function, or that one failed."""

from __future__ import annotations

import json

from host.fc.answer import Answer


class Refusal(Exception):
    """FC refuses the request; `code` and the message are for the caller."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def answer(self) -> Answer:
        """Return FC's answer."""
        document = {"ErrorCode": self.code, "ErrorMessage": str(self)}
        return _answer(self.status, "FcCommonError", document)


def unknown_method() -> Refusal:
    """Return the refusal of a method that the function's trigger does not name."""
    return Refusal(405, "MethodNotAllowed", "no trigger takes this method")


def failure(error_type: str) -> Answer:
    """Return the answer to a call that failed.

    FC would show the caller the exception's text and the stack with its source
    lines. Here the log has them under the request's id, and the caller has not: a
    local host too may be reached through a tunnel, and the text may hold a secret.
    """
    message = "The function failed; the log has the reason under this request's id."
    document = {"errorMessage": message, "errorType": error_type}
    return _answer(502, "UnhandledInvocationError", document)


def _answer(status: int, kind: str, document: dict[str, str]) -> Answer:
    headers = (("Content-Type", "application/json"), ("X-Fc-Error-Type", kind))
    return Answer(status, headers, json.dumps(document).encode())
