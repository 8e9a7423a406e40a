"""Front end of FC: it admits a request to a function, or refuses it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from host.fc.instance import Instance
from host.fc.limits import check_head
from host.fc.refusals import Refusal, unknown_method
from host.fc.routes import Routes, Target
from host.fc.signature import AccessKey, check_signature
from template.served import Template


class Front:
    """Routes, limits and checks before the functions of one template.

    `process` is the environment that the functions see. `key` signs calls of triggers
    with AuthType FUNCTION; without a key they are all refused.
    """

    def __init__(
        self,
        template: Template,
        *,
        process: Mapping[str, str],
        key: AccessKey,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._routes = Routes(template)
        self._key = key
        self._clock = clock
        self._instances = {
            function: Instance(function, template=template, process=process)
            for function in template.functions
        }

    def admit(
        self, method: str, uri: str, *, headers: Sequence[tuple[str, str]]
    ) -> tuple[Instance, Target]:
        """Return the instance and target of a request; Refusal if there is none."""
        path = uri.partition("?")[0]
        target = self._routes.find(path)
        if target is None:
            raise Refusal(404, "DomainRouteNotFound", "no function answers this path")
        check_head(uri, headers)
        if method not in target.function.methods:
            raise unknown_method()
        if target.function.auth != "ANONYMOUS":
            by_name = {name.lower(): value for name, value in headers}
            now = self._clock()
            check_signature(method, uri, headers=by_name, key=self._key, now=now)
        return self._instances[target.function], target
