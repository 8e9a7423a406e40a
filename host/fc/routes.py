"""Routes: the function that answers a path, as Function Compute selects it."""

from __future__ import annotations

from dataclasses import dataclass

from template.served import Function, Template

DEFAULT_FORM = "/2016-08-15/proxy/"


@dataclass(frozen=True, slots=True)
class Target:
    """The function that answers, and the path that it gets."""

    function: Function
    path: str
    by_default_form: bool = False


class Routes:
    """The custom domain's routes, and FC's default form of URL."""

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
        """Return the target of a path; None if no function answers it.

        On a custom domain the function gets the whole path; in the default form it gets
        the path without the prefix that names the function.
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
