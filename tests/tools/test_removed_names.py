"""Names that krm-otel refuses in a config: the real collector refuses them, too, and takes what is proposed instead."""

from __future__ import annotations

import copy
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from krm_otel.collector.config.build import build_config, merge
from krm_otel.collector.reading.removed import COMPONENTS, FIELDS
from tests.support.collector import class_and_settings, first_tier
from tools.build import require

SOUND: dict[str, Any] = yaml.safe_load("""
receivers: {otlp: {protocols: {grpc: {}, http: {}}}}
processors:
  memory_limiter: {check_interval: 1s, limit_mib: 100}
  resource: {attributes: [{key: a, value: b, action: insert}]}
connectors: {span_metrics: {}, spanmetrics: {}}
exporters:
  debug: {}
  otlp_grpc: {endpoint: "x:4317"}
  otlp: {endpoint: "x:4317"}
  otlp_http: {endpoint: "http://x"}
  otlphttp: {endpoint: "http://x"}
  prometheus_remote_write: {endpoint: "http://x/write"}
  prometheusremotewrite: {endpoint: "http://x/write"}
extensions: {health_check: {}}
service:
  extensions: [health_check]
  pipelines:
    traces: {receivers: [otlp], processors: [memory_limiter, resource], exporters: [debug, span_metrics, spanmetrics]}
    metrics: {receivers: [otlp, span_metrics, spanmetrics], exporters: [debug]}
""")  # fmt: skip
INSTEAD = {
    "verbosity: detailed": {"verbosity": "detailed"},
    "tls.insecure": {"tls": {"insecure": True}},
    "sending_queue.batch": {"sending_queue": {"batch": {"min_size": 1}}},
    "sending_queue.block_on_overflow": {"sending_queue": {"block_on_overflow": True}},
    "remote_write_queue": {"remote_write_queue": {"enabled": True}},
    "histogram.explicit.buckets": {"histogram": {"explicit": {"buckets": ["1ms"]}}},
    "protocols.http.cors.allowed_origins": {"protocols": {"http": {"cors": {"allowed_origins": ["http://x"]}}}},
    "endpoint: 0.0.0.0:13133": {"endpoint": "0.0.0.0:13133"},
}
"""What is proposed, as a user writes it."""


def refused(config: dict[str, Any], folder: Path) -> str:
    """What the collector says against a config; empty where it takes it."""
    file = folder / "config.yaml"
    file.write_text(yaml.safe_dump(config), encoding="utf-8")
    done = subprocess.run([require("otelcol"), "validate", f"--config={file}"], capture_output=True, text=True)
    return done.stderr if done.returncode else ""


def nested(path: str, value: Any) -> dict[str, Any]:
    for key in reversed(path.split(".")):
        value = {key: value}
    found: dict[str, Any] = value
    return found


def test_the_config_without_them_is_accepted(tmp_path: Path) -> None:
    """Otherwise nothing of what follows would say anything."""
    assert refused(SOUND, tmp_path) == ""


@pytest.mark.parametrize(
    ("section", "component", "field"),
    [(s, c, f) for s, types in FIELDS.items() for c, fields in types.items() for f in fields],
)
def test_fields_are_refused(section: str, component: str, field: str, tmp_path: Path) -> None:
    """By name: the message of the collector has it."""
    config = merge(SOUND, {section: {component: nested(field, "x")}})
    assert field.rpartition(".")[2] in refused(config, tmp_path)


@pytest.mark.parametrize(
    ("section", "component", "instead"),
    [
        (section, component, instead)
        for section, types in FIELDS.items()
        for component, fields in types.items()
        for instead in fields.values()
        if instead in INSTEAD
    ],
)
def test_what_is_proposed_is_accepted(section: str, component: str, instead: str, tmp_path: Path) -> None:
    """A proposal must not lead from one error to the next."""
    assert refused(merge(SOUND, {section: {component: INSTEAD[instead]}}), tmp_path) == ""


@pytest.mark.parametrize(("section", "component"), [(s, c) for s, types in COMPONENTS.items() for c in types])
def test_components_are_unknown(section: str, component: str, tmp_path: Path) -> None:
    """The collector does not know the type, or says itself that it is gone."""
    said = refused(merge(SOUND, {section: {component: {}}}), tmp_path)
    assert f'"{component}"' in said or f"the {component} exporter has been deprecated" in said


def test_processors_at_a_place_are_accepted(tmp_path: Path) -> None:
    """`collector.processors` in a generated config, as the collector reads it."""
    spec = """
    telemetry: {sampling_rate: 0.5}
    collector:
      mode: deployment
      exporters: {traces: debug, metrics: debug}
      processors:
        - {name: filter/health, config: {traces: {span: ['true']}}, signals: [traces], after: memory_limiter}
        - {name: attributes/team, config: {actions: [{key: team, value: core, action: insert}]}}
    """
    config = copy.deepcopy(build_config(first_tier(class_and_settings("", spec))))
    assert config["service"]["pipelines"]["traces"]["processors"][1] == "filter/health"
    assert refused(config, tmp_path) == ""
