"""Settings of managed collectors: values, origins, warnings and errors."""

from __future__ import annotations

from typing import Any

import pytest

from krm_otel.config.schema.collector import Batch
from krm_otel.config.settings import CollectorSettings, NodeCollector, Resources, Target
from tests.support.configuration import (
    codes_and_paths,
    observability,
    otel_config,
    resolved,
    settings_of,
    valid_settings,
)


def collector(block: str = "", config: str | None = None) -> CollectorSettings:
    found = valid_settings(observability("enabled: true\n" + block), otel_config(config) if config else None).collector
    assert found is not None
    return found


def reported(block: str, config: str | None = None, severity: str = "error") -> list[tuple[str, str]]:
    _, results = settings_of(observability("enabled: true\n" + block), otel_config(config) if config else None)
    return codes_and_paths(results, severity)


NAMED = "collector: {exporters: {traces: debug, metrics: debug}}"


# --- whether there is one ---


@pytest.mark.parametrize(
    ("block", "managed"),
    [
        ("", True),
        ("collector: {mode: deployment}", True),
        ("collector: {mode: external, endpoint: 'http://x:4317'}", False),
        ("collector: {mode: deployment, endpoint: 'http://x:4317'}", False),
        ("telemetry: {traces: false, metrics: false}", False),
    ],
)
def test_a_collector_is_managed_where_the_class_needs_one(block: str, managed: bool) -> None:
    settings = valid_settings(observability("enabled: true\n" + block))
    assert (settings.collector is not None) is managed
    assert settings.endpoint is None or not managed


def test_the_collectors_of_nodes_belong_to_no_class() -> None:
    """A class gets their address and nothing else; the config has to say what generates them."""
    settings = valid_settings(observability("enabled: true\ncollector: {mode: daemonset}"))
    assert settings.collector is None
    assert settings.node_collector == NodeCollector("oaas-system")
    assert reported("collector: {mode: daemonset}", None, "warning") == [
        ("daemonset-not-managed", "spec.observability.collector.mode")
    ]
    assert reported("collector: {mode: daemonset}", "collector: {daemonset: {manage: false}}", "warning") == []
    elsewhere = "collector: {endpoint_host: fqdn, daemonset: {manage: false, namespace: telemetry}}"
    settings = valid_settings(observability("enabled: true\ncollector: {mode: daemonset}"), otel_config(elsewhere))
    assert settings.node_collector == NodeCollector("telemetry", fqdn=True)


def test_the_collectors_of_nodes_take_every_signal() -> None:
    """Classes switch signals on one by one; exporters are the cluster's, and nothing is sampled there."""
    config = "collector: {daemonset: {manage: true}, sampling_stage: collector, exporters: {traces: debug}}"
    configuration, results = resolved([], otel_config(config))
    assert codes_and_paths(results, "warning") == [("exporter-missing", "spec.collector.exporters.metrics")]
    nodes = configuration.node_collectors
    assert nodes is not None and nodes.settings is not None and nodes.settings.collector is not None
    assert (nodes.name, nodes.namespace) == ("oaas-otel", "oaas-system")
    assert list(nodes.settings.collector.exporters) == ["traces", "metrics", "logs"]
    assert nodes.settings.sampling_stage.value == "sdk"
    for off in ("enabled: false", "collector: {daemonset: {manage: false}}", "collector: {}"):
        assert resolved([], otel_config(off))[0].node_collectors is None


@pytest.mark.parametrize(
    ("block", "config", "expected"),
    [
        (
            "collector: {mode: daemonset, exporters: {traces: debug}}",
            "collector: {daemonset: {manage: true}, exporters: {metrics: debug}}",
            [("daemonset-shared", "spec.observability.collector.exporters.traces")],
        ),
        (
            "collector: {mode: daemonset}",
            "collector: {daemonset: {manage: true}, sampling_stage: both, exporters: {traces: debug, metrics: debug}}",
            [("sampling-stage", "spec.collector.sampling_stage")],
        ),
        (
            "",
            "collector: {daemonset: {manage: true}, image: 'otel/opentelemetry-collector:0.158.0'}",
            [("image-lacks", "spec.collector.image")],
        ),
        (
            "",
            "collector: {daemonset: {manage: true}, image: 'otel/opentelemetry-collector:0.158.0'}\n"
            "telemetry: {attributes: {k8s: false}}",
            [],
        ),
    ],
)
def test_unsupported_settings_of_node_collectors_are_errors(
    block: str, config: str, expected: list[tuple[str, str]]
) -> None:
    assert reported(block, config) == expected


