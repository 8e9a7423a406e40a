"""A client's logo: small, and of the kind that it says."""

from __future__ import annotations

import base64

import pytest

from runtime.registry.logo import MOST_BYTES, data_uri, kind_of, logo, shown
from runtime.registry.rules import Fault

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABpfZFQAAA"
    "AABJRU5ErkJggg=="
)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(20)
WEBP = b"RIFF\x1a\x00\x00\x00WEBPVP8L" + bytes(16)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
DECLARED = b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- Made by hand -->\n' + SVG


@pytest.mark.parametrize(
    ("picture", "kind"),
    [
        (PNG, "image/png"),
        (JPEG, "image/jpeg"),
        (WEBP, "image/webp"),
        (SVG, "image/svg+xml"),
        (DECLARED, "image/svg+xml"),
        (b"<svg>" + b" " * (MOST_BYTES - 5), "image/svg+xml"),
    ],
    ids=["png", "jpeg", "webp", "svg", "declared svg", "as large as can be"],
)
def test_a_picture_that_is_taken(picture, kind):
    """As it is, under the kind that its first bytes tell."""
    uri = data_uri(kind, picture)

    assert kind == kind_of(picture)
    assert uri == logo(uri)
    assert f"{kind}, {len(picture)} bytes" == shown(uri)


@pytest.mark.parametrize(
    "picture",
    [
        b"",
        b"GIF89a" + bytes(20),
        b"RIFF\x1a\x00\x00\x00WAVEfmt ",
        b"\x89PNG\n",
        b"<!DOCTYPE html><svg>",
        b"<html><body><svg></svg></body></html>",
        b"<svgx/>",
        b"%PDF-1.7",
        b"<?xml version='1.0'?>" + b" " * 2000 + SVG,
    ],
)
def test_what_is_no_picture_of_ours(picture):
    """A browser would have to guess, or a program would hide in it."""
    assert kind_of(picture) is None


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(data_uri("image/jpeg", PNG), id="another kind"),
        pytest.param(data_uri("image/gif", b"GIF89a"), id="a kind that is not ours"),
        pytest.param(data_uri("text/html", SVG), id="no picture"),
        pytest.param(data_uri("image/svg+xml", b"<svg>" + b" " * MOST_BYTES), id="big"),
        pytest.param("https://app.example.com/logo.png", id="an address"),
        pytest.param("data:image/svg+xml,<svg/>", id="not base64"),
        pytest.param("data:image/svg+xml;utf8;base64,PHN2Zy8+", id="a parameter"),
        pytest.param(data_uri("image/png", PNG)[:-1], id="half base64"),
        pytest.param(data_uri("image/png", PNG) + "\n", id="line end"),
        pytest.param(data_uri("image/png", PNG) + '"', id="quote"),
        pytest.param("data:image/png;base64,", id="empty"),
        pytest.param(PNG, id="bytes"),
        pytest.param(None, id="nothing"),
    ],
)
def test_a_logo_that_is_refused(value):
    """A page could not show it, or would load more than it means to."""
    with pytest.raises(Fault) as caught:
        logo(value)

    assert str(caught.value).startswith("must ")
