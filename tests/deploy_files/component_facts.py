"""JSON schemas of what the components fc3 and fc3-domain accept.

From their published schemas and from the API that they call; stricter than theirs,
which let an unknown key and any trigger pass.
"""

_TEXT = {"type": "string", "minLength": 1}
_TEXTS = {"type": "array", "items": _TEXT, "minItems": 1}
_REGION = {
    "type": "string",
    "pattern": r"^\$\{env\('REGION', '[a-z]{2}-[a-z0-9-]+'\)\}$",
}
_FUNCTION_NAME = {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_-]{0,63}$"}


def _object(needed, **more):
    """Return the schema of an object that has these keys, and perhaps `more`."""
    return {
        "type": "object",
        "properties": {**needed, **more},
        "required": sorted(needed),
        "additionalProperties": False,
    }


_HTTP = _object(
    {
        "authType": {"enum": ["anonymous", "function"]},
        "methods": {
            "type": "array",
            "uniqueItems": True,
            "items": {
                "enum": ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
            },
        },
    },
    disableURLInternet={"type": "boolean"},
)
_TIMER = _object(
    {
        "cronExpression": {"type": "string", "pattern": "^(@every [1-9]|[0-9*])"},
        "enable": {"type": "boolean"},
    },
    payload={"type": "string"},
)
_TRIGGERS = [
    _object(
        {
            "triggerName": _TEXT,
            "triggerType": {"const": kind},
            "triggerConfig": config,
        }
    )
    for kind, config in (("http", _HTTP), ("timer", _TIMER))
]

FUNCTION = _object(
    {
        "region": _REGION,
        "functionName": _FUNCTION_NAME,
        "runtime": {"enum": ["python3.9", "python3.10", "python3.12"]},
        "handler": {"type": "string", "pattern": r"^[\w/]+\.\w+$"},
        "code": _TEXT,
        # In steps of a twentieth; what it may be of the memory, no schema can say.
        "cpu": {"type": "number", "minimum": 0.05, "maximum": 16},
        "memorySize": {
            "type": "integer",
            "minimum": 128,
            "maximum": 32768,
            "multipleOf": 64,
        },
        "diskSize": {"enum": [512, 10240]},
        "timeout": {"type": "integer", "minimum": 1, "maximum": 86400},
        "triggers": {"type": "array", "items": {"oneOf": _TRIGGERS}},
    },
    description={"type": "string"},
    internetAccess={"type": "boolean"},
    instanceConcurrency={"type": "integer", "minimum": 1, "maximum": 100},
    environmentVariables={"type": "object", "additionalProperties": _TEXT},
    role=_TEXT,
    vpcConfig=_object({"vpcId": _TEXT, "vSwitchIds": _TEXTS, "securityGroupId": _TEXT}),
    logConfig=_object(
        {"project": _TEXT, "logstore": _TEXT},
        enableRequestMetrics={"type": "boolean"},
        enableInstanceMetrics={"type": "boolean"},
    ),
)

DOMAIN = _object(
    {
        "region": _REGION,
        "domainName": _TEXT,
        "protocol": {"enum": ["HTTP", "HTTPS", "HTTP,HTTPS"]},
        "routeConfig": _object(
            {
                "routes": {
                    "type": "array",
                    "minItems": 1,
                    "items": _object(
                        {
                            "path": {"type": "string", "pattern": "^/"},
                            "functionName": _FUNCTION_NAME,
                        }
                    ),
                }
            }
        ),
    },
    certConfig=_object({"certName": _TEXT, "certificate": _TEXT, "privateKey": _TEXT}),
)
