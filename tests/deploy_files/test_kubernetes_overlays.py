"""Overlays of deploy/k8s: the Gateway API, a restricted account, and one's own."""

import json
import shutil
from urllib.parse import urlsplit

import pytest
import yaml

from template.served import read_template
from tests.deploy_files.readers import DEPLOY, NEEDED, ROOT, SETTINGS, documents, run

jsonschema = pytest.importorskip("jsonschema")
kubernetes_validate = pytest.importorskip("kubernetes_validate")

VERSIONS = ("1.30.0", "1.34.0", "1.37.0")
EXAMPLE = DEPLOY / "k8s-own.example"
BASES = ("k8s", "k8s-keda", "k8s-gateway-api")
COMPONENTS = ("k8s-restricted", "k8s-bucket")
FOREIGN = {"HTTPRoute", "ScaledObject"}
"""Kinds that are no part of Kubernetes."""

TEXT = {"type": "string"}
REDIS = "redis://r-1.example.com:6379/0"


def strict(needed, **properties):
    """Return the schema of an object with these fields and no other."""
    return {
        "type": "object",
        "properties": properties,
        "required": needed,
        "additionalProperties": False,
    }


def many(items):
    return {"type": "array", "minItems": 1, "items": items}


NAME = {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"}
DURATION = {"type": "string", "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$"}
PATH = strict(
    ["type", "value"],
    type={"enum": ["Exact", "PathPrefix", "RegularExpression"]},
    value={"type": "string", "pattern": "^/"},
)
REDIRECT = strict(
    [],
    scheme={"enum": ["http", "https"]},
    hostname=NAME,
    port={"type": "integer"},
    statusCode={"enum": [301, 302, 303, 307, 308]},
)
RULE = strict(
    [],
    name=NAME,
    matches=many(strict([], path=PATH, method=TEXT)),
    timeouts=strict([], request=DURATION, backendRequest=DURATION),
    backendRefs=many(strict(["name", "port"], name=NAME, port={"type": "integer"})),
    filters=many(
        strict(["type"], type={"const": "RequestRedirect"}, requestRedirect=REDIRECT)
    ),
)
HTTP_ROUTE = strict(
    ["apiVersion", "kind", "metadata", "spec"],
    apiVersion={"const": "gateway.networking.k8s.io/v1"},
    kind={"const": "HTTPRoute"},
    metadata=strict(["name", "namespace"], name=NAME, namespace=NAME),
    spec=strict(
        ["parentRefs"],
        parentRefs=many(strict(["name"], name=NAME, namespace=NAME, sectionName=NAME)),
        hostnames=many(NAME),
        rules=many(RULE),
    ),
)


@pytest.fixture
def build(tmp_path):
    """Build an overlay of one's own, beside the checkout, and return its objects."""
    if not shutil.which("kubectl"):
        pytest.skip("no kubectl")
    (tmp_path / "wechat-gateway").mkdir()
    for folder in (*BASES, *COMPONENTS):
        to = tmp_path / "wechat-gateway/deploy" / folder
        shutil.copytree(DEPLOY / folder, to)

    def run_it(base="k8s-gateway-api", *, redis=REDIS, component="k8s-restricted"):
        own = tmp_path / "gateway-production"
        shutil.rmtree(own, ignore_errors=True)
        shutil.copytree(EXAMPLE, own)
        file = own / "kustomization.yaml"
        text = file.read_text().replace("deploy/k8s-gateway-api\n", f"deploy/{base}\n")
        text = text.replace("deploy/k8s-restricted\n", f"deploy/{component}\n")
        file.write_text(text)
        secrets = (own / "secret.env.example").read_text()
        secrets = secrets.replace("REDIS_URL=", f"REDIS_URL={redis}")
        (own / "secret.env").write_text(secrets)
        code, said = run("kubectl", "kustomize", str(own))
        assert code == 0, said
        return list(yaml.safe_load_all(said))

    return run_it


def of(objects, kind):
    return {each["metadata"]["name"]: each for each in objects if each["kind"] == kind}


def pods_of(objects):
    pods = [each["spec"]["template"] for each in of(objects, "Deployment").values()]
    jobs = of(objects, "CronJob").values()
    return pods + [each["spec"]["jobTemplate"]["spec"]["template"] for each in jobs]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("base", BASES)
def test_kubernetes_takes_all(build, base, version):
    """Every object of an overlay on each base is valid in three versions."""
    objects = build(base)
    for each in objects:
        if each["kind"] not in FOREIGN:
            kubernetes_validate.validate(each, version, strict=True)

    assert ("k8s-gateway-api" != base) == bool(of(objects, "Ingress"))
    assert ("k8s-gateway-api" == base) == bool(of(objects, "HTTPRoute"))


def test_the_gateway_api_takes_the_routes(build):
    """Their fields are those of its version 1, and a misspelt one would be found."""
    routes = of(build(), "HTTPRoute").values()
    for each in routes:
        jsonschema.validate(each, HTTP_ROUTE)
        for name in ("hostnames", "parentRefs", "rules"):
            misspelt = json.loads(json.dumps(each).replace(name, name.title()))
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate(misspelt, HTTP_ROUTE)

    assert 2 == len(routes)


def test_requests_reach_the_host(build):
    """All paths, by https and for the host of PUBLIC_BASE_URL; http is led there."""
    objects = build()
    routes = of(objects, "HTTPRoute")
    secure, plain = routes["wechat-gateway"], routes["wechat-gateway-redirect"]
    (rule,) = secure["spec"]["rules"]
    (service,) = of(objects, "Service").values()
    settings = of(objects, "ConfigMap")["wechat-gateway"]["data"]
    functions = read_template(ROOT / "template.yml").functions

    assert [{"name": service["metadata"]["name"], "port": 80}] == rule["backendRefs"]
    assert 80 in [each["port"] for each in service["spec"]["ports"]]
    assert [{"path": {"type": "PathPrefix", "value": "/"}}] == rule["matches"]
    assert int(rule["timeouts"]["request"][:-1]) > max(
        each.timeout for each in functions
    )
    host = urlsplit(settings["PUBLIC_BASE_URL"]).hostname
    assert [host] == secure["spec"]["hostnames"] == plain["spec"]["hostnames"]
    sections = [
        each["spec"]["parentRefs"][0]["sectionName"] for each in (secure, plain)
    ]
    assert ["https", "http"] == sections


def test_all_settings_get_there(build):
    """ConfigMap and generated Secret have all settings, and each pod reads both."""
    objects = build()
    (secret,) = of(objects, "Secret").values()
    (settings,) = of(objects, "ConfigMap").values()
    found = {*secret["data"], *settings["data"]}
    name = secret["metadata"]["name"]

    assert (set(), set()) == (NEEDED - found, found - set(SETTINGS))
    assert name.startswith("wechat-gateway-")
    for pod in pods_of(objects):
        (container,) = pod["spec"]["containers"]
        assert [
            {"configMapRef": {"name": "wechat-gateway"}},
            {"secretRef": {"name": name}},
        ] == container["envFrom"]


def test_a_changed_secret_replaces_the_pods(build):
    """Its name has another hash, so that a rollout can be undone."""
    one, same, other = (
        [*of(build(redis=f"redis://{host}:6379/0"), "Secret")] for host in "aab"
    )

    assert one == same != other


def test_one_image_is_named_once(build):
    """The own registry's, for the host and the timers; its secret goes with it."""
    objects = build()
    pods = pods_of(objects)
    (account,) = of(objects, "ServiceAccount").values()
    (kustomization,) = documents(EXAMPLE / "kustomization.yaml")
    (image,) = kustomization["images"]

    assert 4 == len(pods)
    assert {f"{image['newName']}:{image['newTag']}"} == {
        pod["spec"]["containers"][0]["image"] for pod in pods
    }
    assert {account["metadata"]["name"]} == {
        pod["spec"]["serviceAccountName"] for pod in pods
    }
    assert {False} == {
        each["automountServiceAccountToken"]
        for each in (account, *(pod["spec"] for pod in pods))
    }
    assert account["imagePullSecrets"]


def test_who_may_connect(build):
    """Labelled namespaces to the host, nobody to the timers, none to metadata."""
    objects = build()
    policies = of(objects, "NetworkPolicy")
    host, *timers = (pod["metadata"]["labels"].items() for pod in pods_of(objects))
    inward = policies["wechat-gateway"]["spec"]
    outward = policies["wechat-gateway-outward"]["spec"]
    (rule,) = inward["ingress"]
    ports = pods_of(objects)[0]["spec"]["containers"][0]["ports"]
    blocks = [each["ipBlock"] for each in outward["egress"][0]["to"]]

    assert inward["podSelector"]["matchLabels"].items() <= host
    assert not [
        each for each in timers if inward["podSelector"]["matchLabels"].items() <= each
    ]
    for each in (host, *timers):
        assert outward["podSelector"]["matchLabels"].items() <= each
    assert {"Ingress", "Egress"} == set(outward["policyTypes"])
    assert "ingress" not in outward
    assert [each["port"] for each in rule["ports"]] == [each["name"] for each in ports]
    assert {"100.100.100.200/32", "169.254.169.254/32"} == set(blocks[0]["except"])


def test_with_a_bucket_nothing_is_mounted(build):
    """No pod has the documents of NAS, and what is left is valid."""
    objects = build(component="k8s-bucket")
    for each in objects:
        if each["kind"] not in FOREIGN:
            kubernetes_validate.validate(each, VERSIONS[0], strict=True)

    found = {
        pod["spec"]["containers"][0]["name"]: {
            (each["name"], mount["mountPath"])
            for each in pod["spec"]["volumes"]
            for mount in pod["spec"]["containers"][0]["volumeMounts"]
            if mount["name"] == each["name"]
        }
        for pod in pods_of(objects)
    }
    tmp = ("tmp", "/tmp")  # noqa: S108 - a pod's own
    assert found.pop("backup") == {tmp, ("backups", "/backups")}
    assert {frozenset({tmp})} == {frozenset(each) for each in found.values()}


def test_nothing_of_ones_own_is_in_the_repository():
    """The example has no secret, and is to be copied outside."""
    lines = (EXAMPLE / "secret.env.example").read_text("utf-8").splitlines()
    given = [line for line in lines if not line.startswith("#")]

    assert all(line.endswith("=") for line in given)
    assert not (EXAMPLE / "secret.env").exists()
