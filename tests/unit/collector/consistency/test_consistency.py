"""What does not fit between a merged config and its manifest.

`tests/tools/test_own_config.py` tries the same table with the real collector.
"""

from __future__ import annotations

import pytest

from krm_otel.collector.config.build import build_config
from krm_otel.collector.consistency import check_consistency
from krm_otel.collector.manifests.sidecar import sidecar
from krm_otel.collector.tiers import tiers
from tests.support.collector import class_and_settings, node_collectors_and_settings
from tests.support.own_config import OWN_CONFIGS, Own, faults

TABLE = [pytest.param(own, mode, id=f"{own.name}, {mode}") for own in OWN_CONFIGS for mode in own.modes]
DEPLOYMENT = "collector: {mode: deployment}"


@pytest.mark.parametrize(("own", "mode"), TABLE)
def test_every_fault_has_its_place_and_what_to_write(own: Own, mode: str) -> None:
    found = faults(own, mode)
    assert [result.code for result in found] == [code for code, _ in own.expected]
    for result, (_, text) in zip(found, own.expected, strict=True):
        assert text in result.message
        assert result.field_path.startswith("spec.collector.config.") or result.code == "collector-config"


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ("${env:API_TOKEN}", ""),
        ("${API_TOKEN}", ""),
        ("${env:API_TOKN}", "refers to the variable API_TOKN, which the collector's container does not have, so it "
         "would be empty: write ${env:API_TOKEN}"),
        ("${NOBODY}", "variable NOBODY, which the collector's container does not have, so it would be empty: write "
         "collector.env.NOBODY, or ${env:NOBODY:-<default>}"),
        ("${env:NOBODY:-}", ""),
        ("$${env:NOBODY}", ""),
        ("$$${env:NOBODY}", "variable NOBODY"),
        ("a-${env:MY_POD_NAME}-${env:K8S_NODE_NAME}", ""),
        ("${env:HOSTNAME} ${env:KUBERNETES_SERVICE_HOST} ${env:REDIS_SERVICE_HOST} ${env:K_REVISION}", ""),
        ("$NOBODY", "is $NOBODY, which the collector takes literally: write ${env:NOBODY}, or $$NOBODY"),
        ("$1 $$NOBODY", ""),
        ("${http://config.example/a}", ""),
        ("${vault:secret}", "has ${vault:secret}, and the collector knows no provider vault"),
        ("${file:/etc/oaas-otel/collector/config.yaml}", ""),
    ],
)  # fmt: skip
def test_what_a_config_refers_to_is_there(config: str, says: str) -> None:
    spec = (
        "collector: {env: {API_TOKEN: {secret: s, key: k}}, config: {exporters: {debug: "
        f'{{sampling_initial: "{config}"}}}}}}}}'
    )
    found = list(check_consistency(*class_and_settings(DEPLOYMENT, spec)))
    assert [result.code for result in found] == (["config-reference"] if says else [])
    assert all(says in result.message for result in found)


@pytest.mark.parametrize("image", ["acme/otelcol-acme:1", "otel/opentelemetry-collector-contrib:0.158.0"])
def test_an_image_of_ones_own_may_have_files_and_variables(image: str) -> None:
    spec = (
        f"collector: {{image: '{image}', config: {{exporters: {{debug: {{sampling_initial: '${{env:BUILT_IN}}', "
        "verbosity: '${file:/etc/v}', tls: {ca_file: /etc/ca.crt}}}}}"
    )
    found = list(check_consistency(*class_and_settings(DEPLOYMENT, spec)))
    severities = {result.code: result.severity for result in found}
    expected = "warning" if "acme" in image else "error"
    assert severities == {"config-reference": expected, "config-file": expected}


@pytest.mark.parametrize(
    ("own", "becomes", "says"),
    [
        ("{limit_percentage: 75}", {"check_interval": "1s", "limit_percentage": 75}, ""),
        ("{limit_mib: 100}", {"check_interval": "1s", "limit_mib": 100}, ""),
        ("{check_interval: 5s}", {"check_interval": "5s", "limit_mib": 409, "spike_limit_mib": 102}, ""),
        ("{spike_limit_mib: 50}", {"check_interval": "1s", "limit_mib": 409, "spike_limit_mib": 50}, ""),
        ("{limit_mib: 100, limit_percentage: 75}", None, "the collector reads limit_mib alone: leave one of them out"),
        ("{spike_limit_percentage: 25}", None, "spike_limit_percentage has no effect next to limit_mib: write"),
        ("{limit_percentage: 80, spike_limit_mib: 9}", None, "spike_limit_mib has no effect next to limit_percentage"),
        ("{limit_mib: 4000}", None, "is 4000, above the 512 MiB of the container"),
        ("{limit_percentage: 101}", None, "is 101, and a percentage is at most 100"),
        ("{limit_mib: 0}", None, "has neither limit_mib nor limit_percentage"),
    ],
)
def test_of_two_limits_none_wins_in_silence(own: str, becomes: dict[str, object] | None, says: str) -> None:
    found = class_and_settings(DEPLOYMENT, f"collector: {{config: {{processors: {{memory_limiter: {own}}}}}}}")
    results = list(check_consistency(*found))
    assert [result.code for result in results] == (["config-overruled"] if says else [])
    assert all(says in result.message for result in results)
    if becomes is not None:
        assert build_config(tiers(*found)[0])["processors"]["memory_limiter"] == becomes


