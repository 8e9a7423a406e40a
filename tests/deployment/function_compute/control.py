"""FC's API of 2016-08-15, as far as `fun deploy` speaks it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil

from tests.deployment.function_compute import rules
from tests.deployment.function_compute.rules import Refused, need

ROOT = "/2016-08-15"
_PLACES = (
    ("services", rf"/services(?:/(?P<service>{rules.NAME}))?"),
    (
        "functions",
        rf"/services/(?P<service>{rules.NAME})/functions"
        rf"(?:/(?P<function>{rules.NAME}))?",
    ),
    (
        "triggers",
        rf"/services/(?P<service>{rules.NAME})/functions/(?P<function>{rules.NAME})"
        rf"/triggers(?:/(?P<trigger>{rules.NAME}))?",
    ),
    ("domains", r"/custom-domains(?:/(?P<domain>[^/]+))?"),
)


class Control:
    """What has been deployed: documents by their path, and each function's code."""

    def __init__(self, folder):
        self.folder = folder
        self.services, self.functions, self.triggers, self.domains = {}, {}, {}, {}
        self.digests = {}  # of the archive each function was sent
        self.seen = []  # method and path of every request

    def code_of(self, service, function):
        """Return the folder that is /code to this function's instances."""
        return self.folder / service / function / "code"

    def answer(self, method, path, body):
        """Return the JSON that answers a signed request; Refused otherwise."""
        self.seen.append(f"{method} {path.removeprefix(ROOT)}")
        for kind, pattern in _PLACES:
            if place := re.fullmatch(re.escape(ROOT) + pattern, path):
                content = json.loads(body) if body else {}
                return getattr(self, f"_{kind}")(method, content, **place.groupdict())
        raise Refused(404, "PathNotSupported", path)

    def _services(self, method, content, *, service):
        name = service or content.get("serviceName")
        if method == "GET":
            return found(self.services, (name,), "Service")
        rules.check_name("service", name)
        rules.check_service(content)
        return put(self.services, (name,), content, method, "Service")

    def _functions(self, method, content, *, service, function):
        found(self.services, (service,), "Service")
        if method == "GET" and function is None:
            return {"functions": below(self.functions, (service,))}
        key = service, function or content.get("functionName")
        if method == "GET":
            return found(self.functions, key, "Function")
        rules.check_name("function", key[1])
        rules.check_function(content)
        code = content.pop("code", None)
        need(code or method == "PUT", "code")
        if code:
            self._unpack(key, base64.b64decode(code["zipFile"], validate=True))
        content["functionName"] = key[1]
        return put(self.functions, key, content, method, "Function")

    def _unpack(self, key, packed):
        folder = self.code_of(*key)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        rules.unpack(packed, str(folder))
        self.digests[key] = hashlib.sha256(packed).hexdigest()

    def _triggers(self, method, content, *, service, function, trigger):
        found(self.functions, (service, function), "Function")
        if method == "GET" and trigger is None:
            return {"triggers": below(self.triggers, (service, function))}
        key = service, function, trigger or content.get("triggerName")
        if method == "GET":
            return found(self.triggers, key, "Trigger")
        rules.check_name("trigger", key[2])
        content = {**self.triggers.get(key, {}), **content}
        rules.check_trigger(content)
        others = below(self.triggers, key[:2])
        http = [t for t in others if t["triggerType"] == "http"]
        need(not http or http[0]["triggerName"] == key[2], "a second HTTP trigger")
        return put(self.triggers, key, content, method, "Trigger")

    def _domains(self, method, content, *, domain):
        name = domain or content.get("domainName")
        if method == "GET":
            return found(self.domains, (name,), "DomainName")
        content = {**content, "domainName": name}
        if config := content.get("certConfig"):
            content["certConfig"] = _in_small_letters(config)
        rules.check_domain(content)
        for route in content["routeConfig"]["routes"]:
            key = route["serviceName"], route["functionName"]
            found(self.functions, key, "Function")
        return put(self.domains, (name,), content, method, "DomainName")


def _in_small_letters(config):
    """Return a certificate's fields as FC names them: `fun` begins each with a capital.

    FC takes both, since `fun` works, and answers with the small ones, which it reads.
    """
    return {name[0].lower() + name[1:]: value for name, value in config.items()}


def found(documents, key, kind):
    if key not in documents:
        raise Refused(404, f"{kind}NotFound", "/".join(map(str, key)))
    return documents[key]


def below(documents, key):
    return [each for name, each in documents.items() if name[: len(key)] == key]


def put(documents, key, content, method, kind):
    if method == "POST" and key in documents:
        raise Refused(409, f"{kind}AlreadyExists", "/".join(key))
    if method == "PUT":
        found(documents, key, kind)
    need(method in ("POST", "PUT"), method)
    documents[key] = {**documents.get(key, {}), **content}
    return documents[key]
