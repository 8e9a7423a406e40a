"""A function's new instance: loaded by its path, as FC does it, and called once.

    python -W ignore bench/new_instance.py functions/login/index.py handler

The call stands in the environment, as CGI has it, its body on stdin; without a method
it is a timer's. Status and body are printed. What is imported here counts as the
function's, so there is nothing that it would not import itself.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import Any


def answer(file: str, name: str) -> bytes:
    """Load what `file` has by that name, call it, and return what it answers."""
    handler: Any = getattr(_loaded(file), name)
    if "REQUEST_METHOD" not in os.environ:
        return str(handler(b"{}", None)).encode()
    told: list[str] = []
    environ = {
        **os.environ,
        "wsgi.input": sys.stdin.buffer,
        "wsgi.errors": sys.stderr,
        "wsgi.url_scheme": "http",
    }
    body = handler(environ, lambda status, headers: told.append(status))
    return b"\n".join([told[0].encode(), *body])


def _loaded(file: str) -> Any:
    name = file.removesuffix(".py")
    spec: Any = importlib.util.spec_from_file_location(name, file)
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    sys.path[0] = os.getcwd()  # as on FC, where /code stands first
    os.write(1, answer(*sys.argv[1:]))
    os._exit(0)  # the answer is out: what tidying up costs, nobody waits for
