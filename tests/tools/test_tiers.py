"""Two tiers of real collectors, as they are rendered: all spans of a trace meet, errors and slow traces are all kept.

Two collectors of the first tier, two of the second, each at an address of its own of this machine, on the ports that
stand in the config. Two real SDKs send one half of each trace each, through a collector of their own. The name of the
headless Service resolves to both collectors of the second tier, as CoreDNS would have it: the first tier sees another
/etc/hosts. What is decided is decided when the second tier is stopped, so that no time matters.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

import pytest
import yaml

from tests.support.docs import table, text_of, ticked
from tests.support.kubelet import POD_FIELDS, environment
from tests.support.otelcol import received, wait_until_healthy
from tests.tools import halves
from tests.tools.function import FUNCTION
from tests.tools.names import with_hosts
from tests.tools.test_sampling import clean
from tools.build import require

MANIFESTS = """
apiVersion: fn.oaas.io/v1alpha1
kind: OTelConfig
metadata: {name: otel}
spec:
  telemetry: {propagators: [w3c], metrics: false}
  collector:
    replicas: 2
    batch: {timeout: 200ms}
    tail_sampling: {decision_wait: 1h, num_traces: 100000}
    gateway:
      config:
        exporters: {file: {path: "${env:SPANS:-/dev/null}"}}
        service: {pipelines: {traces: {exporters: [file]}}}
---
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {name: shop}
spec:
  nfr_requirements: {max_latency_ms: 300}
  observability:
    enabled: true
    telemetry: {sampling_rate: RATE}
    collector: {mode: deployment, exporters: {traces: debug}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec: {template: {spec: {containers: [{name: function, image: acme/shop}]}}}
"""
TRACES = 20_000
RATE = 0.1


@dataclass(frozen=True)
class Rendered:
    """What runs: the application's environment, and each tier's config and environment."""

    application: dict[str, str]
    configs: dict[str, str]
    collectors: dict[str, dict[str, str]]


def rendered(rate: float) -> Rendered:
    done = subprocess.run(
        [FUNCTION], input=MANIFESTS.replace("RATE", str(rate)).encode(), capture_output=True, check=True
    )
    objects = {f"{one['kind']}/{one['metadata']['name']}": one for one in yaml.safe_load_all(done.stdout)}

    def container(name: str) -> dict[str, str]:
        (found,) = objects[f"Deployment/{name}"]["spec"]["template"]["spec"]["containers"]
        return environment(found, {**POD_FIELDS, "status.podIP": address(1)}, {})

    return Rendered(
        container("shop"),
        {tier: objects[f"ConfigMap/shop-otel-{name}config"]["data"]["collector.yaml"] for tier, name in TIERS.items()},
        {"first": container("shop-otel-collector"), "second": container("shop-otel-gateway")},
    )


TIERS = {"first": "", "second": "gateway-"}


def address(number: int) -> str:
    """One of this machine's, and of no other worker's."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return f"127.8.{worker}.{number}"


@contextmanager
def collecting(made: Rendered, tier: str, number: int, folder: Path, hosts: str) -> Iterator[Path]:
    """A collector of a tier; the file has what it exported, once it has stopped."""
    config, log, spans = (folder / f"{tier}-{number}.{kind}" for kind in ("yaml", "log", "jsonl"))
    config.write_text(made.configs[tier], encoding="utf-8")
    (folder / "hosts").write_text(hosts, encoding="utf-8")
    env = {**made.collectors[tier], "MY_POD_IP": address(number), "SPANS": str(spans)}
    command = with_hosts(folder / "hosts", [str(require("otelcol")), f"--config={config}"])
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=clean(env), stdout=output, stderr=output)
        try:
            wait_until_healthy(process, f"http://{address(number)}:13133", log)
            yield spans
        finally:
            process.terminate()
            code = process.wait(60)
    assert code == 0, log.read_text()
    assert "\terror\t" not in log.read_text()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, list[str]]]:
    """What each collector of the second tier exported: trace id → names of the spans."""
    folder, made = tmp_path_factory.mktemp("tiers"), rendered(RATE)
    hosts = "".join(f"{address(number)} shop-otel-gateway\n" for number in (2, 3))
    with ExitStack() as second:
        files = [second.enter_context(collecting(made, "second", number, folder, hosts)) for number in (2, 3)]
        with ExitStack() as first:
            for number in (4, 5):
                first.enter_context(collecting(made, "first", number, folder, hosts))
            threads = [threading.Thread(target=send, args=(made, half)) for half in (0, 1)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    found = []
    for file in files:
        traces: dict[str, list[str]] = {}
        for span in received(file.read_text()).spans():
            traces.setdefault(span["traceId"], []).append(span["name"])
        found.append(traces)
    return found


def send(made: Rendered, half: int) -> None:
    """One half of each trace, through a collector of the first tier."""
    env = {**made.application, "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{address(4 + half)}:4317"}
    env["OTEL_BSP_MAX_QUEUE_SIZE"] = str(2 * TRACES)  # nothing is dropped on the way
    subprocess.run([sys.executable, halves.__file__, str(half), str(TRACES)], env=clean(env), check=True, timeout=120)


def test_the_sdks_send_everything() -> None:
    made = rendered(RATE)
    assert made.application["OTEL_TRACES_SAMPLER"] == "parentbased_always_on"
    assert "probabilistic_sampler" not in made.configs["first"] + made.configs["second"]


def test_all_spans_of_a_trace_meet_in_one_collector(kept: list[dict[str, list[str]]]) -> None:
    """Both halves, which came by different collectors of the first tier; and both of the second one have work."""
    one, other = kept
    assert not one.keys() & other.keys()
    assert all(len(names) == 2 and len(set(names)) == 1 for traces in kept for names in traces.values())
    share = len(one) / (len(one) + len(other))
    assert 0.2 < share < 0.8


def test_errors_and_slow_traces_are_all_kept(kept: list[dict[str, list[str]]]) -> None:
    """Though the error stands in one half alone, and neither half is slow by itself."""
    for kind in ("failing", "slow"):
        wanted = {f"{trace_id:032x}" for trace_id, what in halves.traces(TRACES) if what == kind}
        assert len(wanted) == TRACES / len(halves.KINDS)
        assert wanted == {trace_id for traces in kept for trace_id, names in traces.items() if names[0] == kind}


def test_of_the_rest_the_rate_is_kept(kept: list[dict[str, list[str]]]) -> None:
    """Within 4 standard errors."""
    counted = Counter(names[0] for traces in kept for names in traces.values())
    assert abs(counted["plain"] / sent("plain") - RATE) < bound("plain")


def sent(kind: str) -> int:
    return TRACES * halves.KINDS.count(kind) // len(halves.KINDS)


def share_of(kind: str) -> float:
    return RATE if kind == "plain" else 1.0


def bound(kind: str) -> float:
    """4 standard errors; of what is all kept, nothing."""
    return 4 * sqrt(share_of(kind) * (1 - share_of(kind)) / sent(kind))


def test_the_documented_figures_are_of_these_traces() -> None:
    found = table(text_of("sampling.md"), "whole traces")
    assert [ticked(kind) for kind, *_ in found] == list(dict.fromkeys(halves.KINDS))
    for kind, number, left, share, expected, within in found:
        name = ticked(kind)
        assert (int(number), expected, within) == (sent(name), f"{share_of(name):.4f}", f"{bound(name):.4f}")
        assert share == f"{int(left) / int(number):.4f}"
        assert abs(float(share) - share_of(name)) <= bound(name)