def test_an_endpoint_of_ones_own_replaces_those_of_single_signals() -> None:
    """The collector would go on sending to `traces_endpoint`."""
    block = f"{DEPLOYMENT[:-1]}, exporters: {{traces: 'http://vendor/a'}}}}"
    spec = "collector: {config: {exporters: {otlp_http/traces: {endpoint: 'http://other'}}}}"
    exporter = build_config(tiers(*class_and_settings(block, spec))[0])["exporters"]["otlp_http/traces"]
    assert exporter["endpoint"] == "http://other" and "traces_endpoint" not in exporter


def test_the_first_tier_sends_where_the_second_one_receives() -> None:
    block = "telemetry: {metrics: false}\ncollector: {mode: deployment, exporters: {traces: debug}}"
    own = '{receivers: {otlp: {protocols: {grpc: {endpoint: ":5317"}}}}}'
    to_5317 = 'config: {exporters: {load_balancing: {resolver: {dns: {port: "5317"}}}}}'
    spec = "collector: {sampling_stage: collector, tail_sampling: {}, gateway: {%s}, %s}"
    (found,) = check_consistency(*class_and_settings(block, spec % (f"config: {own}", "")))
    assert found.field_path == "spec.collector.gateway.config.receivers.otlp.protocols.grpc.endpoint"
    assert "is :5317, and the first tier sends to 4317: leave it out, or write" in found.message
    (found,) = check_consistency(*class_and_settings(block, spec % ("", to_5317)))
    assert 'port is 5317, and the second tier receives on 4317: write "4317"' in found.message
    assert list(check_consistency(*class_and_settings(block, spec % (f"config: {own}", to_5317)))) == []


def test_with_the_operator_no_health_check_means_no_probes() -> None:
    found = class_and_settings(
        DEPLOYMENT, "collector: {config: {extensions: {zpages: }, service: {extensions: [zpages]}}}"
    )
    assert [result.code for result in check_consistency(*found)] == ["config-unreachable"]
    assert list(check_consistency(*found, operator=True)) == []


@pytest.mark.parametrize(
    ("own", "pod", "says"),
    [
        ("{readers: []}", "", "lets nobody fetch the collector's own metrics, and monitors are on"),
        ("{level: none}", "", "lets nobody fetch the collector's own metrics, and monitors are on"),
        (
            "{readers: [{pull: {exporter: {prometheus: {host: localhost, port: 8888}}}}]}",
            "",
            "lets nobody fetch the collector's own metrics, and monitors are on",
        ),
        ("{readers: [{pull: {exporter: {prometheus: {host: 0.0.0.0, port: 9999}}}}]}", "", ""),
        (
            "{readers: [{pull: {exporter: {prometheus: {host: 0.0.0.0, port: 9999}}}}]}",
            "pod: {annotations: {prometheus.io/port: '8888'}}, ",
            "serves metrics on 9999, and prometheus.io/port of collector.pod is 8888: write 9999 there",
        ),
    ],
)
def test_a_monitor_finds_the_own_metrics(own: str, pod: str, says: str) -> None:
    spec = f"collector: {{{pod}config: {{service: {{telemetry: {{metrics: {own}}}}}}}}}"
    found = list(check_consistency(*class_and_settings(DEPLOYMENT, spec), monitored=True))
    assert [result.code for result in found] == (["own-metrics-off"] if says else [])
    assert all(says in result.message for result in found)


@pytest.mark.parametrize(("scrapers", "codes"), [("", ["scrapers-missing"]), ("{pod_labels: {a: b}}", [])])
def test_scrapers_of_an_exporter_of_ones_own_have_to_get_in(scrapers: str, codes: list[str]) -> None:
    own = "{exporters: {prometheus: {endpoint: ':9464'}}, service: {pipelines: {metrics: {exporters: [prometheus]}}}}"
    spec = f"collector: {{network_policy: {{scrapers: [{scrapers}]}}, config: {own}}}"
    assert [result.code for result in check_consistency(*class_and_settings(DEPLOYMENT, spec))] == codes


