"""A client's form at /oidc/logout: a redirect to a link, unless it is too long."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from runtime.web.form_as_link import LONGEST_LINK
from tests.support.scripted_wechat import FORM, HTML

PATH = "/oidc/logout"


@pytest.mark.case(43, 118)
@pytest.mark.parametrize(
    ("more", "expected"),
    [
        pytest.param(0, 303, id="as long as may be"),
        pytest.param(1, 400, id="longer"),
        pytest.param(200_000, 413, id="200 kB"),
    ],
)
def test_a_form_without_measure_makes_no_header_of_it(provider, more, expected):
    """Function Compute limits URLs to 4 kB; above that the answer is a page."""
    room = LONGEST_LINK - len(f"{PATH}?{urlencode({'state': ''})}")
    status, headers, _ = provider.ask(
        PATH,
        method="POST",
        headers=[*HTML, ("content-type", FORM)],
        body={"state": "x" * (room + more)},
    )

    assert expected == status
    assert (LONGEST_LINK if more == 0 else 0) == len(headers.get("Location", ""))
