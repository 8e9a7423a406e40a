"""deploy/k8s-keda: the autoscaler by calls in flight, for clusters with KEDA 2.20.

What KEDA accepts is from its CRD and from the source of its two scalers.
"""

from __future__ import annotations

import shutil
from urllib.parse import urlsplit

import pytest
import yaml

from host.server.options import parse_options
from tests.deploy_files.readers import DEPLOY, K8S, documents, of_kind, run
from tests.support.local_hosts import SETTINGS, LocalHost

jsonschema = pytest.importorskip("jsonschema")

FOLDER = DEPLOY / "k8s-keda"
(SCALED,) = documents(FOLDER / "scaled-object.yaml")
NUMBER, TEXT = {"type": "integer", "minimum": 0}, {"type": "string"}
VALUE = {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$"}
FLAG = {"enum": ["true", "false"]}


def strict(needed, **properties):
    """Return the schema of an object with these fields and no other."""
    return {
        "type": "object",
        "properties": properties,
        "required": needed,
        "additionalProperties": False,
    }


def trigger(type_, metadata, **more):
    needed = ["type", "metadata", *more]
    return strict(needed, type={"const": type_}, metadata=metadata, **more)


METRICS_API = trigger(
    "metrics-api",
    strict(
        ["url", "valueLocation", "targetValue"],
        url=TEXT,
        valueLocation=TEXT,
        targetValue=VALUE,
        activationTargetValue=VALUE,
        unsafeSsl=FLAG,
        aggregateFromKubeServiceEndpoints=FLAG,
        format={"enum": ["prometheus", "json", "xml", "yaml"]},
        aggregationType={"enum": ["average", "sum", "max", "min"]},
        timeout={"type": "string", "pattern": "^[0-9]+(ms|s)$"},
    ),
)
CPU = trigger(
    "cpu",
    strict(["value"], value=TEXT, containerName=TEXT),
    metricType={"enum": ["Utilization", "AverageValue"]},
)
SCHEMA = strict(
    ["apiVersion", "kind", "metadata", "spec"],
    apiVersion={"const": "keda.sh/v1alpha1"},
    kind={"const": "ScaledObject"},
    metadata=strict(["name", "namespace"], name=TEXT, namespace=TEXT),
    spec=strict(
        ["scaleTargetRef", "triggers"],
        scaleTargetRef=strict(["name"], name=TEXT, kind=TEXT, apiVersion=TEXT),
        minReplicaCount=NUMBER,
        maxReplicaCount=NUMBER,
        pollingInterval=NUMBER,
        cooldownPeriod=NUMBER,
        advanced=strict(
            [],
            horizontalPodAutoscalerConfig=strict(
                [], name=TEXT, behavior={"type": "object"}
            ),
        ),
        triggers={"type": "array", "items": {"anyOf": [METRICS_API, CPU]}},
    ),
)
BY_TYPE = {each["type"]: each for each in SCALED["spec"]["triggers"]}
CALLS = BY_TYPE["metrics-api"]["metadata"]


def built(folder):
    """Return all objects that kubectl would apply."""
    if not shutil.which("kubectl"):
        pytest.skip("no kubectl")
    code, text = run("kubectl", "kustomize", str(folder))
    assert code == 0, text
    return list(yaml.safe_load_all(text))


def test_keda_takes_it():
    """Its fields are KEDA's, and a misspelt one would be found."""
    jsonschema.validate(SCALED, SCHEMA)
    misspelt = yaml.safe_dump(SCALED).replace("valueLocation", "valuePath")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(misspelt), SCHEMA)


def test_it_stands_in_the_place_of_the_autoscaler():
    """All else is that of deploy/k8s, and no pod has two autoscalers."""
    plain, with_keda = (
        {(each["kind"], each["metadata"]["name"]) for each in built(folder)}
        for folder in (K8S, FOLDER)
    )

    assert {("HorizontalPodAutoscaler", "wechat-gateway")} == plain - with_keda
    assert {("ScaledObject", "wechat-gateway")} == with_keda - plain


def test_it_keeps_the_bounds_of_the_autoscaler():
    """From and to so many pods, and the same CPU."""
    spec, scaler = SCALED["spec"], of_kind("HorizontalPodAutoscaler")["spec"]
    (cpu,) = scaler["metrics"]
    own = spec["advanced"]["horizontalPodAutoscalerConfig"]

    assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (
        scaler["minReplicas"],
        scaler["maxReplicas"],
    )
    assert scaler["behavior"] == own["behavior"]
    assert scaler["scaleTargetRef"]["name"] == spec["scaleTargetRef"]["name"]
    assert {"value": str(cpu["resource"]["target"]["averageUtilization"])} == (
        BY_TYPE["cpu"]["metadata"]
    )


def test_a_pod_is_half_full_at_its_target():
    """There is room for calls until another pod answers."""
    options = parse_options(["local_host.py", "--logging=none"])

    assert options.calls_in_flight == 2 * int(CALLS["targetValue"])
    (container,) = of_kind("Deployment")["spec"]["template"]["spec"]["containers"]
    words = {word.partition("=")[0] for word in container["args"]}
    assert not {"--processes", "--calls_in_flight"} & words, "one, with this limit"


def test_it_asks_the_pods_of_the_service():
    """KEDA reads service and namespace from the host; the port is the pods'."""
    url = urlsplit(CALLS["url"])
    service = of_kind("Service")["metadata"]
    (container,) = of_kind("Deployment")["spec"]["template"]["spec"]["containers"]

    assert [service["name"], service["namespace"]] == url.hostname.split(".")[:2]
    assert url.port in [each["containerPort"] for each in container["ports"]]
    assert ("true", "sum") == (
        CALLS["aggregateFromKubeServiceEndpoints"],
        CALLS["aggregationType"],
    )
    assert "" == url.query, "KEDA would drop it"


def test_a_host_tells_the_figure(tmp_path, redis_server):
    """As a number, with status 200, for the name of any pod."""
    environment = {**SETTINGS, "REDIS_URL": redis_server.url}
    options = ("--port=0", "--development=false", "--logging=none")
    with LocalHost(tmp_path, *options, environment=environment) as host:
        answer = host.get(urlsplit(CALLS["url"]).path, Host="10.1.2.3:8080")

    assert (200, 0) == (answer.status, answer.json()[CALLS["valueLocation"]])
