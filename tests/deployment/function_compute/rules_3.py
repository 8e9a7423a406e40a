"""FC 3.0's names and limits, where they differ from those of 2.0 in rules.py."""

from __future__ import annotations

import re

from tests.deployment.function_compute import rules
from tests.deployment.function_compute.rules import need

NAME = r"[A-Za-z_][A-Za-z0-9_-]{0,63}"
RUNTIMES = ("python3.9", "python3.10", "python3.12")
CUSTOM_RUNTIMES = ("custom", "custom.debian10", "custom.debian11", "custom.debian12")
MEMORY = range(128, 32769, 64)
TIMEOUTS = range(1, 86401)
DISKS = (512, 10240)
INLINE = 100 << 20
KEYS = {
    "function": {
        *("functionName", "description", "handler", "runtime", "code", "cpu"),
        *("memorySize", "diskSize", "timeout", "environmentVariables", "role"),
        *("vpcConfig", "logConfig", "internetAccess", "instanceConcurrency"),
        *("customRuntimeConfig", "layers", "tracingConfig", "ossMountConfig"),
        *("nasConfig", "instanceIsolationMode", "sessionAffinity"),
    },
    "trigger": {
        *("triggerName", "triggerType", "triggerConfig", "qualifier", "description"),
        *("invocationRole", "sourceArn"),
    },
    "domain": {
        *("domainName", "protocol", "certConfig", "routeConfig", "tlsConfig"),
        *("authConfig", "wafConfig"),
    },
    "http": {"authType", "methods", "disableURLInternet"},
    "timer": {"cronExpression", "enable", "payload"},
    "route": {"path", "functionName", "qualifier", "methods", "rewriteConfig"},
}
"""What the API of 2023-03-30 names, as far as the component fc3 sends it."""


def check_keys(kind, document):
    """Refuse a document with a key that is none of its kind's."""
    need(document.keys() <= KEYS[kind], f"{kind}: {document.keys() - KEYS[kind]}")


def check_name(kind, name):
    need(re.fullmatch(NAME, name or ""), f"{kind} name {name!r}")


def check_function(function):
    """Check a function as it would be after a call, but for its code."""
    check_keys("function", function)
    runtime, memory = function["runtime"], function["memorySize"]
    need(runtime in (*RUNTIMES, *CUSTOM_RUNTIMES), f"runtime {runtime}")
    need(memory in MEMORY, f"memorySize {memory}")
    need(function["timeout"] in TIMEOUTS, f"timeout {function['timeout']}")
    need(function.get("diskSize", 512) in DISKS, "diskSize")
    need("." in function["handler"], f"handler {function['handler']}")
    cpu = function.get("cpu")
    need(isinstance(cpu, int | float) and cpu * 20 == round(cpu * 20), f"cpu {cpu}")
    need(1 <= memory / 1024 / cpu <= 4, f"cpu {cpu} for memorySize {memory}")
    need(isinstance(function.get("internetAccess", True), bool), "internetAccess")
    concurrent = function.get("instanceConcurrency", 1)
    need(concurrent == 1 or runtime in CUSTOM_RUNTIMES, "instanceConcurrency")
    rules.check_variables(function.get("environmentVariables") or {})
    _check_access(function)
    if runtime in CUSTOM_RUNTIMES:
        started = function.get("customRuntimeConfig") or {}
        need(1 <= started.get("port", 9000) <= 65535, "port")
        need(started.get("command"), "no command, and no /code/bootstrap")


def _check_access(function):
    names = ("role", "vpcConfig", "logConfig")
    role, vpc, log = (function.get(name) for name in names)
    need(not role or re.fullmatch(rules.ROLE, role), "role is no ARN")
    need(not (vpc and vpc.get("vpcId")) or role, "a VPC needs a role")
    need(not (log and log.get("project")) or role, "logs need a role")


def check_trigger(trigger, config):
    """Check a trigger; `config` is its triggerConfig, which is sent as JSON text."""
    check_keys("trigger", trigger)
    kind = trigger["triggerType"]
    need(kind in ("http", "timer"), f"triggerType {kind}")
    check_keys(kind, config)
    if kind == "http":
        need(config["authType"] in ("anonymous", "function"), "authType")
        need(config["methods"] and {*config["methods"]} <= rules.METHODS, "methods")
    else:
        need(re.fullmatch(rules.SCHEDULE, config["cronExpression"]), "cronExpression")
        need(isinstance(config["enable"], bool), "enable")


def check_domain(domain):
    """Check a custom domain, but for where it leads."""
    check_keys("domain", domain)
    need(re.fullmatch(rules.DOMAIN, domain["domainName"]), domain["domainName"])
    need(domain["protocol"] in (*rules.PROTOCOLS, "HTTPS"), "protocol")
    given = domain.get("certConfig") or {}
    need("HTTPS" not in domain["protocol"] or given, "certConfig")
    for name, begin in rules.CERTIFICATE.items():
        need(given.get(name, begin[0]).startswith(begin), name)
    for route in domain["routeConfig"]["routes"]:
        check_keys("route", route)
        need(re.fullmatch(rules.ROUTE, route["path"]), f"route {route['path']}")
