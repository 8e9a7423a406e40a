"""What smoke says where a signed call is answered by an error."""

from __future__ import annotations

import json

import pytest
from fc2.fc_exceptions import FcError

from deploy.smoke.signed import _judged
from deploy.smoke.web import LeftOut, Unwell


@pytest.mark.parametrize(
    ("answer", "status", "code", "expected"),
    [
        ({"ErrorCode": "FunctionNotFound"}, 404, "FunctionNotFound", Unwell),
        ({"errorType": "ImportError", "errorMessage": "no"}, 502, "", Unwell),
        ({"Code": "AccessDenied"}, 403, "", Unwell),
        ({"message": "bad gateway"}, 502, "", Unwell),
        ({"error": "not_found"}, 404, "", LeftOut),
    ],
)
def test_only_where_nobody_is_it_is_left_out(answer, status, code, expected):
    """Whatever else refuses or fails is not well."""
    error = FcError(json.dumps(answer), status, code)

    assert expected is type(_judged(error))
