"""How many traces are kept at each stage: rendered environment and rendered config, real SDKs and a real collector.

A Deployment with a sidecar is rendered, and both run here. All that is not as it comes out is where the collector
listens and what it writes to, which the configuration says itself (`collector.config`), and the port in the
environment.
"""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

import pytest
import yaml

from tests.support.docs import table, text_of, ticked
from tests.support.kubelet import POD_FIELDS, environment
from tests.support.otelcol import received, wait_until_healthy
from tests.tools import application, downstream
from tests.tools.function import FUNCTION
from tests.tools.ports import FREE
from tools.build import require

MANIFESTS = """
apiVersion: fn.oaas.io/v1alpha1
kind: OTelConfig
metadata: {{name: otel}}
spec:
  telemetry: {{propagators: [w3c], metrics: false, protocol: grpc}}
  collector:
    mode: sidecar
    sampling_stage: {stage}
    exporters: {{traces: debug}}
    volumes: {{spans: {{path: "{folder}", empty_dir: true}}}}
    config:
      extensions: {{health_check: {{endpoint: "${{env:MY_POD_IP}}:{health}"}}}}
      receivers:
        otlp: {{protocols: {{grpc: {{endpoint: "127.0.0.1:{grpc}"}}, http: {{endpoint: "127.0.0.1:{http}"}}}}}}
      exporters: {{file: {{path: "{folder}/spans.jsonl"}}}}
      service:
        telemetry: {{metrics: {{level: none, readers: []}}}}
        pipelines: {{traces: {{{pipeline}}}}}
      {more}
---
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {{name: shop}}
spec: {{observability: {{enabled: true, telemetry: {{sampling_rate: {rate}}}}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: shop}}
spec: {{template: {{spec: {{containers: [{{name: function, image: acme/shop}}]}}}}}}
"""
STAGES = ("sdk", "collector", "both")
RATES = (0.05, 0.1, 0.5)
TRACES = 40_000
LANGUAGES = {"Python": "request", "Go": "root"}
"""What their root spans are called: both send to the same collector."""


@dataclass(frozen=True)
class Rendered:
    """What runs: the environment of the application and of the collector, and the collector's config."""

    application: dict[str, str]
    collector: dict[str, str]
    config: str
    health: str
    file: Path


def rendered(folder: Path, stage: str, rate: float, pipeline: str = "exporters: [file]", more: str = "") -> Rendered:
    """A class with its sidecar, as krm-otel renders it."""
    ports = {name: next(FREE) for name in ("grpc", "http", "health")}
    text = MANIFESTS.format(stage=stage, rate=rate, folder=folder, pipeline=pipeline, more=more, **ports)
    done = subprocess.run([FUNCTION], input=text.encode(), capture_output=True, check=True)
    objects = {one["kind"]: one for one in yaml.safe_load_all(done.stdout)}
    pod = objects["Deployment"]["spec"]["template"]["spec"]
    (function,), (sidecar,) = pod["containers"], pod["initContainers"]
    fields = {**POD_FIELDS, "status.podIP": "127.0.0.1"}
    env = environment(function, fields, {})
    assert env["OTEL_EXPORTER_OTLP_ENDPOINT"] == f"http://127.0.0.1:{ports['grpc']}"
    return Rendered(
        application=env,
        collector=environment(sidecar, fields, {}),
        config=objects["ConfigMap"]["data"]["collector.yaml"],
        health=f"http://127.0.0.1:{ports['health']}",
        file=folder / "spans.jsonl",
    )


@contextmanager
def collecting(made: Rendered) -> Iterator[Counter[str]]:
    """The rendered collector; the counter holds how many spans of each name came through it, once it has stopped."""
    folder, found = made.file.parent, Counter[str]()
    config, log = folder / "collector.yaml", folder / "collector.log"
    config.write_text(made.config, encoding="utf-8")
    with log.open("wb") as output:
        command = [str(require("otelcol")), f"--config={config}"]
        process = subprocess.Popen(command, env=clean(made.collector), stdout=output, stderr=output)
        try:
            wait_until_healthy(process, made.health, log)
            yield found
        finally:
            process.terminate()
            code = process.wait(30)
    assert code == 0, log.read_text()
    found.update(span["name"] for span in received(made.file.read_text()).spans())


