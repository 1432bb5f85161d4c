"""Settings for spans: metrics of them, tail sampling, a second tier."""

from __future__ import annotations

import pytest

from krm_otel.config.resolve.collector import GATEWAY_RESOURCES
from krm_otel.config.schema.autoscaling import Autoscaling
from krm_otel.config.schema.sampling import HTTP_BUCKETS, SpanMetrics, TailSampling
from krm_otel.config.settings import CollectorSettings, GatewaySettings, Resources, Settings
from krm_otel.diagnostics.result import Result
from tests.support.configuration import (
    codes_and_paths,
    observability,
    otel_config,
    resolved,
    settings_of,
    valid_settings,
)

DEPLOYMENT = "collector: {mode: deployment, exporters: {traces: debug, metrics: debug}}"
SIDECAR = "collector: {mode: sidecar, exporters: {traces: debug, metrics: debug}}"
DAEMONSET = "collector: {mode: daemonset}"
NODES = "collector: {daemonset: {manage: true}, exporters: {traces: debug, metrics: debug}, "


def settings(block: str, config: str) -> Settings:
    return valid_settings(observability("enabled: true\n" + block), otel_config(config))


def collector(block: str, config: str) -> CollectorSettings:
    found = settings(block, config).collector
    assert found is not None
    return found


def reported(block: str, config: str, severity: str = "error") -> list[tuple[str, str]]:
    _, results = settings_of(observability("enabled: true\n" + block), otel_config(config))
    return codes_and_paths(results, severity)


def fault_of(spec: str) -> Result:
    """The only error of these fields of `collector`."""
    _, results = settings_of(observability("enabled: true\n" + DEPLOYMENT), otel_config(f"collector: {{{spec}}}"))
    (result,) = [one for one in results if one.severity == "error"]
    return result


# --- span_metrics ---


def test_metrics_of_spans_are_made_on_request() -> None:
    assert collector(SIDECAR, "collector: {}").span_metrics is None
    assert collector(SIDECAR, "collector: {span_metrics: {enabled: false, interval: 1s}}").span_metrics is None
    found = collector(SIDECAR, "collector: {span_metrics: {}}").span_metrics
    assert found is not None and found.value == SpanMetrics()
    assert str(found.origin) == "OTelConfig spec.collector.span_metrics"


def test_every_field_of_span_metrics_can_be_set() -> None:
    spec = (
        "collector: {span_metrics: {dimensions: [http.route, a, a], buckets: [1ms, 0.5s], cardinality_limit: 7, "
        "interval: 1m, exemplars: false}}"
    )
    found = collector(SIDECAR, spec).span_metrics
    assert found is not None
    assert found.value == SpanMetrics(
        dimensions=("http.route", "a"), buckets=("1ms", "0.5s"), cardinality_limit=7, interval="1m", exemplars=False
    )


@pytest.mark.parametrize(
    ("latency", "expected"),
    [
        ("200", (*HTTP_BUCKETS[:6], "200ms", *HTTP_BUCKETS[6:])),
        ("250", HTTP_BUCKETS),
        ("0", HTTP_BUCKETS),
        ("20000", (*HTTP_BUCKETS, "20000ms")),
    ],
)
def test_the_required_latency_of_a_class_is_a_bucket_bound(latency: str, expected: tuple[str, ...]) -> None:
    """So that the share of requests within it is a number of the histogram, not an estimate."""
    assert buckets(f"max_latency_ms: {latency}", "{}") == expected
    assert buckets(f"max_latency_ms: {latency}", "{buckets: [1s]}") == ("1s",)


def buckets(required: str, block: str) -> tuple[str, ...]:
    text = requiring(required)
    found = valid_settings(text, otel_config(f"collector: {{span_metrics: {block}}}")).collector
    assert found is not None and found.span_metrics is not None
    return found.span_metrics.value.buckets


def requiring(required: str) -> str:
    """A class in a Deployment, with requirements."""
    return observability("enabled: true\n" + DEPLOYMENT) + f"\n  nfr_requirements: {{{required}}}\n"


