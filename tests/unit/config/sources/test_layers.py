"""Which source a value comes from, and what the global switch does."""

from __future__ import annotations

from typing import Any

import pytest

from krm_otel.config.schema.otel_config import AttributeGroups
from krm_otel.config.settings import DEFAULT, Origin, Settings
from tests.support.configuration import (
    ENDPOINT,
    class_runtime,
    config_map,
    observability,
    otel_config,
    resolved,
    settings_of,
    valid_settings,
)

# Field: how to get it from settings; then its value per source, lowest first, with the default.
FIELDS: dict[tuple[str, str], tuple[str, Any, dict[str, str], dict[str, Any]]] = {
    ("telemetry", "traces"): ("TRACES", True, {"env": "no", "cfg": "false", "cls": "true", "own": "false"}, {}),
    ("telemetry", "metrics"): ("METRICS", True, {"env": "off", "cfg": "false", "cls": "true", "own": "false"}, {}),
    ("telemetry", "logs"): ("LOGS", False, {"env": "1", "cfg": "true", "cls": "false", "own": "true"}, {}),
    ("telemetry", "sampling_rate"): (
        "SAMPLING_RATE",
        0.1,
        {"env": "0.2", "cfg": "0.3", "cls": "0.4", "own": "0.05"},
        {},
    ),
    ("telemetry", "protocol"): ("PROTOCOL", "grpc", {"env": "http", "cfg": "grpc", "cls": "http", "own": "grpc"}, {}),
    ("telemetry", "propagators"): (
        "PROPAGATORS",
        ("tracecontext", "baggage", "b3"),
        {"env": "xray", "cfg": "[b3]", "cls": "[w3c]", "own": "[none]"},
        {"env": ("xray",), "cfg": ("b3",), "cls": ("tracecontext", "baggage"), "own": ("none",)},
    ),
    ("collector", "mode"): (
        "MODE",
        "sidecar",
        {"env": "deployment", "cfg": "external", "cls": "daemonset", "own": "external"},
        {},
    ),
    ("collector", "image"): ("COLLECTOR_IMAGE", None, {"env": "a:1", "cfg": "b:1", "cls": "c:1", "own": "d:1"}, {}),
}


def value_of(settings: Settings, field: str) -> tuple[Any, Origin]:
    found = getattr(settings, field)
    return (None, DEFAULT) if found is None else (found.value, found.origin)


def plain(text: str) -> Any:
    words = {"true": True, "1": True, "false": False, "no": False, "off": False}
    if text in words:
        return words[text]
    try:
        return float(text)
    except ValueError:
        return text


@pytest.mark.parametrize(("block", "field"), FIELDS)
def test_each_field_comes_from_the_highest_source_that_sets_it(block: str, field: str) -> None:
    """ClassRuntime > classes.<name> > flat ConfigMap > OTelConfig > environment > built-in, field by field."""
    variable, default, texts, decoded = FIELDS[block, field]
    variable = f"OPRC_CRM_OTEL_{variable}"
    key = "collector_image" if field == "image" else field

    def given(*sources: str) -> tuple[Any, Origin]:
        other = "collector" if block == "telemetry" else "telemetry"
        own = f"{block}: {{{field}: {texts['own']}}}\n" if "own" in sources else ""
        cls = f"classes: {{echo: {{{block}: {{{field}: {texts['cls']}}}}}}}\n" if "cls" in sources else ""
        cfg = f"{block}: {{{field}: {texts['cfg']}}}\n" if "cfg" in sources else ""
        flat = config_map(f"{key}: {texts['env']}") if "flat" in sources else None
        environ = {variable: texts["env"]} if "env" in sources else {}
        item = observability(f"enabled: true\n{own}")
        # The endpoint keeps the class sound; it stands in the environment, below all that is tested.
        environ |= {"OPRC_CRM_OTEL_ENDPOINT": ENDPOINT}
        config = otel_config(f"{cfg}{cls}{other}: {{}}")
        configuration, results = resolved([item, config], flat, environ)
        assert [r.line() for r in results if r.severity == "error"] == []
        settings = configuration.classes[0].settings
        assert settings is not None
        return value_of(settings, field)

    def value(source: str) -> Any:
        return decoded.get(source, plain(texts[source]))

    path = f"{block}.{field}"
    assert given() == (default, DEFAULT)
    assert given("env") == (value("env"), Origin("environment", variable))
    assert given("env", "cfg") == (value("cfg"), Origin("OTelConfig", f"spec.{path}"))
    assert given("env", "cfg", "flat") == (value("env"), Origin("OTelConfig", f"data.{key}"))
    assert given("env", "cfg", "flat", "cls") == (value("cls"), Origin("OTelConfig", f"spec.classes.echo.{path}"))
    everything = given("env", "cfg", "flat", "cls", "own")
    assert everything == (value("own"), Origin("ClassRuntime", f"spec.observability.{path}"))


