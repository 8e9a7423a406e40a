"""deploy/k8s: several pods behind one Service, and what they need."""

import re

import pytest
import yaml

from deploy.package.placing import VARIABLES
from functions.refresh.index import MOST_SECONDS
from runtime.version import VERSION
from template.served import read_template
from tests.deploy_files.readers import (
    K8S,
    NEEDED,
    ROOT,
    SETTINGS,
    cron_jobs,
    documents,
    instruction,
    of_kind,
)

kubernetes_validate = pytest.importorskip("kubernetes_validate")

VERSIONS = ("1.30.0", "1.34.0", "1.37.0")
TEMPLATE = read_template(ROOT / "template.yml")
CONTAINERS = (ROOT / "docs/containers.md").read_text("utf-8")
FILES = sorted(
    each
    for each in (*K8S.glob("*.yaml"), *K8S.glob("*.yaml.example"))
    if each.name != "kustomization.yaml"
)
DEPLOYMENT, CRON_JOBS = of_kind("Deployment"), cron_jobs()
JOBS = {name: each["spec"]["jobTemplate"]["spec"] for name, each in CRON_JOBS.items()}
PODS = {
    "host": DEPLOYMENT["spec"]["template"],
    **{name: each["template"] for name, each in JOBS.items()},
}
each_pod = pytest.mark.parametrize("pod", PODS.values(), ids=PODS)


def judge(document, version):
    """Ask the schemas of this Kubernetes, which refuse what they do not know."""
    kubernetes_validate.validate(document, version, strict=True)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_kubernetes_takes_it(file, version):
    """All files are valid in three Kubernetes versions."""
    assert f"Kubernetes {VERSIONS[0].removesuffix('.0')} or newer" in CONTAINERS
    for document in documents(file):
        judge(document, version)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("old", "new"),
    [("readinessProbe", "readynessProbe"), ("periodSeconds: 5", "periodSeconds: soon")],
)
def test_the_schemas_would_find_a_fault(version, old, new):
    """A misspelt key and a wrong type are reported."""
    text = (K8S / "deployment.yaml").read_text("utf-8")
    assert old in text

    with pytest.raises(kubernetes_validate.ValidationError, match=new.split()[-1]):
        judge(yaml.safe_load(text.replace(old, new)), version)


def test_all_files_are_applied_at_once():
    """The kustomization applies all files but the example Secret."""
    (kustomization,) = documents(K8S / "kustomization.yaml")
    objects = [each for file in FILES for each in documents(file)]
    outside = {each["kind"] for each in objects if "namespace" not in each["metadata"]}

    assert sorted(kustomization["resources"]) == sorted(
        file.name for file in FILES if file.suffix == ".yaml"
    )
    assert {"Namespace", "PersistentVolume"} == outside
    assert {kustomization["namespace"]} == {
        each["metadata"]["namespace"] for each in objects if each["kind"] not in outside
    }


def test_the_image_is_of_this_version():
    """The image's tag is this version."""
    (kustomization,) = documents(K8S / "kustomization.yaml")
    (image,) = kustomization["images"]

    assert VERSION == image["newTag"]
    assert {image["name"]} == {
        pod["spec"]["containers"][0]["image"] for pod in PODS.values()
    }


@each_pod
def test_the_pods_keep_the_restricted_profile(pod):
    """Pods meet the restricted profile, and have a read-only root."""
    (container,) = pod["spec"]["containers"]
    context, own = pod["spec"]["securityContext"], container["securityContext"]
    namespace = of_kind("Namespace")["metadata"]["labels"]

    assert "restricted" == namespace["pod-security.kubernetes.io/enforce"]
    assert (True, "RuntimeDefault") == (
        context["runAsNonRoot"],
        context["seccompProfile"]["type"],
    )
    assert own == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["spec"]["automountServiceAccountToken"] is False


@each_pod
def test_the_pods_are_bounded(pod):
    """Every container has requests and limits of CPU and memory."""
    (container,) = pod["spec"]["containers"]
    resources = container["resources"]

    assert {"cpu", "memory"} == set(resources["requests"]) == set(resources["limits"])


@each_pod
def test_the_pods_find_all_settings(pod):
    """ConfigMap and Secret have all settings, and none that is unknown."""
    (container,) = pod["spec"]["containers"]
    kinds = {"configMapRef": "ConfigMap", "secretRef": "Secret"}
    found = {}
    for source in container["envFrom"]:
        ((reference, to),) = source.items()
        kept = of_kind(kinds[reference])
        assert kept["metadata"]["name"] == to["name"]
        found |= kept.get("data") or kept["stringData"]

    assert (set(), set()) == (NEEDED - set(found), set(found) - set(SETTINGS))


