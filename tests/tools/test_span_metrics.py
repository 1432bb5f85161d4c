"""Metrics that a scraper finds at a rendered collector: a real SDK's own, and those made of its spans.

All runs at an address of this machine, on the ports that stand in the config.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tests.support.kubelet import POD_FIELDS, environment
from tests.support.otelcol import wait_until_healthy
from tests.tools import application
from tests.tools.function import FUNCTION
from tests.tools.test_sampling import clean
from tests.tools.test_tiers import address
from tools.build import require

MANIFESTS = """
apiVersion: fn.oaas.io/v1alpha1
kind: OTelConfig
metadata: {name: otel}
spec:
  telemetry: {propagators: [w3c]}
  collector:
    sampling_stage: STAGE
    batch: {enabled: false}
    span_metrics: {interval: 500ms}
---
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {name: shop, namespace: demo}
spec:
  functions: [{function_key: checkout, container_image: acme/shop}]
  nfr_requirements: {max_latency_ms: 123}
  observability:
    enabled: true
    telemetry: {sampling_rate: 0.1}
    collector: {mode: deployment, exporters: {traces: debug, metrics: prometheus-scrape}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: demo}
spec: {template: {spec: {containers: [{name: function, image: "acme/shop:1"}]}}}
"""
SPANS = 5_000
QUIET = 3.0  # seconds: several reports
OPEN_METRICS = {"Accept": "application/openmetrics-text; version=1.0.0"}
CALLS = "traces_span_metrics_calls_total"
EXEMPLARS = "# exemplars"
BUCKET = "traces_span_metrics_duration_seconds_bucket"
Sample = tuple[dict[str, str], float, str]
"""Labels, value, and what stands behind `#`: the exemplar."""


@contextmanager
def scraped(folder: Path, stage: str) -> Iterator[dict[str, list[Sample]]]:
    """The series of a collector after an application has sent all it has, by name."""
    text = MANIFESTS.replace("STAGE", stage)
    done = subprocess.run([FUNCTION], input=text.encode(), capture_output=True, check=True)
    objects = {f"{one['kind']}/{one['metadata']['name']}": one for one in yaml.safe_load_all(done.stdout)}
    envs = {}
    for name in ("shop", "shop-otel-collector"):
        (container,) = objects[f"Deployment/{name}"]["spec"]["template"]["spec"]["containers"]
        envs[name] = environment(
            container, {**POD_FIELDS, "metadata.namespace": "demo", "status.podIP": address(10)}, {}
        )
    config, log = folder / "collector.yaml", folder / "collector.log"
    config.write_text(objects["ConfigMap/shop-otel-config"]["data"]["collector.yaml"], encoding="utf-8")
    with log.open("wb") as output:
        command = [str(require("otelcol")), f"--config={config}"]
        process = subprocess.Popen(command, env=clean(envs["shop-otel-collector"]), stdout=output, stderr=output)
        try:
            wait_until_healthy(process, f"http://{address(10)}:13133", log)
            env = {**envs["shop"], "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{address(10)}:4317"}
            env["OTEL_BSP_MAX_QUEUE_SIZE"] = str(2 * SPANS)
            subprocess.run([sys.executable, application.__file__, str(SPANS)], env=clean(env), check=True, timeout=120)
            yield until_counted(f"http://{address(10)}:8889/metrics")
        finally:
            process.terminate()
            assert process.wait(30) == 0, log.read_text()


def until_counted(url: str) -> dict[str, list[Sample]]:
    """The answer that counts all: what comes after several more reports counts the same.

    Its exemplars are those of all answers: each report has only those of what is new in it.
    """
    deadline = time.monotonic() + 60
    counted: dict[str, list[Sample]] = {}
    since, exemplars = time.monotonic(), list[str]()
    while not counted.get("requests_total") or time.monotonic() < since + QUIET:
        with urllib.request.urlopen(urllib.request.Request(url, headers=OPEN_METRICS), timeout=5) as answer:
            found = parsed(answer.read().decode())
        exemplars += [exemplar for _, _, exemplar in found.get(BUCKET, ()) if exemplar]
        if total(found) != total(counted) or "requests_total" not in counted:
            counted, since = found, time.monotonic()
        assert time.monotonic() < deadline, found.keys()
        time.sleep(0.02)  # between two questions
    counted[EXEMPLARS] = [({}, 0.0, exemplar) for exemplar in exemplars]
    return counted


def total(found: dict[str, list[Sample]]) -> float:
    return sum(value for _, value, _ in found.get(CALLS, ()))


def parsed(text: str) -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = {}
    for line in text.splitlines():
        if parts := re.fullmatch(r"([a-zA-Z_:][\w:]*)(?:\{(.*?)\})? (\S+)(?: # (.*))?", line):
            labels = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', parts[2] or ""))
            found.setdefault(parts[1], []).append((labels, float(parts[3]), parts[4] or ""))
    return found


IDENTITY = {
    "oaas_owner": "shop",
    "oaas_function_key": "checkout",
    "namespace": "demo",
    "service_name": "shop-function",
}


def test_every_span_is_counted_before_any_is_dropped(tmp_path: Path) -> None:
    """At a sampling rate of 0.1, with labels that identify, and exemplars that are trace ids."""
    with scraped(tmp_path, "collector") as found:
        counts = {labels["span_name"]: value for labels, value, _ in found[CALLS]}
        assert counts == {"request": SPANS, "outgoing": 1}
        for labels, _, _ in found[CALLS]:
            assert IDENTITY.items() <= labels.items()
            assert (labels["span_kind"], labels["status_code"]) == ("SPAN_KIND_INTERNAL", "STATUS_CODE_UNSET")
        bounds = [labels["le"] for labels, _, _ in found[BUCKET] if labels["span_name"] == "request"]
        assert "0.123" in bounds, "what the class requires"
        exemplars = [exemplar for _, _, exemplar in found[EXEMPLARS]]
        assert exemplars and all(re.match(r'\{.*trace_id="[0-9a-f]{32}"', exemplar) for exemplar in exemplars)


def test_what_the_sdk_measures_itself_says_whose_it_is_as_well(tmp_path: Path) -> None:
    with scraped(tmp_path, "collector") as found:
        ((labels, value, _),) = found["requests_total"]
        assert value == SPANS
        assert IDENTITY.items() <= labels.items()


def test_at_stage_sdk_only_what_was_sampled_is_counted(tmp_path: Path) -> None:
    """As the warning says."""
    with scraped(tmp_path, "sdk") as found:
        share = total(found) / SPANS
        assert 0.05 < share < 0.15


@pytest.mark.parametrize(("stage", "warns"), [("sdk", True), ("collector", False)])
def test_the_warning_says_so(stage: str, warns: bool) -> None:
    done = subprocess.run([FUNCTION], input=MANIFESTS.replace("STAGE", stage).encode(), capture_output=True, check=True)
    assert (b"counts only what SDKs have sampled, about 0.1 of all spans" in done.stderr) is warns
