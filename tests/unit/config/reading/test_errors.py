"""Results for wrong values: all at once, each with its path, the value and what to write."""

from __future__ import annotations

import pytest

from tests.support.configuration import (
    ENDPOINT,
    class_runtime,
    codes_and_paths,
    observability,
    otel_config,
    resolved,
    settings_of,
)


def test_all_errors_are_reported_at_once() -> None:
    """Faults of all blocks, of the OTelConfig and of the environment come in one run."""
    item = observability(
        """
        enabled: "yes"
        telemetry:
          sampling_rate: lots
          propagators: [w4c, jaeger, b4]
          resource_attributes: {a: 1, "b c": x}
        collector: {mode: none, endpoint: "collector:4317"}
        """
    )
    config = otel_config("telemetry: {logs: 1}\nfoo: bar")
    _, results = resolved([item, observability("enabled: 0", name="other")], config, {"OPRC_CRM_OTEL_MODE": "x"})
    assert codes_and_paths(results) == [
        ("wrong-type", "spec.telemetry.logs"),
        ("unknown-field", "spec.foo"),
        ("unknown-value", "OPRC_CRM_OTEL_MODE"),
        ("wrong-type", "spec.observability.enabled"),
        ("wrong-type", "spec.observability.telemetry.sampling_rate"),
        ("unknown-value", "spec.observability.telemetry.propagators[0]"),
        ("unknown-value", "spec.observability.telemetry.propagators[2]"),
        ("wrong-type", "spec.observability.telemetry.resource_attributes.a"),
        ("attribute-key", "spec.observability.telemetry.resource_attributes[b c]"),
        ("unknown-value", "spec.observability.collector.mode"),
        ("endpoint-invalid", "spec.observability.collector.endpoint"),
        ("wrong-type", "spec.observability.enabled"),
    ]
    assert codes_and_paths(results, "warning") == [
        ("propagator-deprecated", "spec.observability.telemetry.propagators[1]")
    ]


@pytest.mark.parametrize(
    ("written", "used", "code"),
    [
        ("0", 0.0, None),
        ("-0.0", 0.0, None),
        ("1e-2", 0.01, None),
        ("0.5", 0.5, None),
        ("0.51", 0.51, "sampling-rate-high"),
        ("1", 1.0, "sampling-rate-high"),
        ("0.1e1", 1.0, "sampling-rate-high"),
        ("1.5", 1.0, "sampling-rate-clamped"),
        ("10", 1.0, "sampling-rate-clamped"),
        ("-1", 0.0, "sampling-rate-clamped"),
    ],
)
def test_sampling_rates_are_clamped_with_a_warning(written: str, used: float, code: str | None) -> None:
    """Outside 0.0 to 1.0 a rate is clamped with a warning; above 0.5 there is one, too."""
    item = observability(
        f"enabled: true\ntelemetry: {{sampling_rate: {written}}}\ncollector: {{endpoint: '{ENDPOINT}'}}"
    )
    settings, results = settings_of(item)
    assert settings is not None
    assert repr(settings.sampling_rate.value) == repr(used)
    assert codes_and_paths(results, "warning") == (
        [(code, "spec.observability.telemetry.sampling_rate")] if code else []
    )


def test_propagators_keep_their_order_without_duplicates() -> None:
    """w3c means two names of OTEL_PROPAGATORS; duplicates are dropped, deprecated ones stay with a warning."""
    block = f"enabled: true\ntelemetry: {{propagators: [b3, ottrace, w3c, b3]}}\ncollector: {{endpoint: '{ENDPOINT}'}}"
    settings, results = settings_of(observability(block))
    assert settings is not None
    assert settings.propagators.value == ("b3", "ottrace", "tracecontext", "baggage")
    assert [r.code for r in results] == ["propagator-deprecated"]