def test_a_buckets_key_has_a_place():
    """The bucket's key has boto3's names and is optional."""
    example = (K8S / "secret.yaml.example").read_text("utf-8")
    keys = set(VARIABLES.values()) - set(SETTINGS)

    assert keys
    assert keys == {name for name in keys if f"# {name}: ''\n" in example}


def test_no_secret_is_in_the_repository():
    """Only an example names the secrets, and it is not applied."""
    assert {""} == set(of_kind("Secret")["stringData"].values())
    assert not (K8S / "secret.yaml").exists()
    assert "deploy/k8s/secret.yaml" in (ROOT / ".gitignore").read_text().split()


@each_pod
def test_each_application_has_a_folder_of_its_own_on_nas(pod):
    """Claim and volume name each other, and a sub-path is mounted."""
    volume, claim = of_kind("PersistentVolume"), of_kind("PersistentVolumeClaim")
    (container,) = pod["spec"]["containers"]
    mounts = {each["name"]: each for each in container["volumeMounts"]}
    volumes = {each["name"]: each for each in pod["spec"]["volumes"]}
    claimed = volumes["nas"]["persistentVolumeClaim"]["claimName"]

    assert claimed == claim["metadata"]["name"] == volume["spec"]["claimRef"]["name"]
    assert claim["spec"]["volumeName"] == volume["metadata"]["name"]
    assert {""} == {each["spec"]["storageClassName"] for each in (volume, claim)}
    assert ["ReadWriteMany"] == claim["spec"]["accessModes"]
    assert "wechat-gateway" == mounts["nas"]["subPath"]
    assert of_kind("ConfigMap")["data"]["CONFIG_URL"].startswith(
        f"file:{mounts['nas']['mountPath']}/"
    )


def test_documents_are_in_the_images_volume():
    """The documents' folder is one that the image's user may write."""
    for pod in PODS.values():
        mounts = pod["spec"]["containers"][0]["volumeMounts"]
        (path,) = (each["mountPath"] for each in mounts if each["name"] == "nas")

        assert instruction("VOLUME") == path


def test_there_are_always_several():
    """The autoscaler keeps more pods than a disruption must leave."""
    scaler = of_kind("HorizontalPodAutoscaler")["spec"]
    budget = of_kind("PodDisruptionBudget")["spec"]

    assert scaler["minReplicas"] > budget["minAvailable"] >= 2
    assert "replicas" not in DEPLOYMENT["spec"], "it would undo the autoscaler's work"
    assert scaler["scaleTargetRef"]["name"] == DEPLOYMENT["metadata"]["name"]


def test_each_timer_has_its_cron_job():
    """At template.yml's interval; pods run no timer, and no job delays another."""
    (host,) = PODS["host"]["spec"]["containers"]

    assert "--timers=false" in host["args"]
    timers = {each.function.name for each in TEMPLATE.timers}
    assert timers | {"backup"} == set(CRON_JOBS)
    for timer in TEMPLATE.timers:
        name = timer.function.name
        (container,) = PODS[name]["spec"]["containers"]
        cron_job = CRON_JOBS[name]["spec"]
        assert (60, "* * * * *") == (timer.seconds, cron_job["schedule"])
        assert "Forbid" == cron_job["concurrencyPolicy"]
        assert ["python", "-m", "host.tick", name] == container["command"]


def test_backups_stand_in_a_folder_of_their_own():
    """On NAS beside the documents; the page says how to put them elsewhere."""
    (container,) = PODS["backup"]["spec"]["containers"]
    mounts = {each["mountPath"]: each for each in container["volumeMounts"]}

    assert mounts["/backups"]["subPath"] == "wechat-gateway-backups"
    assert "/backups/documents-" in container["command"][-1]
    assert "`wechat-gateway-backups`" in CONTAINERS


def test_a_round_is_let_finish():
    """A run of a cron job has time for a start and a function's call."""
    for timer in TEMPLATE.timers:
        name = timer.function.name
        assert JOBS[name]["activeDeadlineSeconds"] > timer.function.timeout
        grace = PODS[name]["spec"]["terminationGracePeriodSeconds"]
        assert grace < MOST_SECONDS


def test_the_commands_name_what_is_there():
    """Commands on both pages name existing objects."""
    keys = (ROOT / "docs/operating/keys.md").read_text("utf-8")
    about = DEPLOYMENT["metadata"]
    restart = (
        f"kubectl --namespace {about['namespace']} "
        f"rollout restart deployment/{about['name']}"
    )

    assert [restart] * 2 == [
        found[0]
        for page in (CONTAINERS, keys)
        for found in [re.findall(r"kubectl [^`\n]*rollout restart [^`\n]*", page)]
    ]
