"""`dashboards`, `rules` and `monitors` of an OTelConfig, and `nfr_requirements` of a class."""

from __future__ import annotations

import pytest

from krm_otel.config.schema.monitoring import Dashboards, Monitors, Rules
from krm_otel.config.settings import Monitoring, Requirements
from tests.support.configuration import class_runtime, observability, otel_config, resolved


@pytest.mark.parametrize(
    ("spec", "monitoring"),
    [
        ("enabled: true", Monitoring()),
        ("dashboards:", Monitoring()),
        ("dashboards: {}", Monitoring(dashboards=Dashboards())),
        ("dashboards: {enabled: false, folder: A}", Monitoring()),
        ("dashboards: {enabled: true, folder: A}", Monitoring(dashboards=Dashboards(folder="A"))),
        ("dashboards: {labels: {a: b}}", Monitoring(dashboards=Dashboards(labels={"a": "b"}))),
        ("rules: {}", Monitoring(rules=Rules(format="prometheus_rule"))),
        ("rules: {format: config_map, interval: 1m}", Monitoring(rules=Rules(format="config_map", interval="1m"))),
        ("rules: {analyzer: false}", Monitoring(rules=Rules(format="prometheus_rule", analyzer=False))),
        ("monitors: {interval: 5s}", Monitoring(monitors=Monitors(interval="5s"))),
        ("monitors: {enabled: false}", Monitoring()),
    ],
)
def test_an_existing_block_is_on(spec: str, monitoring: Monitoring) -> None:
    configuration, results = resolved([], otel_config(spec))
    assert results == []
    assert configuration.monitoring == monitoring


@pytest.mark.parametrize("interval", ["1h30m", "15s", "1d", "500ms"])
def test_durations_of_prometheus_are_accepted(interval: str) -> None:
    assert resolved([], otel_config(f"rules: {{interval: {interval}}}"))[1] == []


@pytest.mark.parametrize("interval", ["1.5s", "0s", "0", "s", "30m1h", "15", "'15'", "''"])
def test_other_durations_are_errors(interval: str) -> None:
    (result,) = resolved([], otel_config(f"rules: {{interval: {interval}}}"))[1]
    assert (result.code, result.field_path) == ("duration-invalid", "spec.rules.interval")
    assert result.proposed == ("15s" if "15" in interval else None)


NUMBERS = "nfr_requirements: {max_latency_ms: %s, min_throughput_rps: %s, availability_pct: %s}\n"
ON = "observability: {enabled: true, collector: {endpoint: 'http://c:4317'}}\n"
ASKED = "rules: {requirements: true}"


def test_requirements_are_read() -> None:
    configuration, results = resolved([class_runtime(NUMBERS % (200, 50, 99.9) + ON)], otel_config(ASKED))
    assert results == []
    assert configuration.classes[0].requirements == Requirements(200, 50, 99.9)


@pytest.mark.parametrize("odd", ["fast", "-1", "[]", "{}", "nan", "inf", "1e999", "'100 ms'"])
def test_invalid_requirements_are_ignored_with_a_warning(odd: str) -> None:
    """They are a warning where rules need them, and are not read otherwise."""
    text = class_runtime(NUMBERS % (odd, "null", 99) + ON)
    configuration, results = resolved([text], otel_config(ASKED))
    assert [(r.code, r.severity, r.field_path) for r in results] == [
        ("requirement-invalid", "warning", "spec.nfr_requirements.max_latency_ms")
    ]
    assert configuration.classes[0].requirements == Requirements(availability_pct=99)
    for quiet in ("rules: {}", "enabled: true"):
        assert resolved([text], otel_config(quiet))[1] == []
    assert resolved([text.replace("enabled: true", "enabled: false")], otel_config(ASKED))[1] == []


@pytest.mark.parametrize("block", ["nfr_requirements: 5", "nfr_requirements: [a]", "nfr_requirements:", ""])
def test_requirements_that_are_not_a_mapping_are_ignored(block: str) -> None:
    configuration, results = resolved([class_runtime(f"{block}\n{ON}")], otel_config(ASKED))
    assert results == []
    assert configuration.classes[0].requirements == Requirements()