def clean(env: Mapping[str, str]) -> dict[str, str]:
    """This environment, and nothing of ours that happens to be set here."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")} | {"SEED": "158"}
    return {**kept, **env}


def run(command: list[str], env: Mapping[str, str]) -> str:
    """What an application prints that sends all it has before it ends."""
    # Nothing may be dropped by the SDK's queue: that would look like sampling.
    everything = clean({**env, "OTEL_BSP_MAX_QUEUE_SIZE": str(2 * TRACES)})
    done = subprocess.run(command, env=everything, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def measured(folder: Path, stage: str, rate: float) -> dict[str, int]:
    """How many of TRACES root traces come through, for each language."""
    made = rendered(folder, stage, rate)
    commands = (
        [sys.executable, application.__file__, str(TRACES)],
        [str(require("oteldemo")), "spans", str(TRACES)],
    )
    with collecting(made) as found, ThreadPoolExecutor() as pool:
        list(pool.map(lambda command: run(command, made.application), commands))
    return {language: found[name] for language, name in LANGUAGES.items()}


def share_of(stage: str, rate: float) -> float:
    """What is to be kept: the rate where one place samples, its square where both do."""
    return rate * rate if stage == "both" else rate


def bound(share: float) -> float:
    """4 standard errors of a share of TRACES."""
    return 4 * sqrt(share * (1 - share) / TRACES)


# --- root traces --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", STAGES)
def test_nothing_is_lost_on_the_way(tmp_path: Path, stage: str) -> None:
    """At rate 1 all arrive: what is missing in the tests below was sampled out."""
    assert measured(tmp_path, stage, 1.0) == dict.fromkeys(LANGUAGES, TRACES)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("stage", STAGES)
def test_what_is_kept_of_root_traces(tmp_path: Path, stage: str, rate: float) -> None:
    """In both languages the share that is asked for, within 4 standard errors."""
    share = share_of(stage, rate)
    for language, kept in measured(tmp_path, stage, rate).items():
        assert abs(kept / TRACES - share) < bound(share), (language, kept)


# --- traces that somebody else started ----------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_the_decision_of_upstream_is_followed(tmp_path: Path, rate: float) -> None:
    """The rate governs the traces that a class starts: behind a gateway at 0.1, both 0 and 1 give 0.1."""
    made = rendered(tmp_path, "sdk", rate)
    with collecting(made) as found:
        sampled = int(run([sys.executable, downstream.__file__, str(TRACES), "0.1"], made.application))
        with serving(made.application, tmp_path / "service.log") as url:
            for number in range(20):
                request(f"{url}/sampled", number, "01")
                request(f"{url}/dropped", number, "00")
    assert abs(sampled / TRACES - 0.1) < bound(0.1)
    assert found == {"request": sampled, "/sampled": 20}


@pytest.mark.parametrize(("upstream", "rate", "share"), [(0.1, 0.1, 0.01), (0.5, 0.1, 0.05), (0.003, 0.2, 0.0)])
def test_a_collector_samples_what_upstream_sampled_once_more(
    tmp_path: Path, upstream: float, rate: float, share: float
) -> None:
    """SDKs keep the low end of trace IDs, the collector the high end of their low 56 bits: of a few, none is left."""
    made = rendered(tmp_path, "collector", rate)
    with collecting(made) as found:
        sampled = int(run([sys.executable, downstream.__file__, str(TRACES), str(upstream)], made.application))
    assert abs(sampled / TRACES - upstream) < bound(upstream)
    assert abs(found["request"] / TRACES - share) <= bound(share)


@pytest.mark.parametrize(("stage", "share"), [("sdk", 0.25), ("collector", 0.0), ("both", 0.0)])
def test_a_sampler_by_hash_behind_another_one_lets_nothing_through(tmp_path: Path, stage: str, share: float) -> None:
    """It refuses what says in its tracestate that a collector sampled it (`fail_closed`): two are never chained."""
    pipeline = "exporters: [file], processors: [memory_limiter, {}probabilistic_sampler/again]"
    more = "processors: {probabilistic_sampler/again: {sampling_percentage: 50}}"
    first = "" if stage == "sdk" else "probabilistic_sampler, "
    made = rendered(tmp_path, stage, 0.5, pipeline.format(first), more)
    with collecting(made) as found:
        run([sys.executable, application.__file__, str(TRACES)], made.application)
    assert abs(found["request"] / TRACES - share) <= bound(share)


@contextmanager
def serving(env: Mapping[str, str], log: Path) -> Iterator[str]:
    """A service in Go; its address, once it listens."""
    port = next(FREE)
    with log.open("wb") as output:
        command, everything = [str(require("oteldemo"))], clean({**env, "PORT": str(port)})
        process = subprocess.Popen(command, env=everything, stdout=output, stderr=output)
        try:
            deadline = time.monotonic() + 30
            while not listens(port):
                assert process.poll() is None and time.monotonic() < deadline, log.read_text()
                time.sleep(0.02)  # between two questions; what is waited for is the answer
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            code = process.wait(30)
    assert code == 0, log.read_text()


def listens(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def request(url: str, number: int, flags: str) -> None:
    """A request in a trace that was started upstream."""
    parent = f"00-{number + 1:032x}-{1:016x}-{flags}"
    with urllib.request.urlopen(urllib.request.Request(url, headers={"traceparent": parent}), timeout=30) as answer:
        assert answer.status == 200


# --- what is told -------------------------------------------------------------------------------------------------


def test_the_documented_figures_are_of_these_cases() -> None:
    """Every case, as it is measured above, each figure within its bound."""
    found = table(text_of("sampling.md"), "measured")
    assert [(ticked(stage), float(rate)) for stage, rate, *_ in found] == list(itertools.product(STAGES, RATES))
    for stage, rate, expected, *kept, within in found:
        share = share_of(ticked(stage), float(rate))
        assert (expected, within) == (f"{share:.4f}", f"{bound(share):.4f}")
        assert len(kept) == len(LANGUAGES)
        assert all(abs(float(figure) - share) < bound(share) for figure in kept)
