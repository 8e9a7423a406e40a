"""What of the packages nobody needs on Function Compute."""

from __future__ import annotations

import shutil
from pathlib import Path

_NOWHERE = ("bin", "boto3/data", "boto3/examples", "tornado/test")
_BY_NAME = ("**/tests", "**/*.pyi", "**/*.h", "**/py.typed", "**/examples-1.json")
# json may be packed: partitions.json or partitions.json.gz
_OF_BOTOCORE = (
    *("endpoints.json*", "partitions.json*", "sdk-default-configuration.json*"),
    *("_retry.json*", "s3"),
)
"""What making a client for a bucket reads; of the services, S3 alone."""
_OF_A_DISTRIBUTION = (
    *("METADATA", "licenses", "LICENSE*", "NOTICE*", "COPYING*", "AUTHORS*"),
)


def prune(site: Path) -> None:
    """Remove tests, types, other services' models and pip's own records."""
    unneeded = [site / name for name in _NOWHERE]
    unneeded += [each for pattern in _BY_NAME for each in site.glob(pattern)]
    unneeded += _all_but(site / "botocore/data", _OF_BOTOCORE)
    for information in site.glob("*.dist-info"):
        unneeded += _all_but(information, _OF_A_DISTRIBUTION)
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
