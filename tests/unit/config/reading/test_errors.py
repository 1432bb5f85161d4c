"""What is said of wrong values: all at once, each with its place, what stands there and what to write."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.configuration import ENDPOINT, class_runtime, observability, otel_config, resolved, settings_of, told

# Block, code, field path below spec.observability, current, proposed.
FAULTS: list[tuple[str, str, str, Any, Any]] = [
    ("enabled: 'true'", "wrong-type", "enabled", "true", True),
    ("enabled: 1", "wrong-type", "enabled", 1, True),
    ("enabled: maybe", "wrong-type", "enabled", "maybe", None),
    ("telemetry: true", "wrong-type", "telemetry", True, None),
    ("telemetry: [a]", "wrong-type", "telemetry", None, None),
    ("telemetry: {samplingRate: 0.1}", "unknown-field", "telemetry.samplingRate", "samplingRate", "sampling_rate"),
    ("telemetry: {sampling-rate: 0.1}", "unknown-field", "telemetry.sampling-rate", "sampling-rate", "sampling_rate"),
    ("telemetry: {resource_attribtues: {}}", "unknown-field", "telemetry.resource_attribtues", "resource_attribtues",
     "resource_attributes"),
    ("sampling_rate: 0.1", "unknown-field", "sampling_rate", "sampling_rate", "telemetry.sampling_rate"),
    ("traces: true", "unknown-field", "traces", "traces", "telemetry.traces"),
    ("telemetry: {endpoint: x}", "unknown-field", "telemetry.endpoint", "endpoint", "collector.endpoint"),
    ("collector: {headers: {a: s3cret}}", "unknown-field", "collector.headers", "headers", None),
    ("collector: {sampling_stage: sdk}", "unknown-field", "collector.sampling_stage", "sampling_stage", None),
    ("telemetry: {sampling_rate: '0.1'}", "wrong-type", "telemetry.sampling_rate", "0.1", 0.1),
    ("telemetry: {sampling_rate: '0,05'}", "wrong-type", "telemetry.sampling_rate", "0,05", 0.05),
    ("telemetry: {sampling_rate: 10%}", "wrong-type", "telemetry.sampling_rate", "10%", 0.1),
    ("telemetry: {sampling_rate: true}", "wrong-type", "telemetry.sampling_rate", True, None),
    ("telemetry: {sampling_rate: .nan}", "sampling-rate-invalid", "telemetry.sampling_rate", ".nan", 0.1),
    ("telemetry: {sampling_rate: -.inf}", "sampling-rate-invalid", "telemetry.sampling_rate", "-.inf", 0.1),
    ("telemetry: {resource_attributes: {version: 1.10}}", "wrong-type", "telemetry.resource_attributes.version", 1.1,
     "1.10"),
    ("telemetry: {resource_attributes: {on: on}}", "wrong-type", "telemetry.resource_attributes.on", True, "on"),
    ("telemetry: {resource_attributes: {m: 0755}}", "wrong-type", "telemetry.resource_attributes.m", 755, "0755"),
    ("telemetry: {resource_attributes: {m: [a]}}", "wrong-type", "telemetry.resource_attributes.m", None, None),
    ("telemetry: {resource_attributes: 'a=b,c=d'}", "wrong-type", "telemetry.resource_attributes", "a=b,c=d",
     {"a": "b", "c": "d"}),
    ("telemetry: {resource_attributes: {'a b': c}}", "attribute-key", "telemetry.resource_attributes[a b]", "a b",
     "a_b"),
    ("telemetry: {resource_attributes: {'': c}}", "attribute-key", "telemetry.resource_attributes[]", "", None),
    ("telemetry: {resource_attributes: {a%: c}}", "attribute-key", "telemetry.resource_attributes[a%]", "a%", "a"),
    ("telemetry: {resource_attributes: {ü: c}}", "attribute-key", "telemetry.resource_attributes[ü]", "ü", None),
    ('telemetry: {resource_attributes: {a: "b\\0"}}', "control-character", "telemetry.resource_attributes.a", "b\0",
     None),
    ("telemetry: {service_name: ' '}", "service-name-empty", "telemetry.service_name", " ", None),
    ('telemetry: {service_name: "a\\nb"}', "control-character", "telemetry.service_name", "a\nb", None),
    ("telemetry: {service_name: 12}", "wrong-type", "telemetry.service_name", 12, "12"),
    ("telemetry: {protocol: http/protobuf}", "unknown-value", "telemetry.protocol", "http/protobuf", "http"),
    ("telemetry: {protocol: GRPC}", "unknown-value", "telemetry.protocol", "GRPC", "grpc"),
    ("telemetry: {propagators: w3c}", "wrong-type", "telemetry.propagators", "w3c", ["w3c"]),
    ("telemetry: {propagators: 'w3c, b3'}", "wrong-type", "telemetry.propagators", "w3c, b3", ["w3c", "b3"]),
    ("telemetry: {propagators: []}", "propagators-empty", "telemetry.propagators", None, ["none"]),
    ("telemetry: {propagators: [w3c, none]}", "propagators-none", "telemetry.propagators", None, ["w3c"]),
    ("telemetry: {propagators: [b3, tracecontext]}", "unknown-value", "telemetry.propagators[1]", "tracecontext",
     "w3c"),
    ("telemetry: {propagators: [b3-multi]}", "unknown-value", "telemetry.propagators[0]", "b3-multi", "b3multi"),
    ("telemetry: {propagators: [null]}", "unknown-value", "telemetry.propagators[0]", None, None),
    ("collector: {mode: side-car}", "unknown-value", "collector.mode", "side-car", "sidecar"),
    ("collector: {mode: agent}", "unknown-value", "collector.mode", "agent", "daemonset"),
    ("collector: {mode: off}", "unknown-value", "collector.mode", False, None),
    ("collector: {image: ''}", "image-invalid", "collector.image", "", None),
    ("collector: {image: 'a b'}", "image-invalid", "collector.image", "a b", "ab"),
    ("collector: {exporters: {traces: {x: y}}}", "wrong-type", "collector.exporters.traces", None, None),
    ("collector: {exporters: {trace: x}}", "unknown-field", "collector.exporters.trace", "trace", "traces"),
    ("collector: {exporters: {logs: a b}}", "backend-name", "collector.exporters.logs", "a b", None),
    ("telemetry: {logs: true, logs: false}", "duplicate-key", "telemetry.logs", None, None),
]  # fmt: skip


@pytest.mark.parametrize(("block", "code", "path", "current", "proposed"), FAULTS, ids=lambda v: str(v)[:60])
def test_a_wrong_value_is_an_error_that_says_what_to_write(
    block: str, code: str, path: str, current: Any, proposed: Any
) -> None:
    """One error, with the field's name in its message; the class has no settings, and nothing follows from it."""
    settings, results = settings_of(observability(block + "\n"))
    assert settings is None
    (result,) = results
    assert (result.severity, result.code, result.field_path) == ("error", code, f"spec.observability.{path}")
    assert (result.current, result.proposed) == (current, proposed)
    assert type(result.proposed) is type(proposed)
    assert result.message.startswith(path)
    assert (result.ref.kind, result.ref.name, result.ref.position) == ("ClassRuntime", "echo", 0)


