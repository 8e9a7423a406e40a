"""Bill of materials in CycloneDX 1.6, JSON."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.package.contents import Distribution


@dataclass(frozen=True, slots=True)
class Component:
    """The archive itself; `digest` is its SHA-256 in hex."""

    name: str
    version: str
    digest: str


def bill_of_materials(
    ours: Component, found: Iterable[Distribution], *, wheels: Path
) -> dict[str, Any]:
    """Return the contents of the archive, each wheel with its hash.

    It has no date and no random number: the same commit gives the same bill.
    """
    files = {_normal(file.name.partition("-")[0]): file for file in wheels.iterdir()}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": ours.name,
                "name": ours.name,
                "version": ours.version,
                "hashes": [{"alg": "SHA-256", "content": ours.digest}],
            }
        },
        "components": [_component(each, files[_normal(each.name)]) for each in found],
    }


def _component(distribution: Distribution, wheel: Path) -> dict[str, Any]:
    reference = f"pkg:pypi/{_normal(distribution.name)}@{distribution.version}"
    content = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return {
        "type": "library",
        "bom-ref": reference,
        "name": distribution.name,
        "version": distribution.version,
        "purl": reference,
        "hashes": [{"alg": "SHA-256", "content": content}],
        "licenses": [{"license": {"name": distribution.licence or "unknown"}}],
    }


def _normal(name: str) -> str:
    # PEP 503.
    return re.sub("[-_.]+", "-", name).lower()
