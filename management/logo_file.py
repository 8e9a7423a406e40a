"""Logo of a client, read from a file."""

from __future__ import annotations

from pathlib import Path

from management.failure import Failure
from runtime.registry.logo import MOST_BYTES, data_uri, kind_of


def read_logo(file: Path) -> str:
    """Return the picture as a data: URI, with the media type of its first bytes."""
    try:
        with file.open("rb") as stream:
            picture = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise Failure(f"{file} cannot be read: {error.strerror}.") from None
    kind = kind_of(picture)
    if kind is None:
        raise Failure(f"{file} is no PNG, JPEG, WebP or SVG.")
    return data_uri(kind, picture)
