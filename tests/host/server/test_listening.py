"""Listening sockets, and the message if one cannot be opened."""

import pytest

from host.cannot_start import CannotStart
from host.server.serving import listen


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        pytest.param("nohost.invalid", "[A-Z][a-z ]+", id="no such name"),
        pytest.param("a..b", ".*label empty or too long.*", id="no name at all"),
    ],
)
def test_an_address_that_is_not_here_is_said(address, reason):
    """The message names the system's reason."""
    with pytest.raises(CannotStart) as caught:
        listen(8080, address)

    said = (
        f"^Port 8080 of {address} cannot be used: (?!Unknown error){reason}[.] --port="
    )
    assert caught.match(said)
