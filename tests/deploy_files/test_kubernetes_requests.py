"""deploy/k8s: requests from the Ingress to the host and back."""

import re

from host.fc.limits import MAX_BODY
from host.server.options import parse_options
from template.served import read_template
from tests.deploy_files.readers import ROOT, address_seen, cron_jobs, of_kind

DEPLOYMENT = of_kind("Deployment")
POD = DEPLOYMENT["spec"]["template"]
TEMPLATE = read_template(ROOT / "template.yml")


def test_requests_reach_the_host_and_no_cron_job():
    """Ingress, Service and pods fit, and the cron jobs' pods get no request."""
    labels = POD["metadata"]["labels"]
    service = of_kind("Service")
    (rule,) = of_kind("Ingress")["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    (container,) = POD["spec"]["containers"]
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}

    assert labels == service["spec"]["selector"]
    assert labels == DEPLOYMENT["spec"]["selector"]["matchLabels"]
    assert labels == of_kind("PodDisruptionBudget")["spec"]["selector"]["matchLabels"]
    for cron_job in cron_jobs().values():
        pod = cron_job["spec"]["jobTemplate"]["spec"]["template"]
        assert labels != pod["metadata"]["labels"]
    assert service["metadata"]["name"] == path["backend"]["service"]["name"]
    port = ports[service["spec"]["ports"][0]["targetPort"]]
    assert f"--port={port}" in container["args"]


def test_requests_in_flight_are_finished():
    """A pod's grace period covers the drain and the host's shutdown timeout.

    Its probes go on meanwhile: the liveness probe waits longer than the drain.
    """
    spec = POD["spec"]
    (container,) = spec["containers"]
    options = parse_options(["local_host.py", "--logging=none", *container["args"]])
    liveness = container["livenessProbe"]
    ending = options.drain_seconds + options.shutdown_seconds

    assert options.drain_seconds >= 5
    assert spec["terminationGracePeriodSeconds"] > ending
    assert liveness["periodSeconds"] * liveness["failureThreshold"] > ending


def test_the_ingress_stands_in_nobodys_way():
    """The Ingress accepts FC's largest body and waits for the slowest function."""
    annotations = of_kind("Ingress")["metadata"]["annotations"]
    said = {name.rpartition("proxy-")[2]: text for name, text in annotations.items()}
    (megabytes,) = re.fullmatch(r"(\d+)m", said["body-size"]).groups()

    assert int(megabytes) * 1024 * 1024 == MAX_BODY
    assert int(said["read-timeout"]) > max(each.timeout for each in TEMPLATE.functions)


def test_a_callers_address_is_the_one_that_the_ingress_saw():
    """The client's address is what the Ingress saw, not the caller's claim."""
    hops = of_kind("ConfigMap")["data"]["TRUSTED_PROXY_HOPS"]

    assert "203.0.113.9" == address_seen("10.0.0.1, 203.0.113.9", hops=hops)
