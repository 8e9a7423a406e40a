"""Removal of files in the packages that Function Compute does not need."""

from __future__ import annotations

import shutil
from pathlib import Path

_UNUSED = ("bin", "boto3/data", "boto3/examples", "tornado/test")
_UNUSED_NAMES = ("**/tests", "**/*.pyi", "**/*.h", "**/py.typed", "**/examples-1.json")
# JSON may be compressed: partitions.json or partitions.json.gz
_KEPT_OF_BOTOCORE = (
    *("endpoints.json*", "partitions.json*", "sdk-default-configuration.json*"),
    *("_retry.json*", "s3"),
)
"""Files that boto3 reads for a bucket's client; S3 is the only service."""
_KEPT_OF_DIST_INFO = (
    *("METADATA", "licenses", "LICENSE*", "NOTICE*", "COPYING*", "AUTHORS*"),
)


def prune(site: Path) -> None:
    """Remove tests, types, other services' models and pip's own records."""
    unneeded = [site / name for name in _UNUSED]
    unneeded += [each for pattern in _UNUSED_NAMES for each in site.glob(pattern)]
    unneeded += _all_but(site / "botocore/data", _KEPT_OF_BOTOCORE)
    for information in site.glob("*.dist-info"):
        unneeded += _all_but(information, _KEPT_OF_DIST_INFO)
    for each in unneeded:
        _remove(each)


def _all_but(folder: Path, kept: tuple[str, ...]) -> list[Path]:
    present = folder.iterdir() if folder.is_dir() else ()
    return [
        each for each in present if not any(each.match(pattern) for pattern in kept)
    ]


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