@pytest.mark.parametrize(
    ("more", "own", "code"),
    [
        ("", "tls: {ca_file: /etc/certs/ca.crt}", "config-file"),
        ("volumes: {certs: {path: /etc/certs, secret: s}}, ", "tls: {ca_file: /etc/certs/ca.crt}", ""),
        ("volumes: {certs: {path: /etc/cert, secret: s}}, ", "tls: {ca_file: /etc/certs/ca.crt}", "config-file"),
        ("", "tls: {ca_file: /etc/ssl/certs/ca-certificates.crt}", ""),
        ("volumes: {certs: {path: /etc/certs, secret: s}}, ", 'verbosity: "${file:/etc/certs/v}"', ""),
        ("env_from: [{secret: s}], ", 'verbosity: "${env:NOBODY}"', ""),
        ("env: {MINE: {value: a}}, ", 'verbosity: "${env:MINE}"', ""),
    ],
)
def test_volumes_and_variables_of_the_users_count(more: str, own: str, code: str) -> None:
    found = class_and_settings(DEPLOYMENT, f"collector: {{{more}config: {{exporters: {{debug: {{{own}}}}}}}}}")
    assert [result.code for result in check_consistency(*found)] == ([code] if code else [])


@pytest.mark.parametrize(
    ("volume", "code"),
    [("", "config-file"), ("empty_dir: true", ""), ("claim: c", ""), ("config_map: c", "config-file")],
)
def test_a_file_is_written_where_a_volume_may_be_written(volume: str, code: str) -> None:
    own = "{exporters: {file: {path: /data/own.json}}, service: {pipelines: {traces: {exporters: [file]}}}}"
    more = f"volumes: {{own: {{path: /data, {volume}}}}}, " if volume else ""
    found = class_and_settings(DEPLOYMENT, f"collector: {{{more}config: {own}}}")
    results = list(check_consistency(*found))
    assert [result.code for result in results] == ([code] if code else [])
    assert all("write collector.volumes.<name>: {path: /data, empty_dir: true}" in r.message for r in results)


@pytest.mark.parametrize(
    ("receivers", "operator", "says"),
    [
        ("otlp: {protocols: {grpc: {endpoint: ':5317'}}}", False, ""),
        (
            "otlp: {protocols: {grpc: {endpoint: ':5317'}}}",
            True,
            "other packages send to the collectors of nodes at 4317",
        ),
        (
            "otlp: {protocols: {grpc: {endpoint: ':5317'}}}, otlp/b: {protocols: {grpc: {endpoint: ':4317'}}}",
            False,
            "is :5317, and other packages send to the collectors of nodes at 4317: write port 4317",
        ),
    ],
)
def test_other_packages_know_only_the_usual_ports_of_nodes(receivers: str, operator: bool, says: str) -> None:
    named = "[otlp, otlp/b]" if "otlp/b" in receivers else "[otlp]"
    own = f"{{receivers: {{{receivers}}}, service: {{pipelines: {{traces: {{receivers: {named}}}}}}}}}"
    found = node_collectors_and_settings(f"collector: {{daemonset: {{manage: true}}, config: {own}}}")
    results = list(check_consistency(*found, operator=operator))
    assert len(results) == (1 if says else 0)
    assert all(says in result.message for result in results)


def test_probes_speak_tls_where_the_health_check_does() -> None:
    own = "{extensions: {health_check: {path: /live, tls: {cert_pem: '${env:CERT}', key_pem: '${env:KEY}'}}}}"
    spec = f"collector: {{env: {{CERT: {{secret: s, key: c}}, KEY: {{secret: s, key: k}}}}, config: {own}}}"
    found = class_and_settings("", spec)
    assert list(check_consistency(*found)) == []
    probe = sidecar(*found, knative=False).container["startupProbe"]["httpGet"]
    assert probe == {"path": "/live", "port": 13133, "scheme": "HTTPS"}


@pytest.mark.parametrize(("port", "codes"), [(9411, []), (9412, ["config-unreachable"])])
def test_a_collector_may_send_to_itself_on_the_loopback(port: int, codes: list[str]) -> None:
    reader = f"{{periodic: {{exporter: {{otlp: {{endpoint: 'http://localhost:{port}'}}}}}}}}"
    own = (
        "{receivers: {otlp/own: {protocols: {http: {endpoint: 'localhost:9411'}}}}, service: {pipelines: {metrics: "
        f"{{receivers: [otlp, otlp/own]}}}}, telemetry: {{metrics: {{readers: [{reader}]}}}}}}}}"
    )
    found = class_and_settings(DEPLOYMENT, f"collector: {{config: {own}}}")
    assert [result.code for result in check_consistency(*found)] == codes


