"""FC's API of 2023-03-30, as far as a deployment by Serverless Devs speaks it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil

from tests.deployment.function_compute import rules, rules_3
from tests.deployment.function_compute.control import below, found, put
from tests.deployment.function_compute.rules import Refused, need

ROOT = "/2023-03-30"
_FUNCTION = rf"/functions/(?P<function>{rules_3.NAME})"
_PLACES = (
    ("Function", "functions", r"/functions", _FUNCTION),
    (
        "Trigger",
        "triggers",
        rf"{_FUNCTION}/triggers",
        rf"{_FUNCTION}/triggers/(?P<trigger>{rules_3.NAME})",
    ),
    (
        "CustomDomain",
        "domains",
        "/custom-domains",
        r"/custom-domains/(?P<domain>[^/]+)",
    ),
)
_WITHOUT_A_NAME = {"POST": "Create"}
_WITH_A_NAME = {"GET": "Get", "PUT": "Update"}
_ASKED_FOR = {
    "vpc-bindings": "ListVpcBindings",
    "async-invoke-config": "GetAsyncInvokeConfig",
    "concurrency": "GetConcurrencyConfig",
    "scaling-config": "GetScalingConfig",
    "provision-config": "GetProvisionConfig",
}
_MORE = rf"/(?P<more>{'|'.join(_ASKED_FOR)})"
"""What a function may have besides, which the component looks up."""

_LEAST = {"memorySize": 512, "timeout": 3, "environmentVariables": {}}


class Control3:
    """What has been deployed: documents by their path, and each function's code."""

    def __init__(self, folder):
        self.folder = folder
        self.functions, self.triggers, self.domains = {}, {}, {}
        self.digests = {}  # of the archive each function was sent
        self.seen = []  # method and path of every request
        self.objects = {}  # what was uploaded, by bucket and name

    def code_of(self, function):
        """Return the folder that is /code to this function's instances."""
        return self.folder / function / "code"

    @staticmethod
    def action(method, path):
        """Return the action that a request has to name, its kind and its place."""
        for kind, name, collection, one in _PLACES:
            for pattern, verbs in ((collection, _WITHOUT_A_NAME), (one, _WITH_A_NAME)):
                found = re.fullmatch(ROOT + pattern, path)
                if found and method in verbs:
                    return verbs[method] + kind, name, found.groupdict()
        if method == "GET" and (found := re.fullmatch(ROOT + _FUNCTION + _MORE, path)):
            return _ASKED_FOR[found["more"]], "more", {}
        raise Refused(404, "PathNotSupported", path)

    def answer(self, method, path, body):
        """Return the JSON that answers a signed request; Refused otherwise."""
        self.seen.append(f"{method} {path.removeprefix(ROOT)}")
        _, name, place = self.action(method, path)
        content = json.loads(body) if body else {}
        return getattr(self, f"_{name}")(method, content, **place)

    def _functions(self, method, content, *, function=None):
        key = (function or content.get("functionName"),)
        if method == "GET":
            return found(self.functions, key, "Function")
        rules_3.check_name("function", key[0])
        need(function is None or "functionName" not in content, "functionName")
        if function:
            found(self.functions, key, "Function")
        code = content.pop("code", None)
        before = self.functions.get(key, _LEAST)
        rules_3.check_function({**before, **content})
        need(code or function, "code")
        done = put(
            self.functions,
            key,
            {**_LEAST, **content} if not function else content,
            method,
            "Function",
        )
        if code:
            self._unpack(key, self._packed(code))
        done["functionName"] = key[0]
        # A new document: an instance is of the function as it is deployed now.
        self.functions[key] = dict(done)
        return self.functions[key]

    def _more(self, method, content):
        # Nothing of that is ever configured here.
        raise Refused(404, "ConfigNotFound", "not configured")

    def _packed(self, code):
        if "zipFile" in code:
            return base64.b64decode(code["zipFile"], validate=True)
        key = code.get("ossBucketName"), code.get("ossObjectName")
        need(key in self.objects, f"no object {key}")
        return self.objects[key]

    def _unpack(self, key, packed):
        folder = self.code_of(*key)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        rules.unpack(packed, str(folder))
        self.digests[key] = hashlib.sha256(packed).hexdigest()

    def _triggers(self, method, content, *, function, trigger=None):
        found(self.functions, (function,), "Function")
        key = function, trigger or content.get("triggerName")
        if method == "GET":
            return _with_url(found(self.triggers, key, "Trigger"), function)
        rules_3.check_name("trigger", key[1])
        text = content.get("triggerConfig")
        need(isinstance(text, str), "triggerConfig is no text")
        whole = {**self.triggers.get(key, {}), **content}
        rules_3.check_trigger(whole, json.loads(text))
        others = below(self.triggers, key[:1])
        http = [each for each in others if each["triggerType"] == "http"]
        is_second = http and http[0]["triggerName"] != key[1]
        need(whole["triggerType"] != "http" or not is_second, "a second HTTP trigger")
        done = put(self.triggers, key, content, method, "Trigger")
        return _with_url(done, function)

    def _domains(self, method, content, *, domain=None):
        name = domain or content.get("domainName")
        if method == "GET":
            return _without_key(found(self.domains, (name,), "DomainName"))
        content = {**self.domains.get((name,), {}), **content, "domainName": name}
        rules_3.check_domain(content)
        for route in content["routeConfig"]["routes"]:
            found(self.functions, (route["functionName"],), "Function")
        return _without_key(put(self.domains, (name,), content, method, "DomainName"))


def _with_url(trigger, function):
    if trigger["triggerType"] != "http":
        return trigger
    host = f"{function.replace('_', '-')}-abcdefghij.cn-hangzhou"
    urls = {
        "urlInternet": f"https://{host}.fcapp.run",
        "urlIntranet": f"https://{host}-vpc.fcapp.run",
    }
    return {**trigger, "httpTrigger": urls}


def _without_key(domain):
    # The API shows no private key.
    certificate = dict(domain.get("certConfig") or {})
    certificate.pop("privateKey", None)
    return {**domain, "certConfig": certificate}