@pytest.mark.parametrize(
    ("block", "config", "expected"),
    [
        (SIDECAR, "", [("span-metrics-sampled", "spec.collector.span_metrics")]),
        (SIDECAR, "sampling_stage: collector, ", []),
        (SIDECAR + "\ntelemetry: {sampling_rate: 1.0}", "", []),
        (SIDECAR + "\ntelemetry: {traces: false}", "", []),
    ],
)
def test_counting_only_sampled_spans_is_a_warning(block: str, config: str, expected: list[tuple[str, str]]) -> None:
    found = reported(block, f"collector: {{{config}span_metrics: {{}}}}", "warning")
    assert [one for one in found if one[0].startswith("span-metrics")] == expected


def test_stage_both_and_shared_collectors_count_only_sampled_spans_as_well() -> None:
    both = reported(SIDECAR, "collector: {sampling_stage: both, span_metrics: {}}", "warning")
    assert ("span-metrics-sampled", "spec.collector.span_metrics") in both
    shared = reported(DAEMONSET, NODES + "span_metrics: {}}", "warning")
    assert shared == [("span-metrics-sampled", "spec.collector.span_metrics")]


def test_a_class_without_metrics_has_none_of_spans_either() -> None:
    block = SIDECAR + "\ntelemetry: {metrics: false}"
    assert collector(block, "collector: {span_metrics: {}}").span_metrics is None
    assert ("span-metrics-off", "spec.collector.span_metrics") in reported(
        block, "collector: {span_metrics: {}}", "info"
    )


@pytest.mark.parametrize(
    ("block", "code"),
    [
        ("{buckets: [1s, 10ms]}", "buckets-order"),
        ("{buckets: [0s, 10ms]}", "buckets-order"),
        ("{buckets: [1s, 1000ms]}", "buckets-order"),
        ("{buckets: []}", "empty"),
        ("{buckets: [soon]}", "duration-invalid"),
        ("{dimensions: [span.name]}", "dimension-reserved"),
        ("{dimensions: [service_name]}", "dimension-reserved"),  # as Prometheus spells service.name, too
        ("{dimensions: [oaas.owner]}", "dimension-reserved"),
        ("{dimensions: [le]}", "dimension-reserved"),
        ("{interval: 99999999h}", "duration-invalid"),
        ("{cardinality_limit: 0}", "number-range"),
    ],
)
def test_invalid_span_metrics_are_errors(block: str, code: str) -> None:
    assert [found for found, _ in reported(SIDECAR, f"collector: {{span_metrics: {block}}}")] == [code]


# --- tail_sampling ---


def test_tail_sampling_makes_the_sdk_send_everything() -> None:
    """Traces are sampled once: a stage that is not set is the collector's, and its origin is tail_sampling."""
    found = settings(DEPLOYMENT, "collector: {tail_sampling: {}}")
    assert found.sampling_stage.value == "collector"
    assert str(found.sampling_stage.origin) == "OTelConfig spec.collector.tail_sampling"
    assert found.collector and found.collector.tail_sampling and found.collector.tail_sampling.value == TailSampling()
    assert settings(DEPLOYMENT, "collector: {tail_sampling: {enabled: false}}").sampling_stage.value == "sdk"
    assert settings(DEPLOYMENT + "\ntelemetry: {traces: false}", "collector: {tail_sampling: {}}").collector


@pytest.mark.parametrize("stage", ["sdk", "both"])
def test_tail_sampling_with_another_stage_is_an_error(stage: str) -> None:
    spec = f"collector: {{sampling_stage: {stage}, tail_sampling: {{}}}}"
    assert reported(DEPLOYMENT, spec) == [("tail-sampling-stage", "spec.collector.sampling_stage")]
    assert reported(DEPLOYMENT, "collector: {sampling_stage: collector, tail_sampling: {}}") == []


