"""The collector's config, from settings."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from krm_otel.collector.config.build import build_config, merge
from krm_otel.collector.config.checks import check_config
from krm_otel.collector.manifests.config_map import config_text
from tests.support.collector import class_and_settings, config_of, first_tier, node_collectors_and_settings


def made(block: str = "", spec: str | None = None, namespace: str = "demo") -> dict[str, Any]:
    tier = first_tier(class_and_settings(block, spec, namespace=namespace))
    result = build_config(tier)
    assert yaml.safe_load(config_text(tier)) == result
    assert list(yaml.safe_load(config_text(tier))) == list(result)
    return result


# --- receivers, addresses ---


def test_a_sidecar_listens_only_on_loopback() -> None:
    """Receivers on the loopback; the health check where the kubelet asks, the loopback where that is unknown."""
    found = made()
    protocols = found["receivers"]["otlp"]["protocols"]
    assert [p["endpoint"] for p in protocols.values()] == ["127.0.0.1:4317", "127.0.0.1:4318"]
    assert found["extensions"]["health_check"]["endpoint"] == "[${env:MY_POD_IP:-127.0.0.1}]:13133"


def test_behind_a_service_everything_binds_to_the_pods_address() -> None:
    found = made("collector: {mode: deployment, exporters: {metrics: prometheus-scrape}}")
    protocols = found["receivers"]["otlp"]["protocols"]
    assert protocols == {
        "grpc": {"endpoint": "[${env:MY_POD_IP}]:4317"},
        "http": {"endpoint": "[${env:MY_POD_IP}]:4318"},
    }
    assert found["extensions"]["health_check"]["endpoint"] == "[${env:MY_POD_IP}]:13133"
    reader = found["service"]["telemetry"]["metrics"]["readers"][0]["pull"]["exporter"]["prometheus"]
    assert (reader["host"], reader["port"]) == ("${env:MY_POD_IP}", 8888)
    assert found["exporters"]["prometheus/prometheus-scrape"] == {
        "endpoint": "[${env:MY_POD_IP}]:8889",
        "enable_open_metrics": True,
    }


def test_the_collectors_own_metrics_name_their_class() -> None:
    """Nothing in the name of a class is replaced by the collector."""
    found = config_of(class_and_settings("collector: {mode: deployment}", name="echo"))["service"]["telemetry"]
    reader = found["metrics"]["readers"][0]["pull"]["exporter"]["prometheus"]
    assert found["resource"] == {"attributes": [{"name": "oaas_owner", "value": "echo"}]}
    assert reader["with_resource_constant_labels"] == {"included": ["oaas_owner"]}
    nodes = config_of(node_collectors_and_settings("collector: {daemonset: {manage: true}}"))["service"]["telemetry"]
    assert nodes["resource"] == {"attributes": [{"name": "oaas_owner", "value": "oaas-otel"}]}


def test_connections_end_where_there_are_replicas_to_spread_over() -> None:
    grpc = made("collector: {mode: deployment}", "collector: {replicas: 2}")["receivers"]["otlp"]["protocols"]["grpc"]
    assert grpc["keepalive"]["server_parameters"]["max_connection_age"] == "60s"


# --- processors ---


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        ("sdk", None),
        ("collector", {"mode": "proportional", "sampling_percentage": 7}),
        ("both", {"sampling_percentage": 7}),
    ],
)
def test_the_collector_samples_traces_only_in_its_sampling_stages(stage: str, expected: dict[str, Any] | None) -> None:
    found = made("telemetry: {sampling_rate: 0.07, logs: true}", f"collector: {{sampling_stage: {stage}}}")
    assert found["processors"].get("probabilistic_sampler") == expected
    sampled = [s for s, p in found["service"]["pipelines"].items() if "probabilistic_sampler" in p["processors"]]
    assert sampled == (["traces"] if expected else [])


@pytest.mark.parametrize(
    ("rate", "percentage"), [("0.0", 0), ("1.0", 100), ("0.125", 12.5), ("0.05", 5), ("0.001", 0.1)]
)
def test_the_percentage_has_no_rounding_noise(rate: str, percentage: float) -> None:
    found = made(f"telemetry: {{sampling_rate: {rate}}}", "collector: {sampling_stage: collector}")
    value = found["processors"]["probabilistic_sampler"]["sampling_percentage"]
    assert value == percentage
    assert type(value) is type(percentage)


def test_memory_limiter_is_first_and_batch_last_in_every_pipeline() -> None:
    for pipeline in made("telemetry: {logs: true}")["service"]["pipelines"].values():
        assert pipeline["processors"][0] == "memory_limiter"
        assert pipeline["processors"][-1] == "batch"


def test_memory_limits_follow_the_containers_limit() -> None:
    found = made("", "collector: {resources: {limits: {memory: 1Gi}}}")["processors"]["memory_limiter"]
    assert found == {"check_interval": "1s", "limit_mib": 819, "spike_limit_mib": 204}


@pytest.mark.parametrize(
    ("batch", "expected"),
    [
        ("{}", {"send_batch_size": 1024, "timeout": "10s"}),
        (
            "{send_batch_size: 10, send_batch_max_size: 20, timeout: 200ms}",
            {"send_batch_size": 10, "send_batch_max_size": 20, "timeout": "200ms"},
        ),
        ("{enabled: false}", None),
    ],
)
def test_batching_is_tuned_or_switched_off(batch: str, expected: dict[str, Any] | None) -> None:
    assert made("", f"collector: {{batch: {batch}}}")["processors"].get("batch") == expected


@pytest.mark.parametrize(
    ("block", "spec", "namespace", "expected"),
    [
        ("", None, "demo", {"service.namespace": "demo", "deployment.name": "echo"}),
        ("", None, "", {"service.namespace": "${env:MY_POD_NAMESPACE:-oaas}", "deployment.name": "echo"}),
        (
            "telemetry: {resource_attributes: {service.namespace: a$b, deployment.name: x}}",
            None,
            "demo",
            {"service.namespace": "a$$b", "deployment.name": "x"},
        ),
        ("", "telemetry: {attributes: {service: false}}", "demo", {"deployment.name": "echo"}),
        ("", "telemetry: {attributes: {drop: [service.namespace, deployment.name]}}", "demo", {}),
    ],
)
def test_attributes_are_added_only_where_the_sender_set_none(
    block: str, spec: str | None, namespace: str, expected: dict[str, str]
) -> None:
    found = made(block, spec, namespace)["processors"].get("resource", {"attributes": []})["attributes"]
    assert {entry["key"]: entry["value"] for entry in found} == expected
    assert {entry["action"] for entry in found} <= {"insert"}


# --- pipelines, exporters ---


def test_only_signals_that_are_on_have_a_pipeline() -> None:
    assert list(made()["service"]["pipelines"]) == ["traces", "metrics"]
    assert list(made("telemetry: {traces: false, metrics: false, logs: true}")["service"]["pipelines"]) == ["logs"]


@pytest.mark.parametrize(
    ("exporter", "signal", "name", "expected"),
    [
        ("'http://t:4317'", "traces", "otlp_grpc/traces", {"endpoint": "t:4317", "tls": {"insecure": True}}),
        ("'https://t:4317'", "traces", "otlp_grpc/traces", {"endpoint": "t:4317"}),
        ("'https://t'", "traces", "otlp_grpc/traces", {"endpoint": "t:443"}),
        ("'http://[::1]:4317'", "traces", "otlp_grpc/traces", {"endpoint": "[::1]:4317", "tls": {"insecure": True}}),
        ("'http://t:4318'", "traces", "otlp_http/traces", {"endpoint": "http://t:4318"}),
        ("'http://t:4318/a/$b'", "traces", "otlp_http/traces", {"traces_endpoint": "http://t:4318/a/$$b"}),
        ("jaeger", "traces", "otlp_grpc/jaeger", {"endpoint": "jaeger.observability.svc:4317"}),
        ("tempo", "traces", "otlp_grpc/tempo", {"endpoint": "tempo.observability.svc:4317"}),
        (
            "prometheus",
            "metrics",
            "otlp_http/prometheus",
            {"endpoint": "http://prometheus.observability.svc:9090/api/v1/otlp"},
        ),
        (
            "prometheus-remote-write",
            "metrics",
            "prometheus_remote_write/prometheus-remote-write",
            {"endpoint": "http://prometheus.observability.svc:9090/api/v1/write"},
        ),
        ("prometheus-scrape", "metrics", "prometheus/prometheus-scrape", {"endpoint": ":8889"}),
        ("mimir", "metrics", "otlp_http/mimir", {"endpoint": "http://mimir.observability.svc:8080/otlp"}),
        ("loki", "logs", "otlp_http/loki", {"endpoint": "http://loki.observability.svc:3100/otlp"}),
        (
            "victoriametrics",
            "metrics",
            "otlp_http/victoriametrics",
            {"endpoint": "http://victoriametrics.observability.svc:8428/opentelemetry"},
        ),
        (
            "victorialogs",
            "logs",
            "otlp_http/victorialogs",
            {"endpoint": "http://victorialogs.observability.svc:9428/insert/opentelemetry"},
        ),
        (
            "victoriatraces",
            "traces",
            "otlp_http/victoriatraces",
            {"endpoint": "http://victoriatraces.observability.svc:10428/insert/opentelemetry"},
        ),
        (
            "file",
            "logs",
            "file",
            {
                "path": "/var/lib/oaas-otel-files/file/otlp.jsonl",
                "rotation": {"max_megabytes": 100, "max_backups": 3},
            },
        ),
        ("debug", "traces", "debug", {"verbosity": "basic"}),
    ],
)
def test_name_protocol_and_settings_of_an_exporter_follow_its_type(
    exporter: str, signal: str, name: str, expected: dict[str, Any]
) -> None:
    found = made(f"telemetry: {{logs: true}}\ncollector: {{exporters: {{{signal}: {exporter}}}}}")
    assert expected.items() <= found["exporters"][name].items()
    assert found["service"]["pipelines"][signal]["exporters"] == [name]


def test_a_declared_backend_brings_headers_and_certificates() -> None:
    """By reference only: variables for headers, files for certificates."""
    spec = """
        backends:
          vendor:
            endpoint: https://otlp.vendor.example:4317
            headers: {Authorization: {secret: vendor, key: token}}
            tls: {ca: {config_map: ca}, client: {secret: client}, server_name: otlp}
    """
    found = made("collector: {exporters: {traces: vendor, metrics: vendor}}", spec)
    exporter = found["exporters"]["otlp_grpc/vendor"]
    assert exporter["headers"] == {"authorization": "${env:OAAS_OTEL_HEADER_VENDOR_AUTHORIZATION}"}
    assert exporter["tls"] == {
        "ca_file": "/etc/oaas-otel/collector-tls/ca.crt",
        "cert_file": "/etc/oaas-otel/collector-tls-2/tls.crt",
        "key_file": "/etc/oaas-otel/collector-tls-2/tls.key",
        "server_name_override": "otlp",
    }
    assert list(found["exporters"]) == ["otlp_grpc/vendor"]


def test_exporters_queue_and_retry_within_bounds() -> None:
    exporters = made("collector: {exporters: {traces: tempo, metrics: prometheus-remote-write}}")["exporters"]
    assert exporters["otlp_grpc/tempo"]["sending_queue"] == {"enabled": True, "queue_size": 200}
    assert exporters["otlp_grpc/tempo"]["retry_on_failure"]["max_elapsed_time"] == "300s"
    write = exporters["prometheus_remote_write/prometheus-remote-write"]
    assert write["remote_write_queue"] == {"enabled": True, "queue_size": 200}
    assert "sending_queue" not in write


def test_one_endpoint_is_one_exporter_and_a_signal_may_have_several() -> None:
    found = made("collector: {exporters: {traces: [tempo, 'http://x:4317', tempo], metrics: 'http://x:4317'}}")
    assert list(found["exporters"]) == ["otlp_grpc/tempo", "otlp_grpc/traces-metrics"]
    assert found["service"]["pipelines"]["traces"]["exporters"] == ["otlp_grpc/tempo", "otlp_grpc/traces-metrics"]
    assert found["service"]["pipelines"]["metrics"]["exporters"] == ["otlp_grpc/traces-metrics"]


def test_a_backend_that_is_called_like_a_signal_does_not_collide() -> None:
    found = made(
        "collector: {exporters: {traces: [traces, 'http://x:4317']}}",
        "backends: {traces: {type: otlp, endpoint: 'http://y:4317'}}",
    )
    assert found["service"]["pipelines"]["traces"]["exporters"] == ["otlp_grpc/traces", "otlp_grpc/traces-2"]


# --- collector.config ---


def test_mappings_join_and_everything_else_replaces() -> None:
    base = {"a": {"b": 1, "c": [1, 2]}, "d": {"e": 1}}
    assert merge(base, {"a": {"c": [3]}, "d": None, "f": {}}) == {"a": {"b": 1, "c": [3]}, "d": None, "f": {}}
    assert base == {"a": {"b": 1, "c": [1, 2]}, "d": {"e": 1}}


@pytest.mark.parametrize(
    ("own", "becomes"),
    [
        ("{team: core}", {"oaas_owner": "echo", "team": "core"}),
        ("{service.version: null}", {"oaas_owner": "echo", "service.version": None}),
        ("{oaas_owner: mine}", {"oaas_owner": "mine"}),
        ("{attributes: [{name: team, value: core}]}", {"attributes": [{"name": "team", "value": "core"}]}),
        ("{schema_url: u}", {"attributes": [{"name": "oaas_owner", "value": "echo"}], "schema_url": "u"}),
        ("null", None),
        ("{attributes: x, a: b}", {"attributes": "x", "a": "b"}),
    ],
)
def test_the_collectors_own_resource_has_one_form(own: str, becomes: dict[str, Any] | None) -> None:
    """Keys, where somebody adds keys: the collector refuses both together."""
    found = made("", f"collector: {{config: {{service: {{telemetry: {{resource: {own}}}}}}}}}")
    assert found["service"]["telemetry"]["resource"] == becomes


def test_a_component_without_settings_survives() -> None:
    """`zpages:` is how a collector's config says it; elsewhere null reads as absent."""
    spec = "collector: {config: {extensions: {zpages: }, service: {extensions: [health_check, zpages]}}}"
    found = made("", spec)
    assert found["extensions"]["zpages"] is None
    assert found["service"]["extensions"] == ["health_check", "zpages"]


