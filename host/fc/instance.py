"""Instance of a function: its handler, loaded at the first call."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress

from host.fc.answer import Answer, Handler, InvalidResponse, answer_of
from host.fc.context import Context, fixed_context
from host.fc.environ import base_environ, make_environ
from host.fc.function_call import Call
from host.fc.limits import MAX_BODY
from host.fc.loader import LoadError, load_handler
from host.fc.refusals import failure
from runtime.web.stored_body import BODY
from runtime.web.streamed import STREAMS
from template.served import Function, Template

log = logging.getLogger("host")


class Instance:
    """A function's handler, and the values that all its calls share.

    It is called in worker threads. `process` is the environment at start; FC copies
    its variables into the environ of every call.
    """

    def __init__(
        self,
        function: Function,
        template: Template,
        *,
        process: Mapping[str, str],
        fc_limits: bool = True,
        start_function: Callable[[str], None] | None = None,
    ) -> None:
        self.function = function
        self._root = template.root
        self._fc_limits = fc_limits
        self._base = base_environ(process, function=function, template=template)
        self._fixed = fixed_context(function, process, start_function=start_function)
        self._handler: Handler | None = None
        self._loading = threading.Lock()

    def __call__(self, call: Call) -> Answer:
        """Return the function's answer, or FC's answer for a failed function."""
        try:
            return self._answer(call)
        except LoadError as error:
            log.exception("%s %s: %s", call.request_id, self.function.name, error)
            return failure(error.error_type)
        except InvalidResponse as error:
            log.error("%s %s: %s", call.request_id, self.function.name, error)
            return failure("InvalidResponse")
        # On FC an exit ends only its call; here it must not end the host.
        except (Exception, SystemExit) as error:
            log.exception("%s %s failed", call.request_id, self.function.name)
            return failure(type(error).__name__)

    def _answer(self, call: Call) -> Answer:
        handler = self._handler or self._load()
        context = Context(call.request_id, fixed=self._fixed)
        environ = make_environ(call, base=self._base, context=context)
        if call.body_phase:
            environ[BODY] = call.body_phase
        if not self._fc_limits:
            environ[STREAMS] = True
        return answer_of(handler, environ, fc_limits=self._fc_limits)

    def load(self) -> None:
        """Load the handler; where that fails, each call says so."""
        with suppress(LoadError):
            self._load()

    @property
    def is_loaded(self) -> bool:
        """Tell whether the handler is loaded."""
        return self._handler is not None

    def body_limit(self, method: str, path: str) -> int:
        """Return the size of the largest body that the function reads, in bytes."""
        limit = getattr(self._handler, "body_limit", None)
        return MAX_BODY if limit is None else int(limit(method, path))

    def has_late_body(self, method: str, path: str) -> bool:
        """Tell whether a view checks the caller before it asks for a large body."""
        has = getattr(self._handler, "late_body", None)
        return has is not None and bool(has(method, path))

    def waits(self, method: str, path: str, query: str) -> bool:
        """Tell whether a call may wait for another server for long."""
        waits = getattr(self._handler, "waits", None)
        return waits is not None and bool(waits(method, path, query))

    def _load(self) -> Handler:
        with self._loading:
            if self._handler is None:
                self._handler = load_handler(self._root, self.function.handler)
            return self._handler