@pytest.mark.parametrize(
    ("block", "config", "expected"),
    [
        ("", "collector: {queue: {persistent: true}}", []),
        (
            "",
            "collector: {queue: {persistent: true, size_limit: 1Gi, claim: c}}",
            [("queue-volume", "spec.collector.queue")],
        ),
        ("", "collector: {queue: {persistent: true, claim: c}}", [("queue-volume", "spec.collector.queue")]),
        ("collector: {mode: deployment}", "collector: {queue: {persistent: true, claim: c}}", []),
        (
            "collector: {mode: deployment}",
            "collector: {replicas: 2, queue: {persistent: true, claim: c}}",
            [("queue-volume", "spec.collector.queue")],
        ),
        (
            "",
            "collector: {image: 'otel/opentelemetry-collector:0.158.0', queue: {persistent: true}}",
            [("image-lacks", "spec.collector.image")],
        ),
        (
            "",
            "collector: {autoscaling: {max_replicas: 2, cpu: 0}}",
            [("number-range", "spec.collector.autoscaling.cpu")],
        ),
        ("", "collector: {autoscaling: {}}", [("missing-field", "spec.collector.autoscaling.max_replicas")]),
    ],
)
def test_queues_and_autoscaling(block: str, config: str, expected: list[tuple[str, str]]) -> None:
    assert reported(block, config) == expected


def test_a_class_without_signals_may_name_exporters() -> None:
    """Whether an exporter is right does not depend on what is switched on."""
    block = "telemetry: {traces: false, metrics: false}\ncollector: {exporters: {traces: debug, metrics: tempo}}"
    assert reported(block) == []


def test_autoscaling_decides_how_many_there_are() -> None:
    config = "collector: {replicas: 2, autoscaling: {max_replicas: 3}}"
    assert reported(NAMED, config, "warning") == [("autoscaling-replicas", "spec.collector.replicas")]
    found = collector(config=config)
    assert (found.fewest, found.most) == (1, 3)


def test_a_signal_that_only_one_class_has_needs_an_exporter_too() -> None:
    config = "collector: {daemonset: {manage: true}, exporters: {traces: debug, metrics: debug}}"
    block = "collector: {mode: daemonset}\ntelemetry: {logs: true}"
    assert reported(block, config, "warning") == [("exporter-missing", "spec.observability.telemetry.logs")]


def test_the_platform_has_a_collector_of_its_own() -> None:
    spec = "collector: {mode: deployment, endpoint_host: svc}\nplatform: {components: {gw: {match_labels: {a: b}}}}"
    configuration, results = resolved([], otel_config(spec))
    assert codes_and_paths(results) == []
    assert configuration.platform is not None
    assert configuration.platform.collector is not None


# --- exporters ---


def test_an_exporter_is_an_endpoint_a_backend_or_several() -> None:
    found = collector(
        "collector: {exporters: {traces: [tempo, 'http://x:4318/a'], metrics: prometheus-scrape}}",
        "backends: {tempo: {type: tempo, endpoint: 'http://t:4318'}}",
    ).exporters
    assert [t.value for t in found["traces"]] == [
        Target("otlp_http", "tempo", "http://t:4318"),
        Target("otlp_http", "", "http://x:4318/a", verbatim=True),
    ]
    assert [t.value for t in found["metrics"]] == [Target("prometheus", "prometheus-scrape", series=True)]
    assert str(found["traces"][1].origin) == "ClassRuntime spec.observability.collector.exporters.traces[1]"


def test_a_list_of_one_exporter_is_one_exporter() -> None:
    assert collector("collector: {exporters: {traces: [debug]}}") == collector(
        "collector: {exporters: {traces: debug}}"
    )


