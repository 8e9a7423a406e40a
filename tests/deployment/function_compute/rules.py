"""FC 2.0's names and limits, as its pages give them; restated here on purpose.

Were they taken from the host, a mistake in both would prove nothing.
"""

from __future__ import annotations

import io
import re
import zipfile

NAME = r"[a-zA-Z_][a-zA-Z0-9_-]{0,127}"
RUNTIMES = ("python3", "python3.9", "python3.10", "custom")
TIMEOUTS = range(1, 601)
MEMORY = range(128, 3073, 64)
INITIALIZATION = range(1, 301)
INLINE, UNPACKED = 50 << 20, 500 << 20
VARIABLES = 4096
VARIABLE = r"(?!FC_|accessKeyID$|accessKeySecret$|securityToken$)[a-zA-Z][a-zA-Z0-9_]*"
METHODS = {"GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"}
SCHEDULE = r"@every [1-9][0-9]*[smh]|(CRON_TZ=\S+ )?\S+( \S+){5}"
DOMAIN = r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}"
PROTOCOLS = ("HTTP", "HTTP,HTTPS")
CERTIFICATE = {
    "certificate": ("-----BEGIN CERTIFICATE-----",),
    "privateKey": ("-----BEGIN RSA PRIVATE KEY-----", "-----BEGIN EC PRIVATE KEY-----"),
}
"""Keys in PKCS#8 are refused."""
ROUTE = r"/[^*?]*\*?"
KEYS = {
    "service": {
        *("serviceName", "description", "role", "logConfig", "vpcConfig", "nasConfig"),
        *("internetAccess", "tracingConfig"),
    },
    "function": {
        *("functionName", "description", "handler", "initializer", "layers", "timeout"),
        *("initializationTimeout", "memorySize", "runtime", "InstanceLifecycleConfig"),
        *("environmentVariables", "code"),
    },
    "trigger": {"triggerName", "triggerType", "triggerConfig"},
    "domain": {"domainName", "protocol", "certConfig", "routeConfig"},
}
"""What `fun` sends of each. Whether FC itself refuses another key, or overlooks it, is
not known; a template in which one is misspelt is not what it says either way."""

ROLE = r"acs:ram::[0-9]{16}:role/[A-Za-z0-9.-]+"

BODY, ANSWER, HEADERS, TARGET = 32 << 20, 6 << 20, 8 << 10, 4 << 10
"""Of a request to an HTTP trigger, and of what it answers."""

DROPPED_FROM_REQUEST = ("x-fc-", "connection", "keep-alive")
DROPPED_FROM_ANSWER = ("x-fc-", "connection", "content-length", "date", "keep-alive")


class Refused(Exception):
    """What FC's API answers instead: status, ErrorCode, and a sentence."""

    def __init__(self, status, code, message):
        super().__init__(f"{code}: {message}")
        self.status, self.code, self.message = status, code, message


def need(true, message):
    """Refuse as FC refuses an argument."""
    if not true:
        raise Refused(400, "InvalidArgument", message)


def check_keys(kind, document):
    """Refuse a document with a key that is none of its kind's."""
    need(document.keys() <= KEYS[kind], f"{kind}: {document.keys() - KEYS[kind]}")


def check_name(kind, name):
    need(re.fullmatch(NAME, name or ""), f"{kind} name {name!r}")


def check_service(service):
    """Check what POST and PUT of a service bring."""
    check_keys("service", service)
    role, vpc, log = (service.get(n) for n in ("role", "vpcConfig", "logConfig"))
    need(not role or re.fullmatch(ROLE, role), "role is no ARN")
    need(not (vpc and vpc.get("vpcId")) or role, "a VPC needs a role")
    need(not (log and log.get("project")) or role, "logs need a role")
    need(isinstance(service.get("internetAccess", True), bool), "internetAccess")


def check_function(function):
    """Check what POST and PUT of a function bring, but for its code."""
    check_keys("function", function)
    need(function["runtime"] in RUNTIMES, f"runtime {function['runtime']}")
    need(function["memorySize"] in MEMORY, f"memorySize {function['memorySize']}")
    need(function["timeout"] in TIMEOUTS, f"timeout {function['timeout']}")
    need(function["initializationTimeout"] in INITIALIZATION, "initializationTimeout")
    need("." in function["handler"], f"handler {function['handler']}")
    check_variables(function["environmentVariables"])


def check_variables(variables):
    for name, value in variables.items():
        need(re.fullmatch(VARIABLE, name), f"variable name {name}")
        need(isinstance(value, str), f"{name} is no text")
        need(value.isascii() and value.isprintable(), f"{name} is not printable ASCII")
    size = sum(len(name) + len(value) for name, value in variables.items())
    need(size <= VARIABLES, f"variables of {size} bytes")


def unpack(packed, folder):
    """Unpack a function's code into a folder; only what FC takes."""
    need(len(packed) <= INLINE, f"code of {len(packed)} bytes")
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        entries = archive.infolist()
        need(sum(each.file_size for each in entries) <= UNPACKED, "unpacked code")
        for entry in entries:
            name, mode = entry.filename, entry.external_attr >> 16 & 0o777
            need(not {"", ".."} & set(name.rstrip("/").split("/")), f"{name} leads out")
            need(entry.is_dir() or mode & 0o444 == 0o444, f"{name}: mode {mode:o}")
            archive.extract(entry, folder)


def check_trigger(trigger):
    """Check what POST and PUT of a trigger bring."""
    check_keys("trigger", trigger)
    config = trigger["triggerConfig"]
    if trigger["triggerType"] == "http":
        need(config["authType"] in ("anonymous", "function"), "authType")
        need(config["methods"] and set(config["methods"]) <= METHODS, "methods")
    else:
        need(trigger["triggerType"] == "timer", "triggerType")
        need(re.fullmatch(SCHEDULE, config["cronExpression"]), "cronExpression")
        need(isinstance(config["enable"], bool), "enable")


def check_domain(domain):
    """Check what POST and PUT of a custom domain bring, but for where it leads."""
    check_keys("domain", domain)
    need(re.fullmatch(DOMAIN, domain["domainName"]), domain["domainName"])
    need(domain["protocol"] in PROTOCOLS, f"protocol {domain['protocol']}")
    need("HTTPS" not in domain["protocol"] or domain.get("certConfig"), "certConfig")
    config = domain.get("certConfig") or {}
    for name, begin in CERTIFICATE.items():
        need(config.get(name, begin[0]).startswith(begin), name)
    for route in domain["routeConfig"]["routes"]:
        need(re.fullmatch(ROUTE, route["path"]), f"route {route['path']}")