@pytest.mark.parametrize(
    ("own", "says"),
    [
        ("{service: {extensions: [zpage]}}", "service.extensions names zpage, which is not defined"),
        ("{service: {pipelines: {traces: {exporters: [debgu]}}}}", "names debgu, which is not defined: write debug"),
        ("{service: {pipelines: {traces: {exporters: []}}}}", "has no exporters"),
        ("{service: {pipelines: {traces: {exporters: debug}}}}", "is not a list: write [debug]"),
        ("{service: {pipelines: null}}", "there is no pipeline"),
        ("{service: {pipelines: {traces: null}}}", "is not a mapping"),
        ("{service: {pipeline: {}}}", "service has pipeline, which is not known: write pipelines"),
        ("{service: {pipelines: {traces: {exporter: [debug]}}}}", "traces has exporter, which is not known: write"),
        (
            "{service: {pipelines: {trace: {receivers: [otlp], exporters: [debug]}}}}",
            "service.pipelines.trace is not named after a signal: write traces, or traces/trace",
        ),
        (
            "{service: {pipelines: {traces: {processors: [batch, batch]}}}}",
            "service.pipelines.traces.processors names batch twice: leave one out",
        ),
        (
            "{processors: {tail_sampling/own: {policies: [{name: a, type: latncy}]}}}",
            "processors[tail_sampling/own].policies[0].type is latncy: write latency; the known types are",
        ),
        ("{extensions: {own_policy: {}}, processors: {tail_sampling: {policies: [{name: a, type: own_policy}]}}}", ""),
        ("{exporters: {debug: {verbosity: detailed}}}", ""),
        (
            "{connectors: {forward: {}}, service: {pipelines: {traces: {exporters: [forward]}, "
            "traces/2: {receivers: [forward], exporters: [debug]}}}}",
            "",
        ),
    ],
)
def test_an_inconsistent_config_is_an_error(own: str, says: str) -> None:
    found = list(check_config(*class_and_settings("", f"collector: {{config: {own}}}")))
    assert len(found) == (1 if says else 0)
    assert all(says in result.message and result.code == "collector-config" for result in found)
