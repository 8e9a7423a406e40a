"""FC's HTTP triggers: who may call which function how, and what becomes of it."""

from __future__ import annotations

import base64
import json
import re
from urllib.parse import urlsplit

from tests.deployment.function_compute import rules
from tests.deployment.function_compute.rules import Refused, need
from tests.deployment.function_compute.signature import verify

PROXY = re.compile(
    rf"/2016-08-15/proxy/({rules.NAME})/({rules.NAME})(/[^?]*)?(\?.*)?", re.DOTALL
)


def answer(control, instances, request):
    """Return status, header pairs and body of a request to any HTTP trigger."""
    key, path, by_default_form = target_of(control, request)
    trigger = _trigger(control, key)
    config = trigger["triggerConfig"]
    if request.method not in config["methods"]:
        raise Refused(405, "MethodNotAllowed", request.method)
    if config["authType"] == "function":
        verify(request.method, request.target, request.headers, trigger=True)
    _check_size(request)
    told = instances.of(*key).call(
        "http",
        method=request.method,
        uri=request.target,
        path=path,
        headers=_passed_on(request.pairs),
        client_ip=request.client_ip,
        body=request.body,
    )
    return _answer(told, by_default_form)


def failure(error):
    """Return what a caller gets of a function that failed: FC hides nothing."""
    pairs = [("Content-Type", "application/json")]
    pairs.append(("X-Fc-Error-Type", "UnhandledInvocationError"))
    return 502, pairs, json.dumps(error).encode()


def target_of(control, request):
    """Return service and function, the path they see, and by which address."""
    if found := PROXY.fullmatch(request.target):
        return (found[1], found[2]), found[3] or "/", True
    best = route_of(control, request)
    path = urlsplit(request.target).path
    return (best["serviceName"], best["functionName"]), path, False


def route_of(control, request):
    """Return the custom domain's route for a request."""
    host = request.headers.get("host", "").partition(":")[0]
    domain = control.domains.get((host,))
    if domain is None:
        raise Refused(404, "DomainNameNotFound", host)
    path = urlsplit(request.target).path
    routes = domain["routeConfig"]["routes"]
    matching = [each for each in routes if _matches(each["path"], path)]
    if not matching:
        raise Refused(404, "RouteNotFound", path)
    # The exact one first, then the longest prefix.
    return max(matching, key=lambda each: (each["path"] == path, len(each["path"])))


def _matches(route, path):
    if route.endswith("*"):
        return path.startswith(route[:-1])
    return path == route


def _trigger(control, key):
    for name, trigger in control.triggers.items():
        if name[:2] == key and trigger["triggerType"] == "http":
            return trigger
    raise Refused(404, "TriggerNotFound", "/".join(key))


def _check_size(request):
    need(sum(len(n) + len(v) for n, v in request.pairs) <= rules.HEADERS, "headers")
    need(len(request.target) <= rules.TARGET, "path and query")
    need(len(request.body) <= rules.BODY, "body")


def _passed_on(pairs):
    headers = {}
    for name, value in pairs:
        if not name.lower().startswith(rules.DROPPED_FROM_REQUEST):
            headers.setdefault(name.lower(), []).append(value)
    return headers


def _answer(told, by_default_form):
    if "error" in told:
        return failure(told["error"])
    body = base64.b64decode(told["body"])
    if len(body) > rules.ANSWER:
        return failure({"errorMessage": "the answer is too large"})
    pairs = [
        (name, value)
        for name, values in told["headers"].items()
        for value in values
        if not name.lower().startswith(rules.DROPPED_FROM_ANSWER)
    ]
    if by_default_form:
        pairs.append(("Content-Disposition", "attachment"))
    return told["status"], pairs, body