def test_the_flat_form_separates_several_by_commas() -> None:
    settings = valid_settings(
        observability("enabled: true"), None, {"OPRC_CRM_OTEL_EXPORTER_TRACES": "debug, http://x:4317"}
    )
    assert settings.collector is not None
    assert [t.value.kind for t in settings.collector.exporters["traces"]] == ["debug", "otlp_grpc"]


def test_a_signal_without_exporter_goes_to_debug_with_a_warning() -> None:
    block = "telemetry: {logs: true}\ncollector: {exporters: {metrics: debug}}"
    assert (
        reported(block, None, "warning")
        == [
            ("exporter-missing", "spec.observability.collector.exporters.traces"),
            ("b3-by-default", ""),
        ][:1]
    )
    found = collector(block).exporters
    assert found["traces"] == found["logs"]
    assert str(found["traces"][0].origin) == "default"


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("tempo", "http://tempo.observability.svc:4317"),
        ("jaeger", "http://jaeger.observability.svc:4317"),
        ("victoriatraces", "http://victoriatraces.observability.svc:10428"),
    ],
)
def test_an_undeclared_backend_has_the_usual_address_of_its_type(name: str, address: str) -> None:
    """With a warning that says where that is; so is a declared one without an address."""
    block = f"telemetry: {{metrics: false}}\ncollector: {{exporters: {{traces: {name}}}}}"
    for config in (None, f"backends: {{{name}: {{type: {name}}}}}"):
        _, results = settings_of(observability("enabled: true\n" + block), otel_config(config) if config else None)
        (warning,) = [r for r in results if r.severity == "warning"]
        assert warning.code == "backend-assumed"
        assert address in warning.message


@pytest.mark.parametrize("name", ["debug", "prometheus-scrape"])
def test_backends_without_connections_need_no_endpoint(name: str) -> None:
    assert (
        reported(f"telemetry: {{traces: false}}\ncollector: {{exporters: {{metrics: {name}}}}}", None, "warning") == []
    )


@pytest.mark.parametrize(
    ("block", "config", "code"),
    [
        ("collector: {exporters: {traces: nobody}}", None, "backend-unknown"),
        ("collector: {exporters: {traces: otlp}}", None, "backend-unknown"),
        ("collector: {exporters: {traces: loki}}", None, "backend-signal"),
        (
            "collector: {exporters: {metrics: p}}",
            "backends: {p: {type: tempo, endpoint: 'http://x:4317'}}",
            "backend-signal",
        ),
        ("collector: {exporters: {traces: 'http://x:4317/path'}}", None, "endpoint-path"),
        (
            "collector: {exporters: {metrics: p}}",
            "backends: {p: {type: prometheus, endpoint: 'http://x:9090/api/v1/otlp/v1/metrics'}}",
            "endpoint-path",
        ),
        ("collector: {exporters: {traces: []}}", None, "empty"),
        ("collector: {exporters: {traces: tempo}}", "limits: {backends: [jaeger]}", "limit-backend"),
        ("collector: {image: 'otel/opentelemetry-collector:0.153.0'}", None, "image-too-old"),
    ],
)
def test_unusable_exporters_and_images_are_errors(block: str, config: str | None, code: str) -> None:
    assert [found for found, _ in reported(block, config)] == [code]


@pytest.mark.parametrize("image", [
    *("otel/opentelemetry-collector:0.154.0", "x/otelcol:1.2.3", "x/otelcol:latest", "x/otelcol"),
    *("x:5000/otelcol@sha256:0", "x/otelcol:0.1540"),
    # Other distributions count otherwise.
    *("grafana/alloy:v0.44", "signoz/signoz-otel-collector:0.111.5", "acme/aws-otel-collector:v0.43.1"),
])  # fmt: skip
def test_images_of_unknown_contents_are_accepted(image: str) -> None:
    assert reported(f"collector: {{image: '{image}'}}") == []


@pytest.mark.parametrize(
    ("exporter", "expected"),
    [
        ("prometheus", True),
        ("prometheus-remote-write", True),
        ("prometheus-scrape", True),
        ("mimir", True),
        ("victoriametrics", True),
        ("debug", False),
        ("'http://x:4318'", False),
        ("'http://x:9090/api/v1/otlp/v1/metrics'", True),
        ("'http://x:9090/below/api/v1/otlp/v1/metrics/'", True),
        ("'http://x:9090/v1/metrics'", False),
        ("[debug, prometheus]", True),
    ],
)
def test_data_points_get_labels_where_a_target_makes_series(exporter: str, expected: bool) -> None:
    assert collector(f"collector: {{exporters: {{metrics: {exporter}}}}}").labels is expected
    off = f"telemetry: {{metrics: false}}\ncollector: {{exporters: {{metrics: {exporter}}}}}"
    assert collector(off).labels is False