def test_resource_attributes_merge_key_by_key() -> None:
    """Each key has the origin of the highest source that gives it; null lets the lower one through."""
    settings = valid_settings(
        observability("enabled: true\ntelemetry: {resource_attributes: {team: own, 'a.b': own, zone: null}}"),
        otel_config(
            f"""
            telemetry: {{resource_attributes: {{team: cluster, region: eu, zone: z1}}}}
            collector: {{endpoint: "{ENDPOINT}"}}
            """
        ),
        {"OPRC_CRM_OTEL_RESOURCE_ATTRIBUTES": "region=env,note=a%2Cb%20c"},
    )
    found = {key: (value.value, str(value.origin)) for key, value in settings.resource_attributes.items()}
    assert found == {
        "team": ("own", "ClassRuntime spec.observability.telemetry.resource_attributes.team"),
        "a.b": ("own", "ClassRuntime spec.observability.telemetry.resource_attributes[a.b]"),
        "region": ("eu", "OTelConfig spec.telemetry.resource_attributes.region"),
        "zone": ("z1", "OTelConfig spec.telemetry.resource_attributes.zone"),
        "note": ("a,b c", "environment OPRC_CRM_OTEL_RESOURCE_ATTRIBUTES"),
    }


def test_defaults_are_those_of_the_proposal() -> None:
    """A block that says nothing but `enabled` has the built-in values."""
    settings = valid_settings(observability(f"enabled: true\ncollector: {{endpoint: '{ENDPOINT}'}}"))
    assert settings.service_name is None
    assert settings.service_name_template.value == ("{class}-{container}",)
    assert settings.sampling_stage.value == "sdk"
    assert settings.attributes.value == AttributeGroups()
    assert settings.attributes.origin == DEFAULT
    assert settings.exporters == {}
    assert settings.resource_attributes == {}


def test_only_the_otelconfig_sets_attribute_groups() -> None:
    """`attributes` and `service_name_template` come from the OTelConfig; what is null there keeps its default."""
    config = otel_config(
        f"""
        telemetry:
          service_name_template: "{{namespace}}-{{class}}"
          attributes: {{k8s: false, service: null, drop: [host.name], version_from_image: true}}
        collector: {{endpoint: "{ENDPOINT}"}}
        """
    )
    settings = valid_settings(observability("enabled: true"), config)
    assert settings.attributes.value == AttributeGroups(k8s=False, drop=("host.name",), version_from_image=True)
    assert settings.attributes.origin == Origin("OTelConfig", "spec.telemetry.attributes")
    assert settings.service_name_template.value == ("{namespace}-{class}",)


ON = ("ClassRuntime spec.observability.enabled", True)


@pytest.mark.parametrize(
    ("block", "config", "environ", "expected"),
    [
        ("enabled: true", None, {}, ON),
        ("enabled: true", config_map("enabled: false"), {"OPRC_CRM_OTEL_ENABLED": "false"}, ON),
        ("enabled: false", otel_config("enabled: true"), {}, ("ClassRuntime spec.observability.enabled", False)),
        ("{}", None, {}, ("default", False)),
        ("{}", None, {"OPRC_CRM_FEATURES_OTEL": "true"}, ("environment OPRC_CRM_FEATURES_OTEL", True)),
        (
            "{}",
            None,
            {"OPRC_CRM_FEATURES_OTEL": "1", "OPRC_CRM_OTEL_ENABLED": "0"},
            ("environment OPRC_CRM_OTEL_ENABLED", False),
        ),
        ("{}", otel_config("enabled: true"), {"OPRC_CRM_OTEL_ENABLED": "false"}, ("OTelConfig spec.enabled", True)),
        ("{}", config_map("enabled: no"), {"OPRC_CRM_OTEL_ENABLED": "true"}, ("ConfigMap data.enabled", False)),
        ("{}", config_map("features_otel: yes"), {}, ("ConfigMap data.features_otel", True)),
        (
            "{}",
            otel_config("enabled: true\nclasses: {echo: {enabled: false}}"),
            {},
            ("OTelConfig spec.classes.echo.enabled", False),
        ),
        ("enabled: null", None, {"OPRC_CRM_OTEL_ENABLED": "on"}, ("environment OPRC_CRM_OTEL_ENABLED", True)),
    ],
)
def test_enabled_has_its_own_order_of_defaults(
    block: str, config: str | None, environ: dict[str, str], expected: tuple[str, bool]
) -> None:
    """The class says `enabled`; else classes.<name>, the flat form, OTelConfig, the environment, in that order."""
    settings = valid_settings(observability(block), config, {**environ, "OPRC_CRM_OTEL_ENDPOINT": ENDPOINT})
    assert (str(settings.enabled.origin), settings.enabled.value) == expected