CONFIG_FAULTS: list[tuple[str, str, str]] = [
    ("telemetry: {service_name_template: '{class}-{pod}'}", "template-placeholder", "telemetry.service_name_template"),
    ("telemetry: {service_name_template: '{class'}", "template-placeholder", "telemetry.service_name_template"),
    ("classes: {echo: {telemetry: {service_name: '{class_key}-a'}}}", "template-placeholder",
     "classes.echo.telemetry.service_name"),
    ("telemetry: {service_name_template: ''}", "service-name-empty", "telemetry.service_name_template"),
    ("telemetry: {attributes: {k8s: 'no'}}", "wrong-type", "telemetry.attributes.k8s"),
    ("telemetry: {attributes: {drop: ['a b']}}", "attribute-key", "telemetry.attributes.drop[0]"),
    ("collector: {headers: {Authorization: Bearer s3cret}}", "literal-header", "collector.headers.Authorization"),
    ("collector: {headers: {api-key: {value: s3cret}}}", "literal-header", "collector.headers.api-key"),
    ("collector: {tls: {ca: {}}}", "tls-ca", "collector.tls.ca"),
    ("collector: {tls: {ca: {secret: a, config_map: b}}}", "tls-ca", "collector.tls.ca"),
    ("collector: {tls: {client: {key: k}}}", "missing-field", "collector.tls.client.secret"),
    ("collector: {endpoint_host: long}", "unknown-value", "collector.endpoint_host"),
    ("collector: {sampling_stage: SDK}", "unknown-value", "collector.sampling_stage"),
    ("backends: {a: {type: zipkin}}", "unknown-value", "backends.a.type"),
    ("backends: {'a:b': {}}", "backend-name", "backends[a:b]"),
    ("backends: {a: {endpoint: 'a:1'}}", "endpoint-invalid", "backends.a.endpoint"),
    ("platform: {components: {gw: {match_labels: {}}}}", "empty", "platform.components.gw.match_labels"),
    ("platform: {components: {gw: {match_labels: {a b: c}}}}", "label-invalid",
     "platform.components.gw.match_labels[a b]"),
    ("platform: {components: {gw: {}}}", "missing-field", "platform.components.gw.match_labels"),
    ("limits: {images: ghcr.io/*}", "wrong-type", "limits.images"),
    ("kinds: [{apiVersion: a.io/v1, kind: A}]", "missing-field", "kinds[0].path"),
    ("kinds: [{apiVersion: a.io/v1, kind: A, path: /spec/template}]", "kind-path", "kinds[0].path"),
    ("kinds: [{apiVersion: a.io, kind: A, path: spec}]", "kind-invalid", "kinds[0].apiVersion"),
    ("skip_containers: [1]", "wrong-type", "skip_containers[0]"),
    ("knative: {fieldRef: true}", "unknown-field", "knative.fieldRef"),
    ("prune: maybe", "wrong-type", "prune"),
    ("classes: {echo: {telemetry: {trace: true}}}", "unknown-field", "classes.echo.telemetry.trace"),
    ("dashboard: true", "unknown-field", "dashboard"),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "code", "path"), CONFIG_FAULTS, ids=lambda v: str(v)[:60])
def test_an_error_in_an_otelconfig_causes_no_further_errors(spec: str, code: str, path: str) -> None:
    """One error and no cascade: no result says that the class that uses the OTelConfig lacks something."""
    if not spec.startswith("collector"):
        spec += f"\ncollector: {{endpoint: '{ENDPOINT}'}}"
    _, results = resolved([observability("enabled: true")], otel_config(spec))
    assert codes_and_paths(results)[0] == (code, f"spec.{path}")
    assert "s3cr" not in repr([(r.current, r.message, r.proposed) for r in results]).lower()
    assert {r.field_path.rpartition(".")[0] for r in results} == {f"spec.{path}".rpartition(".")[0]}


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ("telemetry: {samplingRate: 1}", "is not a known field: write sampling_rate"),
        ("telemetry: {endpoint: x}", "does not belong there: write it as collector.endpoint"),
        # The same word elsewhere means another thing.
        ("telemetry: {batch: {size: 9}}", "is not a known field: write max_queue_size or max_export_batch_size"),
        ("telemetry: {batch: {timeout: 9s}}", "is not a known field: write export_timeout"),
        ("telemetry: {service_name_template: x}",
         "is a field of the OTelConfig only: write it as spec.telemetry.service_name_template there"),
        ("collector: {tail_sampling: {}}",
         "is a field of the OTelConfig only: write it as spec.collector.tail_sampling there"),
    ],
)  # fmt: skip
def test_an_unknown_field_says_what_is_meant(block: str, message: str) -> None:
    _, (result, *_) = settings_of(observability(f"enabled: true\n{block}"))
    assert result.code == "unknown-field"
    assert result.message.endswith(f" {message}")