def test_an_image_that_cannot_label_is_a_warning() -> None:
    """Its Prometheus exporters work all the same, so that this is no error."""
    block = (
        "collector: {image: 'otel/opentelemetry-collector:0.158.0', exporters: {traces: debug, metrics: prometheus}}"
    )
    spec = "backends: {prometheus: {type: prometheus, endpoint: 'http://p:9090'}}"
    assert reported(block, spec) == []
    assert reported(block, spec, "warning") == [("image-lacks", "spec.observability.collector.image")]
    assert collector(block, spec).labels is False


@pytest.mark.parametrize(
    ("block", "file", "config", "expected"),
    [
        ("mode: sidecar", "", "{}", []),
        ("mode: deployment", "claim: kept", "{}", []),
        ("mode: deployment", "claim: kept", "{replicas: 2}", ["file-claim"]),
        ("mode: deployment", "claim: kept", "{tail_sampling: {}, gateway: {}}", ["file-claim"]),
        ("mode: deployment", "claim: kept, max_backups: 0", "{}", ["number-range"]),
    ],
)
def test_files_in_a_claim_belong_to_one_collector(block: str, file: str, config: str, expected: list[str]) -> None:
    spec = f"backends: {{kept: {{type: file, file: {{{file}}}}}}}\ncollector: {config}"
    found = reported(f"collector: {{{block}, exporters: {{traces: kept, metrics: debug}}}}", spec)
    assert [code for code, _ in found] == expected


def test_a_remote_write_endpoint_keeps_its_path() -> None:
    spec = "backends: {%s: {type: prometheus-remote-write, endpoint: 'http://m:8080%s'}}"
    for name, path, expected in (("a", "", "/api/v1/write"), ("b", "/api/v1/push", "/api/v1/push")):
        found = collector(f"collector: {{exporters: {{metrics: {name}}}}}", spec % (name, path))
        assert found.exporters["metrics"][0].value.url == f"http://m:8080{expected}"


def test_the_protocol_of_sdks_is_not_that_of_the_collector() -> None:
    """`protocol: http` is for the SDKs; a backend on port 4317 is spoken to in gRPC, and nothing is wrong."""
    block = "telemetry: {protocol: http, metrics: false}\ncollector: {exporters: {traces: 'http://x:4317'}}"
    assert reported(block, None, "warning") == []
    assert collector(block).exporters["traces"][0].value.kind == "otlp_grpc"


def test_metrics_that_no_pod_may_scrape_are_a_warning() -> None:
    block = "collector: {mode: deployment, exporters: {traces: debug, metrics: prometheus-scrape}}"
    assert [code for code, _ in reported(block, None, "warning")] == ["scrapers-missing"]
    for policy in ("{enabled: false}", "{scrapers: [{pod_labels: {app: prometheus}}]}"):
        assert reported(block, f"collector: {{network_policy: {policy}}}", "warning") == []


# --- sampling, host ---


@pytest.mark.parametrize("host", ["svc", "fqdn"])
def test_a_long_address_needs_a_namespace(host: str) -> None:
    text = observability("enabled: true\ncollector: {mode: deployment}", namespace="x").replace("  namespace: x\n", "")
    _, results = settings_of(text, otel_config(f"collector: {{endpoint_host: {host}}}"))
    assert codes_and_paths(results) == [("namespace-missing", "spec.collector.endpoint_host")]


# --- image, resources ---


