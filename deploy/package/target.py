"""Runtime of Function Compute that a build is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from deploy.package.failed import BuildFailed

PACKAGES = ".fun/python"

_PYTHONS = {
    "2": {"python3.10": "3.10"},
    "3": {"python3.10": "3.10", "python3.12": "3.12", "custom.debian12": "3.11"},
}
"""CPython's version by generation and runtime; Debian 12 has 3.11."""


@dataclass(frozen=True, slots=True)
class Target:
    """A generation of Function Compute, a runtime of it, and CPython's version."""

    fc: str = "2"
    runtime: str = "python3.10"
    python: str = "3.10"

    @property
    def site(self) -> str:
        """Return the packages' folder; of .fun/python it is the user site."""
        return f"{PACKAGES}/lib/python{self.python}/site-packages"

    @property
    def is_custom(self) -> bool:
        """Tell whether the archive has to serve Function Compute's calls by itself."""
        return self.runtime.startswith("custom.")

    @property
    def command(self) -> str:
        """Return the name of the interpreter on PATH."""
        return f"python{self.python}"

    @property
    def variable(self) -> str:
        """Return the variable that names the interpreter, such as PYTHON310."""
        return f"PYTHON{self.python.replace('.', '')}"


FOR_FUN = Target()
"""What `fun` deploys."""


def target_of(environ: Mapping[str, str]) -> Target:
    """Return what FC and RUNTIME name; BuildFailed if there is no such runtime."""
    fc = environ.get("FC", "") or "2"
    runtime = environ.get("RUNTIME", "") or "python3.10"
    if fc not in _PYTHONS:
        raise BuildFailed(f"FC must be {' or '.join(_PYTHONS)}.")
    if runtime not in _PYTHONS[fc]:
        *others, last = _PYTHONS[fc]
        known = f"{', '.join(others)} or {last}" if others else last
        raise BuildFailed(f"RUNTIME must be {known} on Function Compute {fc}.0.")
    return Target(fc, runtime, _PYTHONS[fc][runtime])
