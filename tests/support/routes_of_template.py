"""Functions that the routes of a template lead to, as the local host finds them."""

from __future__ import annotations

from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from host.server.application import make_application


def function_at(template, path):
    """Return the function's name, and the path that it is called with."""
    line = RequestStartLine("GET", path, "HTTP/1.1")
    request = HTTPServerRequest(start_line=line, headers=HTTPHeaders({"Host": "a"}))
    found = make_application(template, process={}).find_handler(request)
    prefix = (found.handler_kwargs or {}).get("prefix", "")
    return found.handler_class.function.name, path.removeprefix(prefix)
