"""Files of deploy/monitoring, by Prometheus' own tools and a real Prometheus."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time

import pytest
import urllib3
import yaml

from tests.support.documentation import ROOT
from tests.support.local_hosts import SETTINGS, LocalHost
from tests.support.ports import free_port

FOLDER = ROOT / "deploy/monitoring"
PAGE = (ROOT / "docs/operating/metrics.md").read_text("utf-8")
METRICS = set(re.findall(r"^\| `(gateway_\w+)`", PAGE, re.MULTILINE))
HISTOGRAMS = {"gateway_own_seconds", "gateway_upstream_seconds"}
NAMES = METRICS | {f"{name}_bucket" for name in HISTOGRAMS}
TOKEN = "scrape-" + "t" * 24

promtool = pytest.mark.skipif(
    not shutil.which("promtool"), reason="no promtool: Debian's package prometheus"
)


def rules():
    """Return the alert rules."""
    (group,) = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    return group["rules"]


def expressions():
    """Return the expressions of the dashboard."""
    board = json.loads((FOLDER / "grafana.json").read_text())
    return [each["expr"] for panel in board["panels"] for each in panel["targets"]]


def test_they_name_metrics_that_exist():
    """A renamed metric would leave an alert silent and a panel empty."""
    used = {
        name
        for text in [*expressions(), *(rule["expr"] for rule in rules())]
        for name in re.findall(r"gateway_\w+", re.sub(r'"[^"]*"', "", text))
    }

    assert used <= NAMES
    shown = {
        name.removesuffix("_bucket")
        for text in expressions()
        for name in re.findall(r"gateway_\w+", text)
    }
    assert METRICS - shown <= {
        "gateway_build",
        "gateway_series_dropped_total",
        "gateway_upstream_calls_total",
    }


def test_every_alert_is_explained_and_tested():
    """By a row of the page that says what to do, and by promtool's file."""
    alerts = {rule["alert"] for rule in rules()}
    tested = yaml.safe_load((ROOT / "tests/deploy_files/alerts_test.yml").read_text())
    fired = {
        case["alertname"]
        for each in tested["tests"]
        for case in each["alert_rule_test"]
        if case.get("exp_alerts")
    }

    assert alerts == set(re.findall(r"^\| `(Gateway\w+)`", PAGE, re.MULTILINE))
    assert alerts == fired


@promtool
@pytest.mark.parametrize(
    "words",
    [
        ("check", "rules", "deploy/monitoring/alerts.yml"),
        ("check", "config", "--syntax-only", "deploy/monitoring/prometheus.yml"),
        ("test", "rules", "tests/deploy_files/alerts_test.yml"),
    ],
    ids=" ".join,
)
def test_promtool_accepts_them(words):
    """The rules fire in the states that the file has, and only there."""
    done = subprocess.run(
        ["promtool", *words], cwd=ROOT, capture_output=True, text=True, timeout=60
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def host(tmp_path, own_redis):
    """A local host with METRICS_TOKEN."""
    folder = tmp_path / "host"
    folder.mkdir()
    own = {"REDIS_URL": own_redis.url, "METRICS_TOKEN": TOKEN}
    words = ("--port=0", "--development=false")
    with LocalHost(folder, *words, environment={**SETTINGS, **own}) as running:
        yield running


@pytest.fixture
def prometheus(tmp_path, host):
    """A Prometheus with the shipped files, at a test's pace; return its URL."""
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    (scrape,) = config["scrape_configs"]
    scrape["scheme"] = "http"
    scrape["static_configs"] = [{"targets": [host.url.removeprefix("http://")]}]
    del config["alerting"]
    text = (FOLDER / "alerts.yml").read_text()
    (tmp_path / "alerts.yml").write_text(re.sub(r"for: \d+m", "for: 1s", text))
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    (tmp_path / "metrics_token").write_text(TOKEN)
    port = free_port()
    with (tmp_path / "prometheus.log").open("w") as errors:
        process = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={tmp_path / 'prometheus.yml'}",
                f"--storage.tsdb.path={tmp_path / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            cwd=tmp_path,
            stderr=errors,
        )
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(30)


def asked(prometheus, path, **query):
    """Return the data of one answer of Prometheus' API, None while it starts."""
    try:
        answer = urllib3.request(
            "GET",
            f"{prometheus}/api/v1/{path}",
            fields=query,
            retries=False,
            timeout=10,
        )
    except urllib3.exceptions.HTTPError:
        return None
    return answer.json().get("data")


def until(found, seconds=60):
    """Return the first true value that `found` returns within this time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := found():
            return value
        time.sleep(0.2)
    pytest.fail("Prometheus has not found it")


@promtool
def test_prometheus_scrapes_the_gateway_and_fires(prometheus, host, own_redis):
    """While all is well nothing but what the short history makes; then Redis ends."""

    def up():
        found = asked(prometheus, "query", query="gateway_up{part='redis'}")
        return found and [each["value"][1] for each in found["result"]] == ["1"]

    def firing():
        found = asked(prometheus, "alerts") or {"alerts": []}
        return {
            (each["labels"]["alertname"], each["labels"].get("part"))
            for each in found["alerts"]
            if each["state"] == "firing"
        }

    until(up)
    assert firing() <= {("GatewayDown", None)}  # until the first scrape
    own_redis.stop()
    until(lambda: ("GatewayPartAway", "redis") in firing())