def test_all_faults_are_told_at_once() -> None:
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
    assert told(results) == [
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
    assert told(results, "warning") == [("propagator-deprecated", "spec.observability.telemetry.propagators[1]")]


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
def test_sampling_rates_are_clamped_and_warned_of(written: str, used: float, code: str | None) -> None:
    """Outside 0.0 to 1.0 a rate is clamped with a warning; above 0.5 there is one, too."""
    item = observability(
        f"enabled: true\ntelemetry: {{sampling_rate: {written}}}\ncollector: {{endpoint: '{ENDPOINT}'}}"
    )
    settings, results = settings_of(item)
    assert settings is not None
    assert repr(settings.sampling_rate.value) == repr(used)
    assert told(results, "warning") == ([(code, "spec.observability.telemetry.sampling_rate")] if code else [])


def test_propagators_keep_their_order_without_doubles() -> None:
    """w3c stands for two of OTEL_PROPAGATORS' names; doubles go silently, deprecated ones stay with a warning."""
    block = f"enabled: true\ntelemetry: {{propagators: [b3, ottrace, w3c, b3]}}\ncollector: {{endpoint: '{ENDPOINT}'}}"
    settings, results = settings_of(observability(block))
    assert settings is not None
    assert settings.propagators.value == ("b3", "ottrace", "tracecontext", "baggage")
    assert [r.code for r in results] == ["propagator-deprecated"]


CONFIG_FAULTS: list[tuple[str, str, str]] = [
    ("telemetry: {service_name_template: '{class}-{pod}'}", "template-placeholder", "telemetry.service_name_template"),
    ("telemetry: {service_name_template: '{class'}", "template-placeholder", "telemetry.service_name_template"),
    ("telemetry: {service_name_template: ''}", "service-name-empty", "telemetry.service_name_template"),
    ("telemetry: {attributes: {k8s: 'no'}}", "wrong-type", "telemetry.attributes.k8s"),
    ("telemetry: {attributes: {drop: ['a b']}}", "attribute-key", "telemetry.attributes.drop[0]"),
    ("collector: {headers: {Authorization: Bearer s3cret}}", "literal-header", "collector.headers.Authorization"),
    ("collector: {headers: {a: {value: s3cret}}}", "missing-field", "collector.headers.a.secret"),
    ("collector: {headers: {a: {secret: S_s3cret, key: k}}}", "object-name", "collector.headers.a.secret"),
    ("collector: {headers: {a: {secret: s, key: a/b}}}", "data-key", "collector.headers.a.key"),
    ("collector: {headers: {'a b': {secret: s, key: k}}}", "header-name", "collector.headers[a b]"),
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
def test_faults_of_an_otelconfig_are_told_without_their_consequences(spec: str, code: str, path: str) -> None:
    """One error and no cascade: the class that uses the OTelConfig is not said to lack anything."""
    if not spec.startswith("collector"):
        spec += f"\ncollector: {{endpoint: '{ENDPOINT}'}}"
    _, results = resolved([observability("enabled: true")], otel_config(spec))
    assert told(results)[0] == (code, f"spec.{path}")
    assert "s3cr" not in repr([(r.current, r.message, r.proposed) for r in results]).lower()
    assert {r.field_path.rpartition(".")[0] for r in results} == {f"spec.{path}".rpartition(".")[0]}


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


def test_a_bomb_of_aliases_is_an_error() -> None:
    """So are aliases that double ten times over."""
    levels = ["a0: &a0 {k: v}"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    item = class_runtime("\n".join([*levels, "observability: {telemetry: *a8}"]))
    _, results = resolved([item])
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
def test_a_classruntime_of_odd_shape_is_none_of_our_business(spec: str) -> None:
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


def test_a_key_that_stands_twice_in_spec_is_an_error() -> None:
    """Two `observability` blocks are one too many."""
    _, results = resolved([class_runtime("observability: {}\nobservability: {enabled: true}")])
    assert told(results) == [("duplicate-key", "spec.observability")]


@pytest.mark.parametrize(("key", "proposed"), [("telemetry", "spec.telemetry"), ("foo", None), ("data", None)])
def test_settings_beside_spec_are_an_error(key: str, proposed: str | None) -> None:
    """An OTelConfig's settings stand in `spec`."""
    config = otel_config("{}") + f"\n{key}: {{}}\n"
    _, results = resolved([], config)
    assert [(r.code, r.field_path, r.proposed) for r in results] == [("unknown-field", key, proposed)]