@pytest.mark.parametrize(
    ("config", "environ", "origin"),
    [
        (None, {"OPRC_CRM_FEATURES_OTEL": "false"}, "environment OPRC_CRM_FEATURES_OTEL"),
        (otel_config("enabled: false"), {}, "OTelConfig spec.enabled"),
        (config_map("features_otel: off"), {}, "ConfigMap data.features_otel"),
        (otel_config("enabled: true"), {"OPRC_CRM_FEATURES_OTEL": "0"}, "environment OPRC_CRM_FEATURES_OTEL"),
        (otel_config("enabled: false"), {"OPRC_CRM_FEATURES_OTEL": "true"}, "OTelConfig spec.enabled"),
        (config_map("enabled: false"), {}, None),
        (None, {"OPRC_CRM_OTEL_ENABLED": "false"}, None),
        (None, {"OPRC_CRM_FEATURES_OTEL": " "}, None),
    ],
)
def test_the_global_switch_beats_everything(config: str | None, environ: dict[str, str], origin: str | None) -> None:
    """Off in one place is off, and the class reads as off; `enabled` of the flat form is only a default."""
    item = observability(f"enabled: true\ncollector: {{endpoint: '{ENDPOINT}'}}")
    configuration, results = resolved([item], config, environ)
    assert results == []
    switched_off = configuration.switched_off
    assert (str(switched_off) if switched_off else None) == origin
    assert configuration.classes[0].enabled is (origin is None)


def test_a_class_with_missing_settings_can_be_switched_off() -> None:
    """With the switch off a missing endpoint is not reported: everything gets removed."""
    configuration, results = resolved([observability("enabled: true")], otel_config("enabled: false"))
    assert results == []
    assert configuration.switched_off is not None


@pytest.mark.parametrize(
    "spec",
    ["", "observability: null", "observability: ~\ntelemetry: null", "other: {observability: {enabled: 1}}"],
)
def test_without_a_block_there_are_no_settings(spec: str) -> None:
    """No block is off, and so is one that is null."""
    settings, results = settings_of(class_runtime(spec), otel_config("enabled: true\nclasses: {other: {}}"))
    assert settings is None
    assert results == []


def test_upstreams_flat_block_is_read_where_observability_is_absent() -> None:
    """`spec.telemetry` is read too, its unknown keys being a warning; `observability` wins over it."""
    flat = "telemetry: {enabled: true, traces: false, sampling_rate: 0.2, resource_attributes: {a: b}, extra: 1}\n"
    environ = {"OPRC_CRM_OTEL_ENDPOINT": ENDPOINT}
    settings, results = settings_of(class_runtime("observability: null\n" + flat), None, environ)
    assert [(r.severity, r.code, r.field_path) for r in results] == [
        ("warning", "unknown-field", "spec.telemetry.extra")
    ]
    assert settings is not None
    assert settings.enabled.origin == Origin("ClassRuntime", "spec.telemetry.enabled")
    assert settings.traces.origin == Origin("ClassRuntime", "spec.telemetry.traces")
    attribute = settings.resource_attributes["a"].origin
    assert attribute == Origin("ClassRuntime", "spec.telemetry.resource_attributes.a")
    both = valid_settings(class_runtime("observability: {enabled: false}\n" + flat), None, environ)
    assert both.enabled.value is False
    assert both.traces.value is True


def test_a_class_keeps_its_previous_names() -> None:
    """`classes.<name>` holds for a class that kustomize has renamed."""
    more = "  annotations:\n    internal.config.kubernetes.io/previousNames: echo\n"
    item = observability("{}", name="prod-echo", more=more)
    config = otel_config(f"classes: {{echo: {{enabled: true, collector: {{endpoint: '{ENDPOINT}'}}}}}}")
    settings = valid_settings(item, config)
    assert settings.enabled.value is True
    assert settings.endpoint is not None
    assert settings.endpoint.origin == Origin("OTelConfig", "spec.classes.echo.collector.endpoint")


def test_an_entry_of_classes_is_a_block_of_its_own() -> None:
    """A class without a block is on by `classes.<name>`; an entry that no class has is no fault."""
    config = otel_config(f"classes: {{echo: {{enabled: true, collector: {{endpoint: '{ENDPOINT}'}}}}, gone: {{}}}}")
    assert valid_settings(class_runtime(), config).enabled.value is True
