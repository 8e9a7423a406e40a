"""New instance of a function: loaded by its path as on FC, and called once.

    python -W ignore bench/new_instance.py functions/login/index.py handler

The environment has the call as CGI variables, stdin its body; without a method it is a
timer's. Status and body are printed. Imports here count as the function's, so there is
none that it would not need itself.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import Any


def answer(file: str, name: str) -> bytes:
    """Load the handler of that name from `file`, call it, and return its answer."""
    handler: Any = getattr(_loaded(file), name)
    if "REQUEST_METHOD" not in os.environ:
        return str(handler(b"{}", None)).encode()
    statuses: list[str] = []
    environ = {
        **os.environ,
        "wsgi.input": sys.stdin.buffer,
        "wsgi.errors": sys.stderr,
        "wsgi.url_scheme": "http",
    }
    body = handler(environ, lambda status, headers: statuses.append(status))
    return b"\n".join([statuses[0].encode(), *body])


def _loaded(file: str) -> Any:
    name = file.removesuffix(".py")
    spec: Any = importlib.util.spec_from_file_location(name, file)
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    sys.path[0] = os.getcwd()  # as on FC, where /code is first
    os.write(1, answer(*sys.argv[1:]))
    os._exit(0)  # the answer is written; cleanup is not measured
