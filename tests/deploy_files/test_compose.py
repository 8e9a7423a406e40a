"""compose.yaml: the gateway and its Redis on one machine."""

import re

from host.server.options import parse_options
from tests.deploy_files.readers import (
    DEPLOY,
    NEEDED,
    ROOT,
    SETTINGS,
    address_seen,
    documents,
    instruction,
    run,
    tool,
)

FILE = DEPLOY / "compose.yaml"
(COMPOSE,) = documents(FILE)
GATEWAY, REDIS = COMPOSE["services"]["gateway"], COMPOSE["services"]["redis"]
EXAMPLE = (DEPLOY / "gateway.env.example").read_text("utf-8")
FILLED_IN = dict(re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))


def judge(file):
    """Ask the Compose specification's own schema."""
    schema = ("--builtin-schema", "vendor.compose-spec")
    return run(tool("check-jsonschema"), *schema, file)


def test_it_keeps_the_specification():
    """The file is valid by its published schema."""
    assert (0, "ok -- validation done\n") == judge(FILE)


def test_the_schema_would_find_a_fault(tmp_path):
    """The schema reports a broken file, so its silence counts."""
    broken = tmp_path / "compose.yaml"
    broken.write_text(FILE.read_text().replace("service_healthy", "service_happy"))
    code, said = judge(broken)

    assert (1, True) == (code, "service_happy" in said)


def test_everything_that_the_host_needs_is_set():
    """All settings are here or in the deployer's file, and no others."""
    names = set(GATEWAY["environment"]) | set(FILLED_IN)

    assert (set(), set()) == (NEEDED - names, names - set(SETTINGS))


def test_no_secret_is_in_the_example():
    """The example holds no secret, and git ignores the real file."""
    assert {"TRUSTED_PROXY_HOPS": "1"} == {k: v for k, v in FILLED_IN.items() if v}
    assert f"deploy/{GATEWAY['env_file']}" in (ROOT / ".gitignore").read_text().split()


def test_a_callers_address_is_the_one_that_its_proxy_saw():
    """The client's address is what the one proxy saw, not the caller's claim."""
    hops = FILLED_IN["TRUSTED_PROXY_HOPS"]

    assert "203.0.113.9" == address_seen("10.0.0.1, 203.0.113.9", hops=hops)


def test_requests_in_flight_are_finished():
    """The stop timeout is longer than the host's shutdown timeout."""
    options = parse_options(["local_host.py", "--logging=none"])
    (seconds,) = re.fullmatch(r"(\d+)s", GATEWAY["stop_grace_period"]).groups()

    assert int(seconds) > options.shutdown_seconds


def test_documents_are_in_the_volume():
    """Documents are in the image's volume and outlive the container."""
    mounts = dict(each.split(":") for each in GATEWAY["volumes"])
    (name,) = (n for n, path in mounts.items() if path == instruction("VOLUME"))

    assert name in COMPOSE["volumes"]
    assert GATEWAY["environment"]["CONFIG_URL"].startswith(f"file:{mounts[name]}/")


def test_redis_keeps_what_it_is_told():
    """Redis is append-only, in a volume, and reachable by the gateway alone."""
    (volume,) = REDIS["volumes"]
    (network,) = REDIS["networks"]
    command = REDIS["command"]

    assert "yes" == command[command.index("--appendonly") + 1]
    assert ("redis:/data", True) == (volume, "redis" in COMPOSE["volumes"])
    assert ({"internal": True}, False) == (
        COMPOSE["networks"][network],
        "ports" in REDIS,
    )


def test_the_gateway_waits_for_redis_and_comes_back():
    """The gateway starts after Redis, and again after a crash or reboot."""
    assert "service_healthy" == GATEWAY["depends_on"]["redis"]["condition"]
    assert "redis-cli" in REDIS["healthcheck"]["test"]
    assert {"unless-stopped"} == {GATEWAY["restart"], REDIS["restart"]}


def test_nobody_writes_outside_of_the_volumes():
    """Root is read-only, /tmp in memory, and the port on loopback only."""
    for service in (GATEWAY, REDIS):
        assert (True, ["/tmp"], ["ALL"]) == (  # noqa: S108 - in the container
            service["read_only"],
            [each.partition(":")[0] for each in service["tmpfs"]],
            service["cap_drop"],
        )
    assert all(port.startswith("127.0.0.1:") for port in GATEWAY["ports"])


def test_a_mirror_is_a_variable():
    """Both images and the package index are, and their defaults are the pins."""
    services = documents(FILE)[0]["services"]
    arguments = services["gateway"]["build"]["args"]
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    (base,) = re.findall(r"^ARG BASE=(.+)$", text, re.MULTILINE)

    assert f"${{PYTHON_IMAGE:-{base}}}" == arguments["BASE"]
    assert set(arguments) <= set(re.findall(r"^ARG (\w+)", text, re.MULTILINE))
    assert services["redis"]["image"].startswith("${REDIS_IMAGE:-redis:")


def test_redis_has_no_known_hole():
    """CVE-2025-49844: a script frees memory that it still uses."""
    image = documents(FILE)[0]["services"]["redis"]["image"]
    found = tuple(map(int, re.search(r"redis:(\d+)\.(\d+)\.(\d+)-", image).groups()))
    mended = {(7, 2): 11, (7, 4): 6, (8, 0): 4, (8, 2): 2}

    assert found[2] >= mended.get(found[:2], 0 if found > (8, 2) else 99)