@pytest.mark.parametrize(("name", "says"), [("x-scope-orgid", ""), ("X-Scope-OrgID", "is the same header as x-scope-")])
def test_a_header_has_one_spelling_after_the_merge(name: str, says: str) -> None:
    """The generated part writes headers in lower case; of two spellings one would be lost."""
    spec = (
        "collector: {exporters: {traces: tempo}, config: {exporters: {otlp_grpc/tempo: {headers: "
        f"{{{name}: team-b}}}}}}}}}}\n"
        "backends: {tempo: {endpoint: 'http://tempo:4317', headers: {X-Scope-OrgID: team-a}}}"
    )
    found = list(check_consistency(*class_and_settings(DEPLOYMENT, spec)))
    assert [result.code for result in found] == (["header-twice"] if says else [])
    assert all(says in result.message for result in found)


_METRICS = "service: {{pipelines: {{metrics: {{{}}}}}}}"


@pytest.mark.parametrize(
    ("mode", "fields", "config", "code"),
    [
        ("deployment", "replicas: 2,", "exporters: {prometheus/own: {endpoint: ':9464'}}, "
         + _METRICS.format("exporters: [prometheus/own]"), "series-twice"),
        ("deployment", "autoscaling: {max_replicas: 3},", "exporters: {prometheus/own: {endpoint: ':9464'}}, "
         + _METRICS.format("exporters: [prometheus/own]"), "series-twice"),
        ("deployment", "", "exporters: {prometheus/own: {endpoint: ':9464'}}, "
         + _METRICS.format("exporters: [prometheus/own]"), ""),
        ("daemonset", "", "exporters: {prometheus/own: {endpoint: ':9464'}}, "
         + _METRICS.format("exporters: [prometheus/own]"), ""),
        ("deployment", "replicas: 2,", "processors: {deltatocumulative: }, "
         + _METRICS.format("processors: [memory_limiter, deltatocumulative]"), "series-twice"),
        ("deployment", "", "processors: {deltatocumulative: }, "
         + _METRICS.format("processors: [memory_limiter, deltatocumulative]"), ""),
        ("deployment", "", "processors: {cumulativetodelta: }, "
         + _METRICS.format("processors: [memory_limiter, cumulativetodelta], exporters: [prometheusremotewrite/own]")
         + ", exporters: {prometheusremotewrite/own: {endpoint: 'http://p:9090/api/v1/write'}}",
         "delta-to-prometheus"),
        ("deployment", "span_metrics: {}, exporters: {traces: debug, metrics: prometheus-remote-write},",
         "connectors: {span_metrics: {aggregation_temporality: AGGREGATION_TEMPORALITY_DELTA}}",
         "delta-to-prometheus"),
        ("deployment", "span_metrics: {}, exporters: {traces: debug, metrics: debug},",
         "connectors: {span_metrics: {aggregation_temporality: AGGREGATION_TEMPORALITY_DELTA}}", ""),
    ],
)  # fmt: skip
def test_series_that_would_be_wrong(mode: str, fields: str, config: str, code: str) -> None:
    """Replicas that keep the same series, and deltas that a Prometheus drops, are warnings."""
    policy = "network_policy: {enabled: false},"
    spec = f"collector: {{mode: {mode}, {policy} {fields} config: {{{config}}}}}"
    if mode == "daemonset":
        found = node_collectors_and_settings(spec.replace("{mode:", "{daemonset: {manage: true}, mode:", 1))
    else:
        found = class_and_settings("", spec)
    said = [
        (result.code, result.severity)
        for result in check_consistency(*found)
        if result.code in ("series-twice", "delta-to-prometheus")
    ]
    assert said == ([(code, "warning")] if code else [])


@pytest.mark.parametrize("text", ["http://[::1", "http://a:99999/v1/traces", "http://a:b", "/v1/traces", "", "x y"])
@pytest.mark.parametrize("field", ["endpoint", "traces_endpoint"])
def test_a_text_that_is_no_url_is_the_collectors_to_refuse(text: str, field: str) -> None:
    """krm-otel proposes nothing, since it does not know what is meant."""
    exporter = f"otlp_http/b: {{{field}: '{text}'}}, otlp_grpc/b: {{{field}: 'dns:///{text}'}}"
    pipelines = "{traces: {exporters: [otlp_http/b, otlp_grpc/b]}}"
    spec = f"collector: {{config: {{exporters: {{{exporter}}}, service: {{pipelines: {pipelines}}}}}}}"
    assert [result.message for result in check_consistency(*class_and_settings(DEPLOYMENT, spec))] == []