def test_literal_headers_are_never_shown() -> None:
    """A header that is written out is refused with `***` for its value."""
    _, results = resolved([], otel_config("collector: {headers: {Authorization: Bearer s3cret}}"))
    (result,) = results
    assert result.current == "***"
    assert result.proposed == {"secret": "<name>", "key": "<key>"}


@pytest.mark.parametrize(
    "spec",
    ["spec: &a {observability: {telemetry: {resource_attributes: *a}}}", "spec: {observability: &a [*a]}"],
)
def test_aliases_that_build_too_much_are_an_error(spec: str) -> None:
    """A loop of aliases is one error result, no crash."""
    head = "apiVersion: oaas.io/v1alpha1\nkind: ClassRuntime\nmetadata: {name: echo}\n"
    _, results = resolved([head + spec])
    assert [r.code for r in results] == ["aliases-too-large"]


def test_blocks_are_read_through_merge_keys_and_aliases() -> None:
    """Shared blocks are ordinary YAML, and read as Kubernetes reads them."""
    item = class_runtime(
        f"""
        shared: &shared {{enabled: true, collector: {{endpoint: "{ENDPOINT}"}}}}
        observability:
          <<: *shared
          telemetry: {{logs: on}}
        """
    )
    settings, results = settings_of(item)
    assert results == []
    assert settings is not None
    assert settings.enabled.value and settings.logs.value


@pytest.mark.parametrize("spec", ["spec: []", "spec: 1", "spec: null", "", "spec: {functions: 7}"])
def test_a_classruntime_without_a_block_may_have_any_shape(spec: str) -> None:
    """What is not the block passes, whatever it is."""
    text = f"apiVersion: oaas.io/v1beta2\nkind: ClassRuntime\nmetadata: {{name: echo}}\n{spec}"
    configuration, results = resolved([text])
    assert results == []
    assert configuration.classes[0].functions == ()
    assert configuration.classes[0].settings is None


def test_functions_are_read_tolerantly() -> None:
    """Each entry counts, since workloads are named by its index; what is odd in it reads empty."""
    item = class_runtime("").replace(
        "functions: []",
        "functions: [{function_key: a, container_image: i:1}, 7, {provision_config: {container_image: j}}, [x]]",
    )
    configuration, _ = resolved([item])
    assert [(f.key, f.image) for f in configuration.classes[0].functions] == [
        ("a", "i:1"),
        ("", ""),
        ("", "j"),
        ("", ""),
    ]


def test_a_duplicate_key_in_spec_is_an_error() -> None:
    """Two `observability` blocks are one too many."""
    _, results = resolved([class_runtime("observability: {}\nobservability: {enabled: true}")])
    assert codes_and_paths(results) == [("duplicate-key", "spec.observability")]


@pytest.mark.parametrize(("key", "proposed"), [("telemetry", "spec.telemetry"), ("foo", None), ("data", None)])
def test_settings_outside_spec_are_an_error(key: str, proposed: str | None) -> None:
    """The settings of an OTelConfig are in `spec`."""
    config = otel_config("{}") + f"\n{key}: {{}}\n"
    _, results = resolved([], config)
    assert [(r.code, r.field_path, r.proposed) for r in results] == [("unknown-field", key, proposed)]
