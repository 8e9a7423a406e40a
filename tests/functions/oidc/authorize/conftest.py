"""A browser that the client `demo` sends to the authorization endpoint."""

from __future__ import annotations

import pytest

from tests.support.client_sign_in import BACK, Visit
from tests.support.scripted_wechat import change


@pytest.fixture
def visit(gateway):
    change(gateway, "clients", "demo", redirect_uris=[BACK], pkce="required")
    return Visit(gateway)