@pytest.mark.parametrize(
    ("block", "config", "fits"),
    [
        (DEPLOYMENT, "tail_sampling: {}", True),
        (DEPLOYMENT, "replicas: 2, tail_sampling: {}", False),
        (DEPLOYMENT, "autoscaling: {max_replicas: 2}, tail_sampling: {}", False),
        (DEPLOYMENT, "replicas: 2, tail_sampling: {}, gateway: {}", True),
        (SIDECAR, "tail_sampling: {}", False),
        (SIDECAR, "tail_sampling: {}, gateway: {}", True),
        (SIDECAR, "tail_sampling: {}, gateway: {enabled: false}", False),
        ("collector: {mode: external, endpoint: 'http://x:4317'}", "tail_sampling: {}, gateway: {}", True),
    ],
)
def test_all_spans_of_a_trace_need_one_collector(block: str, config: str, fits: bool) -> None:
    expected = [] if fits else [("tail-sampling-split", "spec.collector.tail_sampling")]
    assert reported(block, f"collector: {{{config}}}") == expected


def test_tail_sampling_works_with_classes_of_every_mode() -> None:
    """It applies to classes with a collector of their own; the SDKs of the others sample, and a result says so."""
    spec = NODES + "tail_sampling: {}, gateway: {}}\nplatform: {components: {gw: {match_labels: {a: b}}}}"
    blocks = {
        "whole": DEPLOYMENT,
        "beside": SIDECAR,
        "nodes": DAEMONSET,
        "theirs": "collector: {endpoint: 'http://x:4317'}",
    }
    items = [observability(f"enabled: true\n{block}", name=name) for name, block in blocks.items()]
    configuration, results = resolved(items, otel_config("telemetry: {propagators: [w3c]}\n" + spec))
    assert codes_and_paths(results, "error") == codes_and_paths(results, "warning") == []
    made = {one.name: one.settings for one in configuration.classes if one.settings}
    assert {name: found.sampling_stage.value for name, found in made.items()} == {
        "whole": "collector",
        "beside": "collector",
        "nodes": "sdk",
        "theirs": "sdk",
    }
    kept = {name for name, found in made.items() if found.collector and found.collector.tail_sampling}
    assert kept == {"whole", "beside"}
    nodes = configuration.node_collectors
    assert nodes and nodes.settings and nodes.settings.collector
    assert nodes.settings.collector.tail_sampling is None and nodes.settings.collector.gateway is None
    elsewhere = [one for one in results if one.code == "tail-sampling-elsewhere"]
    assert [(one.severity, one.ref.name, one.field_path) for one in elsewhere] == [
        ("info", "nodes", "spec.observability.collector"),
        ("info", "theirs", "spec.observability.collector"),
    ]


@pytest.mark.parametrize(
    ("mode", "block", "warned"),
    [
        ("daemonset", "", True),
        ("daemonset", "telemetry: {traces: false}", False),
        ("daemonset", DEPLOYMENT, False),
        ("deployment", DAEMONSET, False),  # the class says it itself
    ],
)
def test_tail_sampling_without_effect_is_one_warning(mode: str, block: str, warned: bool) -> None:
    spec = NODES.replace("collector: {", f"collector: {{mode: {mode}, ", 1) + "tail_sampling: {}}"
    items = [observability(f"enabled: true\n{block}", name=name) for name in ("a", "b")]
    _, results = resolved(items, otel_config("telemetry: {propagators: [w3c]}\n" + spec))
    assert codes_and_paths(results, "error") == []
    expected = [("tail-sampling-elsewhere", "spec.collector.tail_sampling")] if warned else []
    assert codes_and_paths(results, "warning") == expected


def test_a_stage_for_all_classes_with_tail_sampling_is_an_error() -> None:
    """Written out, it would hold for collectors of nodes, too."""
    spec = NODES + "sampling_stage: collector, tail_sampling: {}}"
    _, results = settings_of(observability(f"enabled: true\n{DAEMONSET}"), otel_config(spec))
    (error,) = [one for one in results if one.severity == "error"]
    assert (error.code, error.proposed) == ("sampling-stage", None)
    assert "leave it out, since tail_sampling makes it collector where it holds" in error.message


