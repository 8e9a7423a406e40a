"""Which function answers a path, as Function Compute decides it."""

from __future__ import annotations

from dataclasses import dataclass

from template.served import Function, Template

DEFAULT_FORM = "/2016-08-15/proxy/"


@dataclass(frozen=True, slots=True)
class Target:
    """The function that answers, and the path it is told."""

    function: Function
    path: str
    by_default_form: bool = False


class Routes:
    """The custom domain's routes, and FC's default form of address beside them."""

    def __init__(self, template: Template) -> None:
        self._named = {
            f"{DEFAULT_FORM}{function.service}/{function.name}": function
            for function in template.functions
        }
        wild = {path: to for path, to in template.routes.items() if path.endswith("*")}
        self._exact = {
            path: to for path, to in template.routes.items() if path not in wild
        }
        # The longest prefix wins.
        self._prefixes = sorted(
            ((path[:-1], to) for path, to in wild.items()),
            key=lambda route: len(route[0]),
            reverse=True,
        )

    def find(self, path: str) -> Target | None:
        """Return who answers; None if nobody does.

        By a custom domain a function is told the whole path, by the default form
        the path without the prefix that names it.
        """
        if path.startswith(DEFAULT_FORM):
            return self._by_default_form(path)
        if function := self._exact.get(path):
            return Target(function, path)
        for prefix, function in self._prefixes:
            if path.startswith(prefix):
                return Target(function, path)
        return None

    def _by_default_form(self, path: str) -> Target | None:
        service, _, rest = path[len(DEFAULT_FORM) :].partition("/")
        name, _, rest = rest.partition("/")
        function = self._named.get(f"{DEFAULT_FORM}{service}/{name}")
        if function is None:
            return None
        return Target(function, f"/{rest}", by_default_form=True)
