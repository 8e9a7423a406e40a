"""QR symbols: as another program makes them, and as a reader reads them."""

from __future__ import annotations

import pytest
import segno

from runtime.pages.qr_symbol import LONGEST, picture_of, symbol
from runtime.pages.safe_urls import picture
from tests.support.qr_reader import modules_of, read

TEXT = "https://gateway.example.com/login/scan/AbCd-0123_EfGh45/" * 4
FULL = (14, 26, 42, 62, 84, 106, 122, 152, 180)
"""Characters that fill versions 1 to 9, so that nothing is padded."""


@pytest.mark.parametrize("mask", range(8))
@pytest.mark.parametrize("length", FULL)
def test_the_same_modules_as_another_program(length, mask):
    """Error correction, patterns, format and version: each module, at every mask."""
    text = TEXT[:length]
    other = segno.make(
        text, error="m", mask=mask, mode="byte", micro=False, boost_error=False
    )

    assert [[int(module) for module in row] for row in other.matrix] == symbol(
        text, mask=mask
    )


@pytest.mark.parametrize("length", range(1, LONGEST + 1))
def test_what_is_written_is_read(length):
    """Padded or not, whichever mask was chosen; through the picture on the page."""
    text = TEXT[:length]

    assert text == read(modules_of(picture_of(text)))


def test_the_mask_is_one_of_little_penalty():
    """Some symbol of these has another mask than the first."""
    texts = [TEXT[:length] for length in (30, 40, 50, 60)]

    assert any(symbol(text) != symbol(text, mask=0) for text in texts)


def test_a_page_may_show_it():
    """The page's own rule for pictures lets it through."""
    found = picture_of(TEXT[:60])

    assert found == picture(found)


def test_a_text_that_does_not_fit():
    """A page without a QR code is better than one that cannot be scanned."""
    assert picture_of("a" * (LONGEST + 1)) is None
    with pytest.raises(ValueError, match="too long"):
        symbol("a" * (LONGEST + 1))