def test_with_an_external_endpoint_the_sdk_samples() -> None:
    block = "collector: {mode: external, endpoint: 'http://x:4317'}"
    assert settings(block, "collector: {tail_sampling: {}}").sampling_stage.value == "sdk"


@pytest.mark.parametrize(
    ("required", "block", "latency", "origin"),
    [
        ("max_latency_ms: 250", "{}", 250, "ClassRuntime spec.nfr_requirements.max_latency_ms"),
        ("max_latency_ms: 250", "{latency_ms: 99}", 99, "OTelConfig spec.collector.tail_sampling.latency_ms"),
        ("", "{latency_ms: 99}", 99, "OTelConfig spec.collector.tail_sampling.latency_ms"),
        ("max_latency_ms: 250", "{slow: false}", None, ""),
        ("max_latency_ms: null", "{}", None, ""),
        ("", "{}", None, ""),
    ],
)
def test_the_latency_of_slow_traces_comes_from_the_class_or_the_config(
    required: str, block: str, latency: int | None, origin: str
) -> None:
    found = valid_settings(requiring(required), otel_config(f"collector: {{tail_sampling: {block}}}")).collector
    assert found is not None and found.tail_sampling is not None
    slow = found.slow_after
    assert (slow.value if slow else None) == latency
    assert (str(slow.origin) if slow else "") == origin


def test_a_policy_has_a_name_of_its_own_and_a_type() -> None:
    for policy in ("{name: keep}", "{type: always_sample}", "{name: rest, type: always_sample}", "{name: '', type: x}"):
        spec = f"collector: {{tail_sampling: {{policies: [{policy}]}}}}"
        assert [code for code, _ in reported(DEPLOYMENT, spec)] == ["policy-invalid"]


def test_every_mistake_in_a_policy_is_reported_at_its_path() -> None:
    """What a policy takes is tried with the real collector (tests/tools/test_policies.py)."""
    policy = (
        "{name: a, type: and, and: {and_sub_policy: [{type: latncy}, {type: status_code, status_code: "
        "{status_codes: [error]}}]}, lateny: {}}"
    )
    spec = f"collector: {{tail_sampling: {{policies: [{policy}]}}}}"
    _, results = settings_of(observability("enabled: true\n" + DEPLOYMENT), otel_config(spec))
    at = "spec.collector.tail_sampling.policies[0]"
    within = f"{at}.and.and_sub_policy"
    assert [(one.field_path, one.current, one.proposed) for one in results if one.severity == "error"] == [
        (f"{at}.lateny", None, None),
        (f"{within}[0].type", "latncy", "latency"),
        (f"{within}[1].status_code.status_codes", None, "ERROR"),
    ]
    assert all(one.code == "policy-invalid" for one in results if one.severity == "error")
    (unknown,) = [one.message for one in results if one.field_path == f"{within}[0].type"]
    assert "and_sub_policy[0].type is latncy: write latency; the known types are" in unknown
    assert "composite" not in unknown and "trace_state" in unknown, "what may stand there"


def test_policies_have_different_names() -> None:
    """The collector does not start with two of one name."""
    same = "{name: keep, type: always_sample}"
    result = fault_of(f"tail_sampling: {{policies: [{same}, {same}]}}")
    assert result.code == "policy-invalid" and "two policies of the name keep" in result.message


@pytest.mark.parametrize("interval", ["0s", "0", "0m0s"])
def test_metrics_of_spans_are_reported_in_intervals_above_zero(interval: str) -> None:
    """The collector's ticker panics at 0."""
    result = fault_of(f"span_metrics: {{interval: '{interval}'}}")
    assert (result.code, result.proposed) == ("duration-invalid", "15s")


