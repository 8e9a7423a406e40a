"""An extractor for Babel of the sentences in Tornado's templates."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from babel.messages.extract import extract_python
from tornado.template import Loader  # noqa: TID251 - Babel runs it, not the gateway


def extract(
    file: BinaryIO,
    keywords: dict[str, Any],
    comment_tags: list[str],
    options: Any,
) -> Iterable[tuple[int, str | tuple[str, ...], list[str], str | None]]:
    """Return what the template's generated Python code would translate.

    Read as Python, the HTML itself would hide every sentence behind an apostrophe.
    The line numbers are those of the generated code: leave them out of catalogues.
    """
    path = Path(file.name)
    code = Loader(str(path.parent)).load(path.name).code
    return extract_python(BytesIO(code.encode()), keywords, comment_tags, options)
