"""WSGI environ with which FC 2.0's Python runtime calls a handler."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from host.fc.context import Context
from host.fc.function_call import Call
from template.served import Function, Template

_ALWAYS: Mapping[str, Any] = {
    "HTTP": "on",
    "SCRIPT_NAME": "",  # even if the path begins with a route's prefix
    "SERVER_NAME": "FCRUNTIME",
    "SERVER_PORT": "9000",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "SERVER_SOFTWARE": "FCRUNTIME/1.0",
    "CONTENT_TYPE": "application/octet-stream",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",  # whatever scheme the caller used
    "wsgi.multithread": False,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}


def base_environ(
    process: Mapping[str, str], *, function: Function, template: Template
) -> dict[str, Any]:
    """Return what is the same for every call: the variables of the process and FC's."""
    return {
        **process,
        "FC_FUNC_CODE_PATH": str(template.root),
        "FC_FUNCTION_HANDLER": function.handler,
        "FC_FUNCTION_MEMORY_SIZE": str(function.memory),
        "FC_FUNCTION_NAME": function.name,
        "FC_SERVICE_NAME": function.service,
        **_ALWAYS,
        "HTTP_X_FC_FUNCTION_HANDLER": function.handler,
    }


def make_environ(
    call: Call, *, base: Mapping[str, Any], context: Context
) -> dict[str, Any]:
    """Return the environ of one call; PATH_INFO is not percent-decoded."""
    environ = {
        **base,
        "REQUEST_METHOD": call.method,
        "PATH_INFO": call.path,
        "QUERY_STRING": call.uri.partition("?")[2],
        "CONTENT_LENGTH": str(call.length if call.stream else len(call.body)),
        "REMOTE_ADDR": call.peer_ip,
        "wsgi.input": call.stream or io.BytesIO(call.body),
        "wsgi.errors": sys.stderr,
        "fc.request_uri": call.uri,
        "fc.context": context,
    }
    for name, value in call.headers.items():
        environ[_variable(name)] = value
    # CONTENT_LENGTH is the length of the body, whatever the caller sent.
    environ.pop("HTTP_CONTENT_LENGTH", None)
    return environ


@lru_cache(maxsize=1024)
def _variable(header: str) -> str:
    name = header.upper().replace("-", "_")
    return name if name == "CONTENT_TYPE" else f"HTTP_{name}"
