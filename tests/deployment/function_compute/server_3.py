"""FC 3.0 on loopback: its API, its invocations, and HTTP triggers by events."""

from __future__ import annotations

import json
import re
import traceback
from urllib.parse import unquote

from tests.deployment.function_compute import (
    acs_signature,
    events,
    rules,
    rules_3,
    signature,
)
from tests.deployment.function_compute.control_3 import ROOT, Control3
from tests.deployment.function_compute.custom_instance import CustomInstance
from tests.deployment.function_compute.rules import Refused
from tests.deployment.function_compute.server import FunctionCompute, Instances
from tests.deployment.function_compute.triggers import route_of

INVOCATION = re.compile(rf"{ROOT}/functions/({rules_3.NAME})/invocations")
TOKEN = "/2016-08-15/tempBucketToken"
BUCKET, LENT = "fc-temporary-code", ("STS.NTlent", "lent-secret", "lent-token")
_JSON = [("Content-Type", "application/json")]
_UNHANDLED = [*_JSON, ("X-Fc-Error-Type", "UnhandledInvocationError")]


class FunctionCompute3(FunctionCompute):
    """Everything that stands behind an account's URL and a custom domain of FC 3.0."""

    def __init__(self, pythons, folder):
        """`pythons` are the interpreters by the name of their runtime."""
        super().__init__("", folder)
        self.control = Control3(folder / "functions")
        self.instances = Instances(
            lambda document: pythons[document["runtime"]], self.control, self.log
        )

    def answer(self, request):
        """Return status, header pairs and body."""
        try:
            if request.target.startswith(ROOT):
                return self._api(request)
            if request.target.partition("?")[0] == TOKEN:
                return self._temporary_bucket(request)
            if (
                request.headers.get("host", "")
                == f"{BUCKET}.oss-accelerate.aliyuncs.com"
            ):
                return self._uploaded(request)
            return self._triggered(request)
        except Refused as refused:
            self.faults.append(str(refused))
            told = {"Code": refused.code, "Message": refused.message, "RequestId": "r"}
            return refused.status, _JSON, json.dumps(told).encode()
        except Exception:
            self.faults.append(traceback.format_exc())
            return 500, _JSON, b'{"Code": "InternalServerError"}'

    def _api(self, request):
        path = request.target.partition("?")[0]
        call = request.method, request.target, request.headers, request.body
        if found := INVOCATION.fullmatch(path):
            acs_signature.verify(*call, action="InvokeFunction")
            return self._invoked(found[1], request)
        action, _, _ = Control3.action(request.method, path)
        acs_signature.verify(*call, action=action)
        content = self.control.answer(request.method, path, request.body)
        return 200, _JSON, json.dumps(content).encode()

    def _invoked(self, function, request):
        if (function,) not in self.control.functions:
            raise Refused(404, "FunctionNotFound", function)
        kind = request.headers.get("x-fc-invocation-type", "Sync")
        rules.need(kind in ("Sync", "Async"), kind)
        told = self.instances.of(function).call("event", body=request.body)
        if kind == "Async":
            return 202, _JSON, b""
        if "error" in told:
            return 200, _UNHANDLED, json.dumps(told["error"]).encode()
        return 200, _JSON, told["result"].encode()

    def _temporary_bucket(self, request):
        # Only FC 2.0's API gives it, also for a deployment of 3.0.
        signature.verify(request.method, request.target, request.headers, request.body)
        names = ("AccessKeyId", "AccessKeySecret", "SecurityToken")
        told = {
            "credentials": dict(zip(names, LENT, strict=True)),
            "ossBucket": BUCKET,
            "objectName": f"code-{len(self.control.objects)}",
        }
        return 200, _JSON, json.dumps(told).encode()

    def _uploaded(self, request):
        lent = request.headers.get("authorization", "").startswith(f"OSS {LENT[0]}:")
        is_ours = request.headers.get("x-oss-security-token") == LENT[2]
        if not (request.method == "PUT" and lent and is_ours):
            raise Refused(403, "AccessDenied", "the bucket is lent for one upload")
        path = request.target.partition("?")[0]
        name = unquote(path.removeprefix("/"))
        self.control.objects[BUCKET, name] = request.body
        return 200, [("x-oss-request-id", "r"), ("ETag", '"0"')], b""

    def _triggered(self, request):
        route = route_of(self.control, request)
        function = route["functionName"]
        config = self._http_trigger(function)
        if request.method not in config["methods"]:
            raise Refused(405, "MethodNotAllowed", request.method)
        if config["authType"] == "function":
            self._check_signature(request)
        instance = self.instances.of(function)
        if isinstance(instance, CustomInstance):
            return instance.pass_through(
                request.method, request.target, request.pairs, request.body
            )
        event = events.event_of(
            request.method, request.target, request.headers, request.body
        )
        told = instance.call("event", body=json.dumps(event).encode())
        if "error" in told:
            return 502, _UNHANDLED, json.dumps(told["error"]).encode()
        status, headers, body = events.answer_of(told)
        return status, [*headers.items()], body

    def _check_signature(self, request):
        if "authorization" not in request.headers:
            raise Refused(403, "AccessDenied", "the trigger is authenticated")
        call = request.method, request.target, request.headers, request.body
        acs_signature.verify(*call, action=None)

    def _http_trigger(self, function):
        for (owner, _), trigger in self.control.triggers.items():
            if owner == function and trigger["triggerType"] == "http":
                return json.loads(trigger["triggerConfig"])
        raise Refused(404, "TriggerNotFound", function)