@pytest.mark.parametrize(
    ("block", "config", "image"),
    [
        ("", None, "otel/opentelemetry-collector-contrib:0.158.0"),
        ("", "m.example/hub", "m.example/hub/otel/opentelemetry-collector-contrib:0.158.0"),
        ("collector: {image: 'acme/otelcol:1.0.0'}", "m.example", "m.example/acme/otelcol:1.0.0"),
        ("collector: {image: 'ghcr.io/acme/otelcol:1.0.0'}", "m.example", "ghcr.io/acme/otelcol:1.0.0"),
        ("collector: {image: 'localhost/otelcol:1.0.0'}", "m.example", "localhost/otelcol:1.0.0"),
        ("collector: {image: 'otelcol:1.0.0'}", "m.example:5000", "m.example:5000/otelcol:1.0.0"),
    ],
)
def test_a_mirror_replaces_docker_hub(block: str, config: str | None, image: str) -> None:
    found = collector(block, f"collector: {{image_registry: {config}}}" if config else None)
    assert found.image.value == image


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ("{}", Resources({"cpu": "20m", "memory": "64Mi"}, {"cpu": "500m", "memory": "256Mi"})),
        ("{limits: {memory: 1Gi}}", Resources({"cpu": "20m", "memory": "64Mi"}, {"memory": "1Gi"})),
        ("{limits: {cpu: 0.01}}", Resources({"cpu": "0.01", "memory": "64Mi"}, {"cpu": "0.01", "memory": "256Mi"})),
        ("{requests: {memory: 1Gi}}", Resources({"memory": "1Gi"}, {"cpu": "500m", "memory": "1Gi"})),
        (
            "{requests: {cpu: 1, ephemeral_storage: 1Gi}}",
            Resources({"cpu": "1", "ephemeral-storage": "1Gi"}, {"cpu": "1", "memory": "256Mi"}),
        ),
    ],
)
def test_configured_resources_replace_defaults(resources: str, expected: Resources) -> None:
    assert collector("", f"collector: {{resources: {resources}}}").resources.value == expected


def test_batches_have_the_sizes_of_the_proposal() -> None:
    assert collector().batch.value == Batch(send_batch_size=1024, timeout="10s")
    assert collector("", "collector: {batch: {timeout: 1s}}").batch.value == Batch(send_batch_size=1024, timeout="1s")
    assert collector("", "collector: {batch: {enabled: false}}").batch.value is None


@pytest.mark.parametrize(
    ("spec", "code", "proposed"),
    [
        ("replicas: '2'", "wrong-type", 2),
        ("replicas: 2.5", "wrong-type", None),
        ("resources: {limits: {memory: 256MiB}}", "quantity-invalid", "256Mi"),
        ("resources: {limits: {memory: lots}}", "quantity-invalid", None),
        ("resources: {limits: {memory: 128m}}", "resources-invalid", None),
        ("resources: {limits: {cpu: 1}, requests: {cpu: 2}}", "resources-invalid", None),
        ("batch: {timeout: 10}", "duration-invalid", "10s"),
        ("batch: {timeout: '10'}", "duration-invalid", "10s"),
        ("image_registry: https://m.example/", "registry-invalid", "m.example"),
        ("config: {recievers: {}}", "collector-config", "receivers"),
        ("config: {receivers: [otlp]}", "collector-config", None),
        ("config: {extensions: {x: [{client_secret: abc}]}}", "literal-secret", None),
        ("env: {MY_POD_IP: {secret: s, key: k}}", "variable-name", None),
        ("env: {A_TOKEN: abc}", "literal-secret", None),
        ("network_policy: {mesh: cilium}", "unknown-value", None),
        ("network_policy: {scrapers: [{}]}", "empty", None),
        ("pod: {labels: {'a b': c}}", "label-invalid", None),
        ("pod: {annotations: {'a b': c}}", "annotation-invalid", None),
        ("native_sidecars: false", "unknown-field", "native_sidecar"),
    ],
)
def test_a_wrong_value_is_an_error_with_a_proposal(spec: str, code: str, proposed: Any) -> None:
    _, results = settings_of(observability("enabled: true"), otel_config(f"collector: {{{spec}}}"))
    (error,) = [r for r in results if r.severity == "error"]
    assert (error.code, error.proposed) == (code, proposed)
    assert "abc" not in error.line()


def test_a_reference_is_no_secret() -> None:
    own = "{extensions: {x: {token: '${env:T}', password: null}}}"
    found = collector("", f"collector: {{config: {own}}}").config
    assert found is not None
    assert found.value == {"extensions": {"x": {"token": "${env:T}", "password": None}}}