@pytest.mark.parametrize(
    ("field", "write"),
    [
        ("latency_ms: 300ms", ""),
        ("num_traces: 20k", ""),
        ("num_traces: many", ": write 1"),
        ("num_traces: '20'", ": write 20"),
        ("decision_wait: 10", ": write 10s"),
        ("decision_wait: 1.5", ": write 1.5s"),
        ("decision_wait: true", ': write "true" in quotes'),
    ],
)
def test_the_proposal_is_the_intended_value(field: str, write: str) -> None:
    """A number with a unit is not to become 1, and a duration without one gets it at once."""
    text = fault_of(f"tail_sampling: {{{field}}}").message
    assert text.endswith(write) and (write or ": write" not in text)
    found = collector(DEPLOYMENT, "collector: {tail_sampling: {policies: [{name: keep, type: always_sample}]}}")
    assert found.tail_sampling and found.tail_sampling.value.policies == ({"name": "keep", "type": "always_sample"},)


# --- gateway ---


def test_a_gateway_has_settings_of_its_own() -> None:
    found = collector(SIDECAR, "collector: {tail_sampling: {}, gateway: {}}").gateway
    assert found is not None
    assert (found.replicas.value, found.resources.value) == (2, GATEWAY_RESOURCES)
    spec = (
        "collector: {tail_sampling: {}, gateway: {autoscaling: {max_replicas: 5}, resources: {limits: {memory: 2Gi}}, "
        "config: {exporters: {debug: {verbosity: detailed}}}}}"
    )
    found = collector(SIDECAR, spec).gateway
    assert isinstance(found, GatewaySettings) and found.config is not None
    assert found.autoscaling == Autoscaling(max_replicas=5)
    assert found.resources.value == Resources(GATEWAY_RESOURCES.requests, {"memory": "2Gi"})
    assert str(found.resources.origin) == "OTelConfig spec.collector.gateway.resources"
    assert str(found.config.origin) == "OTelConfig spec.collector.gateway.config"


@pytest.mark.parametrize(
    ("config", "severity", "expected"),
    [
        ("gateway: {}", "warning", ("gateway-idle", "spec.collector.gateway")),
        (
            "tail_sampling: {}, gateway: {replicas: 3, autoscaling: {max_replicas: 5}}",
            "warning",
            ("autoscaling-replicas", "spec.collector.gateway.replicas"),
        ),
        (
            "tail_sampling: {}, gateway: {resources: {limits: {memory: 1Mi}}}",
            "error",
            ("resources-invalid", "spec.collector.gateway.resources"),
        ),
        (
            "tail_sampling: {}, gateway: {config: {receiver: {}}}",
            "error",
            ("collector-config", "spec.collector.gateway.config"),
        ),
    ],
)
def test_questionable_gateways_are_reported(config: str, severity: str, expected: tuple[str, str]) -> None:
    assert expected in reported(SIDECAR, f"collector: {{{config}}}", severity)


def test_a_gateway_needs_a_final_name() -> None:
    """Which has to be final, also where the first tier is a sidecar, which is not."""
    spec = "names_may_change: true\ncollector: {tail_sampling: {}, gateway: {}}"
    assert reported(SIDECAR, spec) == [("name-not-final", "spec.observability.collector.mode")]


@pytest.mark.parametrize(
    ("config", "missing"),
    [
        ("span_metrics: {}", ["span_metrics"]),
        ("tail_sampling: {}", ["tail_sampling"]),
        ("tail_sampling: {}, gateway: {}, span_metrics: {}", ["span_metrics", "tail_sampling", "load_balancing"]),
        ("span_metrics: {enabled: false}", []),
    ],
)
def test_the_core_image_lacks_the_components(config: str, missing: list[str]) -> None:
    spec = f"collector: {{image: 'otel/opentelemetry-collector:0.158.0', {config}}}"
    _, results = settings_of(observability("enabled: true\n" + DEPLOYMENT), otel_config(spec))
    errors = [one for one in results if one.severity == "error"]
    assert {one.code for one in errors} <= {"image-lacks"}
    assert [one.message.split("has no ")[1].split(",")[0] for one in errors] == missing
