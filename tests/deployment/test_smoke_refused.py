"""Reports of a signed call that is answered by an error."""

from __future__ import annotations

import json

import pytest
from fc2.fc_exceptions import FcError

from deploy.smoke.signed import judged
from deploy.smoke.web import CheckFailed, CheckSkipped


@pytest.mark.parametrize(
    ("answer", "status", "code", "expected"),
    [
        ({"ErrorCode": "FunctionNotFound"}, 404, "FunctionNotFound", CheckFailed),
        ({"errorType": "ImportError", "errorMessage": "no"}, 502, "", CheckFailed),
        ({"Code": "AccessDenied"}, 403, "", CheckFailed),
        ({"message": "bad gateway"}, 502, "", CheckFailed),
        ({"error": "not_found"}, 404, "", CheckSkipped),
    ],
)
def test_only_a_missing_endpoint_is_skipped(answer, status, code, expected):
    """Every other refusal or failure fails the check."""
    error = FcError(json.dumps(answer), status, code)

    assert expected is type(judged(error))