def test_zero_requires_nothing() -> None:
    """Upstream's numbers are unsigned, and zero is what people write for none."""
    configuration, results = resolved([class_runtime(NUMBERS % (0, 0, 0) + ON)], otel_config(ASKED))
    assert results == []
    assert configuration.classes[0].requirements == Requirements()


MANAGED = "enabled: true\ncollector: {mode: %s, exporters: {traces: debug, metrics: %s}}"
SCRAPERS = "collector: {network_policy: {scrapers: [{pod_labels: {app: prometheus}}]}}"


@pytest.mark.parametrize(
    ("mode", "metrics", "spec", "places"),
    [
        ("deployment", "debug", "", ["spec.monitors"]),
        ("deployment", "prometheus-scrape", "", ["spec.observability.collector.exporters.metrics"] * 2),
        ("deployment", "debug", SCRAPERS, []),
        ("deployment", "debug", "collector: {network_policy: {enabled: false}}", []),
        ("deployment", "debug", "flavor: operator", []),
        ("sidecar", "debug", "", []),
    ],
)
def test_a_monitor_that_the_network_policy_blocks_is_reported_once(
    mode: str, metrics: str, spec: str, places: list[str]
) -> None:
    items = [observability(MANAGED % (mode, metrics), name=name) for name in ("a", "b")]
    _, results = resolved(items, otel_config(f"telemetry: {{propagators: [w3c]}}\nmonitors: {{}}\n{spec}"))
    assert [result.field_path for result in results if result.code == "scrapers-missing"] == places


def test_requirements_of_a_class_without_a_block_are_not_read() -> None:
    text = class_runtime(NUMBERS % ("odd", "odd", "odd"))
    assert resolved([text], otel_config(ASKED))[1] == []
    assert resolved([observability("enabled: true\ncollector: {endpoint: 'http://c:4317'}")], None)[1] == []


@pytest.mark.parametrize(
    ("spec", "code", "path"),
    [
        ("monitors: {labels: {component: mine}}", "key-reserved", "spec.monitors.labels.component"),
        ("rules: {labels: {oaas.io/owner: me}}", "key-reserved", "spec.rules.labels[oaas.io/owner]"),
        ("dashboards: {labels: {app.kubernetes.io/name: d}}", "key-reserved", "labels[app.kubernetes.io/name]"),
        ("dashboards: {folder_annotation: oaas.io/generated-by}", "key-reserved", "spec.dashboards.folder_annotation"),
        ("dashboards: {folder_annotation: config.kubernetes.io/path}", "key-reserved", "folder_annotation"),
        (
            "collector: {pod: {labels: {app.kubernetes.io/instance: i}}}",
            "key-reserved",
            "[app.kubernetes.io/instance]",
        ),
        (
            "collector: {pod: {annotations: {oaas.io/otel-config-hash: x}}}",
            "key-reserved",
            "[oaas.io/otel-config-hash]",
        ),
        ("monitors: {labels: {a..b/c: d}}", "label-invalid", "spec.monitors.labels[a..b/c]"),
        ("dashboards: {folder_annotation: A/c}", "annotation-invalid", "spec.dashboards.folder_annotation"),
    ],
)
def test_reserved_and_invalid_keys_are_errors(spec: str, code: str, path: str) -> None:
    """They would be overwritten, or make what is generated somebody else's."""
    _, results = resolved([], otel_config(spec))
    (error,) = [one for one in results if one.severity == "error"]
    assert error.code == code and error.field_path.endswith(path)
    assert error.line().count(path) == 1, "the field stands there once"
    assert code != "key-reserved" or "that krm-otel sets itself: write another key" in error.message


def test_labels_of_scrapers_may_be_any() -> None:
    """Those by which somebody else's pods are found may be any."""
    spec = "collector: {network_policy: {scrapers: [{pod_labels: {app.kubernetes.io/name: prometheus}}]}}"
    _, results = resolved([], otel_config(spec))
    assert not [one for one in results if one.severity == "error"]


def test_an_interval_that_the_operator_cannot_express_is_a_warning() -> None:
    for spec, warned in (("interval: 5s", True), ("labels: {a: b}", False), ("enabled: false, interval: 5s", False)):
        _, results = resolved([], otel_config(f"flavor: operator\nmonitors: {{{spec}}}"))
        said = [(one.code, one.severity, one.field_path) for one in results]
        assert said == ([("operator-cannot-say", "warning", "spec.monitors.interval")] if warned else [])
