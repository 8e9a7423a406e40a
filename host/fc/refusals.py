"""FC's own answers: to a request that reaches no function, or to a failed call."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

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


def overloaded(message: str) -> Answer:
    """Return the answer to a call that was not begun, to every client in its form.

    FC would start another instance; here the caller has to come back. WeChat's errcode
    -1 lets an SDK do so.
    """
    document = {
        "ErrorCode": "ResourceExhausted",
        "ErrorMessage": message,
        "errcode": -1,
        "errmsg": f"system busy: {message}",
    }
    answer = _answer(503, "FcCommonError", document)
    more = (("Retry-After", "1"), ("X-Gateway-Error", "overloaded"))
    return replace(answer, headers=answer.headers + more)


def unknown_method() -> Refusal:
    """Return the refusal of a method that the function's trigger does not have."""
    return Refusal(405, "MethodNotAllowed", "no trigger accepts this method")


def failure(error_type: str) -> Answer:
    """Return the answer to a call that failed.

    FC would show the caller the exception's text and the stack with its source lines.
    Here only the log has them, with the request's id: a local host may be reached
    through a tunnel as well, and the text may contain a secret.
    """
    message = "The function failed; the log has the reason under this request's id."
    document = {"errorMessage": message, "errorType": error_type}
    return _answer(502, "UnhandledInvocationError", document)


def _answer(status: int, kind: str, document: dict[str, Any]) -> Answer:
    headers = (("Content-Type", "application/json"), ("X-Fc-Error-Type", kind))
    return Answer(status, headers, json.dumps(document).encode())
