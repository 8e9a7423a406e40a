"""One instance: FC's Python runtime as it loads and calls a function's handler.

    python3.10 -I -S -W ignore python_runtime.py DESCRIPTOR

It has FC's environment and nothing else, takes one call a line from the socket and
answers with one line. Own words for what FC's pages and its runtime's source say.
"""

import base64
import importlib
import importlib.util
import io
import json
import logging
import os
import site
import socket
import sys
import traceback
import warnings
from types import SimpleNamespace

KEPT = (
    *("FC_FUNC_CODE_PATH", "FC_FUNCTION_MEMORY_SIZE", "FC_RUNTIME_VERSION"),
    *("FC_ACCOUNT_ID", "FC_FUNCTION_HANDLER", "FC_FUNCTION_NAME", "FC_SERVICE_NAME"),
    *("FC_VER_ID", "FC_QUALIFIER", "FC_REGION", "FC_INSTANCE_ID"),
)
CONSTANTS = {
    "HTTP": "on",
    "SCRIPT_NAME": "",
    "SERVER_NAME": "FCRUNTIME",
    "SERVER_PORT": "9000",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "SERVER_SOFTWARE": "FCRUNTIME/1.0",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.multithread": False,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}


LOADED = []


class Failed(Exception):
    """The handler cannot be had; `errorType` is FC's word for why."""

    def __init__(self, kind, message, trace=()):
        super().__init__(message)
        self.kind, self.trace = kind, list(trace)


def load(handler):
    """Return what `directory/dotted.module.name` names below /code."""
    module_name, dot, name = handler.rpartition(".")
    if not dot:
        raise Failed("InvalidHandleName", f"Invalid handler '{handler}'")
    directory, _, dotted = module_name.rpartition("/")
    folder = os.path.join(os.environ["FC_FUNC_CODE_PATH"], directory)
    try:
        find = FINDERS.get(sys.version_info[:2], module_by_spec)
        module = find(module_name, dotted.split("."), folder)
    except SyntaxError as error:
        raise Failed("UserCodeSyntaxError", str(error), frames(error)) from None
    except ImportError as error:
        raise Failed("ImportModuleError", str(error), frames(error)) from None
    except Exception as error:
        raise Failed("UserCodeError", str(error), frames(error)) from None
    if not hasattr(module, name):
        raise Failed("HandlerNotFound", f"Handler '{name}' is missing")
    return getattr(module, name)


def module_by_imp(name, segments, folder):
    """Load by the module that CPython had until 3.11."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        imp = importlib.import_module("imp")
    file, folders = None, [folder]
    try:
        for segment in segments:
            if file is not None:
                file.close()
            file, path, description = imp.find_module(segment, folders)
            folders = [path]
        return imp.load_module(name, file, path, description)
    finally:
        if file is not None:
            file.close()


def module_by_spec(name, segments, folder):
    """Load a file by its path; how FC does it in 3.12 is not published."""
    *packages, last = segments
    for package in packages:
        folder = os.path.join(folder, package)
        if not os.path.isfile(os.path.join(folder, "__init__.py")):
            raise ImportError(f"No module named {package!r}")
    file = os.path.join(folder, f"{last}.py")
    if not os.path.isfile(file):
        raise ImportError(f"No module named {last!r}")
    spec = importlib.util.spec_from_file_location(name, file)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


FINDERS = {(3, 9): module_by_imp, (3, 10): module_by_imp}


def frames(error):
    """Return file, line, function and source of each step that led to an error."""
    return [list(each) for each in traceback.extract_tb(error.__traceback__)]


def environ_of(call, context):
    """Return the environ of an HTTP call: a copy of the process' own, and more."""
    body = base64.b64decode(call["body"])
    environ = {**os.environ, **CONSTANTS, "CONTENT_TYPE": "application/octet-stream"}
    for name, values in call["headers"].items():
        key = name.upper().replace("-", "_")
        key = key if key == "CONTENT_TYPE" else f"HTTP_{key}"
        environ[key] = ",".join(values)
    environ.update(
        {
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_X_FC_FUNCTION_HANDLER": os.environ["FC_FUNCTION_HANDLER"],
            "PATH_INFO": call["path"],
            "QUERY_STRING": call["uri"].partition("?")[2],
            "REMOTE_ADDR": call["client_ip"],
            "REQUEST_METHOD": call["method"],
            "fc.context": context,
            "fc.request_uri": call["uri"],
            "wsgi.errors": sys.stderr,
            "wsgi.input": io.BytesIO(body),
        }
    )
    return environ


def call_http(handler, call, context):
    """Call as WSGI; the iterable is joined, and never closed."""
    said = {}

    def start_response(status, headers, exc_info=None):
        collected = {}
        for name, value in headers:
            collected.setdefault(name, []).append(value)
        said.update(status=int(status.split(" ")[0]), headers=collected)

    result = handler(environ_of(call, context), start_response)
    if result is None:
        raise TypeError("invalid response type")
    pieces = [result] if isinstance(result, (str, bytes)) else result
    body = b"".join(p.encode() if isinstance(p, str) else p for p in pieces)
    return {**said, "body": base64.b64encode(body).decode()}


def call_event(handler, call, context):
    """Call with the event's bytes; what comes back has to be text, bytes or JSON."""
    result = handler(base64.b64decode(call["body"]), context)
    result = result.decode() if isinstance(result, bytes) else result
    return {"result": result if isinstance(result, str) else json.dumps(result)}


def make_context(call):
    """Return FC's context object of one call."""
    asked = os.environ
    function = SimpleNamespace(
        name=asked["FC_FUNCTION_NAME"],
        handler=asked["FC_FUNCTION_HANDLER"],
        memory=int(asked["FC_FUNCTION_MEMORY_SIZE"]),
        timeout=call["timeout"],
    )
    service = SimpleNamespace(
        **dict.fromkeys(("log_project", "log_store", "version_id"), ""),
        name=asked["FC_SERVICE_NAME"],
        qualifier="LATEST",
    )
    if sys.version_info >= (3, 12):
        return SimpleNamespace(
            **dict.fromkeys(("log_project", "log_store"), ""),
            request_id=call["request_id"],
            requestId=call["request_id"],
            function=function,
            region=asked["FC_REGION"],
            account_id=asked["FC_ACCOUNT_ID"],
            retry_count=0,
            tracing=None,
            logger=None,
        )
    nobody = dict.fromkeys(("access_key_id", "access_key_secret", "security_token"), "")
    return SimpleNamespace(
        request_id=call["request_id"],
        requestId=call["request_id"],
        credentials=SimpleNamespace(**nobody),
        function=function,
        service=service,
        region=asked["FC_REGION"],
        account_id=asked["FC_ACCOUNT_ID"],
        retry_count=0,
        tracing=None,
        logger=None,
    )


def answer(call):
    """Return what one call comes to; an error as FC shows it to the caller."""
    say(f"FC Invoke Start RequestId: {call['request_id']}")
    ending, told = "", None
    try:
        told = invoke(call)
    except Failed as failed:
        told = error_of(str(failed), failed.kind, failed.trace)
    except Exception as error:
        told = error_of(str(error), type(error).__name__, frames(error))
    if "error" in told:
        ending = ", Error: Unhandled function error"
    say(f"FC Invoke End RequestId: {call['request_id']}{ending}")
    return told


def invoke(call):
    """Load at the first call, keep for the next ones."""
    if not LOADED:
        LOADED.append(load(os.environ["FC_FUNCTION_HANDLER"]))
    way = call_http if call["kind"] == "http" else call_event
    return way(LOADED[0], call, make_context(call))


def error_of(message, kind, trace):
    """Return FC's error JSON."""
    names = ("errorMessage", "errorType", "stackTrace")
    return {"error": dict(zip(names, (message, kind, trace), strict=True))}


def say(line):
    """Write a line of the runtime's own into the log."""
    print(line, file=sys.stderr, flush=True)


def main():
    """Set path and log up as FC does, then take calls until nobody asks any more."""
    for name in [each for each in os.environ if each.startswith(("FC_", "_FC_"))]:
        if name not in KEPT:
            del os.environ[name]
    sys.path.insert(0, os.environ["FC_FUNC_CODE_PATH"] + "/")
    own = os.environ.get("PYTHONPATH", "")
    sys.path[1:1] = own.split(os.pathsep) if own else []
    if user := os.environ.get("PYTHONUSERBASE", ""):
        version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
        site.addsitedir(os.path.join(user, "lib", version, "site-packages"))
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s [%(levelname)s] %(message)s"
    )
    say("FunctionCompute python3 runtime inited.")
    with (
        socket.socket(fileno=int(sys.argv[1])) as channel,
        channel.makefile("rw", encoding="utf-8") as lines,
    ):
        for line in lines:
            lines.write(json.dumps(answer(json.loads(line))) + "\n")
            lines.flush()


if __name__ == "__main__":
    main()
