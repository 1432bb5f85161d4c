"""Which objects count: function configs of all kinds, OTelConfigs and ClassRuntimes among the items."""

from __future__ import annotations

import pytest

from krm_otel.config.settings import KindPath, Origin, PlatformComponent
from tests.support.configuration import (
    ENDPOINT,
    class_runtime,
    codes_and_paths,
    config_map,
    observability,
    otel_config,
    resolved,
)


@pytest.mark.parametrize("config", [None, "{}"])
def test_a_function_config_is_optional(config: str | None) -> None:
    """An empty mapping reads as absent."""
    configuration, results = resolved([class_runtime()], config)
    assert results == []
    assert configuration.config_given is False
    assert configuration.classes[0].settings is None


@pytest.mark.parametrize(
    ("config", "path", "proposed"),
    [
        ("apiVersion: apps/v1\nkind: Deployment", "kind", "OTelConfig"),
        ("spec: {}", "kind", "OTelConfig"),
        ("apiVersion: v2\nkind: ConfigMap", "apiVersion", "v1"),
        ("apiVersion: acme.io/v1\nkind: ClassRuntime", "apiVersion", "oaas.io/v1alpha1"),
    ],
)
def test_other_function_configs_are_refused_with_those_accepted(config: str, path: str, proposed: str) -> None:
    """The message names all three kinds; nothing else is judged by a configuration that is not known."""
    _, results = resolved([observability("enabled: true")], config)
    (result,) = results
    assert (result.code, result.field_path, result.proposed) == ("function-config-kind", path, proposed)
    assert all(kind in result.message for kind in ("OTelConfig", "ConfigMap", "ClassRuntime"))


def test_a_lone_otelconfig_among_the_items_is_used() -> None:
    """Also together with a flat ConfigMap, which ranks above it, or a ClassRuntime as function config."""
    config = otel_config(f"telemetry: {{traces: false, logs: true}}\ncollector: {{endpoint: '{ENDPOINT}'}}")
    block = observability("enabled: true")
    for given in (None, config_map("traces: on"), block):
        configuration, results = resolved([config, block], given)
        assert results == []
        (found,) = configuration.classes
        assert found.settings is not None
        assert found.settings.logs.origin == Origin("OTelConfig", "spec.telemetry.logs")
        assert found.settings.traces.value is (given is not None and "ConfigMap" in given)
        assert configuration.config_given is True


def test_two_otelconfigs_are_an_error_that_names_both() -> None:
    """Unless one is given as function config; the same one twice is one."""
    one, two = otel_config("{}", "one"), otel_config("{}", "two")
    _, results = resolved([one, observability("enabled: true"), two])
    assert codes_and_paths(results) == [("config-twice", "metadata.name")]
    assert "OTelConfig one in items[0]" in results[0].message
    assert "OTelConfig two in items[2]" in results[0].message
    assert codes_and_paths(resolved([one, one])[1]) == []
    assert codes_and_paths(resolved([one, otel_config("prune: true", "one")])[1]) == [("config-twice", "metadata.name")]
    _, results = resolved([one, two], one)
    assert codes_and_paths(results, "info") == [("config-unused", "")]


@pytest.mark.parametrize("api_version", ["fn.oaas.io/v1", "oaas.io/v1alpha1"])
@pytest.mark.parametrize("given", [True, False])
def test_an_otelconfig_of_another_version_is_an_error_with_the_right_one(api_version: str, given: bool) -> None:
    """As function config and among the items; what is in it is checked all the same."""
    text = otel_config("foo: 1").replace("fn.oaas.io/v1alpha1", api_version)
    _, results = resolved([] if given else [text], text if given else None)
    assert codes_and_paths(results) == [("api-version", "apiVersion"), ("unknown-field", "spec.foo")]
    assert results[0].proposed == "fn.oaas.io/v1alpha1"


def test_a_classruntime_as_function_config_counts_once() -> None:
    """It is one of the classes; where it is among the items too, the item counts, renamed or not."""
    given = class_runtime()
    assert [c.ref.position for c in resolved([], given)[0].classes] == [-1]
    assert [c.ref.position for c in resolved([given], given)[0].classes] == [0]
    other = class_runtime(namespace="other")
    assert [c.namespace for c in resolved([other], given)[0].classes] == ["other", "demo"]
    renamed = class_runtime(
        name="prod-echo",
        namespace="prod",
        more="  annotations:\n"
        "    internal.config.kubernetes.io/previousNames: echo\n"
        "    internal.config.kubernetes.io/previousNamespaces: demo\n",
    )
    assert [c.name for c in resolved([renamed], given)[0].classes] == ["prod-echo"]


def test_classes_need_names_of_their_own() -> None:
    """No name, the platform's name and a name that is taken are errors; the first of two stays."""
    nameless = "apiVersion: oaas.io/v1alpha1\nkind: ClassRuntime\nmetadata: {}\n"
    platform = class_runtime(name="oaas-platform")
    configuration, results = resolved(
        [nameless, platform, class_runtime(), class_runtime(), class_runtime(namespace="x")]
    )
    assert [(r.code, r.ref.position) for r in results] == [
        ("class-name-missing", 0),
        ("class-name-reserved", 1),
        ("class-name-twice", 3),
    ]
    assert "items[2]" in results[2].message and "items[3]" in results[2].message
    assert [c.ref.position for c in configuration.classes] == [2, 4]


def test_other_items_are_ignored() -> None:
    """Only ClassRuntimes of group oaas.io and OTelConfigs are looked at."""
    texts = ["apiVersion: acme.io/v1\nkind: ClassRuntime", "apiVersion: acme.io/v1\nkind: OTelConfig\nfoo: 1"]
    configuration, results = resolved(texts)
    assert results == []
    assert configuration.classes == ()


# --- the rest of an OTelConfig ------------------------------------------------------------------------------------


def test_the_other_fields_of_an_otelconfig_are_in_the_configuration() -> None:
    """kinds, skip_containers, knative and prune."""
    config = otel_config(
        """
        kinds: [{apiVersion: argoproj.io/v1alpha1, kind: Rollout, path: spec.template}]
        skip_containers: [proxy, "agent-*"]
        knative: {field_ref: true}
        prune: false
        """
    )
    configuration, results = resolved([], config)
    assert results == []
    assert configuration.kinds == (KindPath("argoproj.io/v1alpha1", "Rollout", ("spec", "template")),)
    assert configuration.skip_containers == ("proxy", "agent-*")
    assert configuration.knative_field_ref is True
    assert configuration.prune is False
    assert resolved([], otel_config("{}"))[0].prune is None


def test_the_platform_has_settings_of_the_cluster() -> None:
    """It is on where its block exists, and takes no setting from a class."""
    config = otel_config(
        f"""
        telemetry: {{logs: true}}
        collector: {{endpoint: "{ENDPOINT}"}}
        platform:
          components:
            gateway: {{match_labels: {{app: oprc-gateway}}}}
            pm: {{match_labels: {{app: pm, tier: ""}}, service_name: package-manager}}
        """
    )
    configuration, results = resolved([observability("enabled: false\ntelemetry: {logs: false}")], config)
    assert results == []
    assert configuration.platform is not None
    assert configuration.platform.enabled.value is True
    assert configuration.platform.logs.value is True
    assert configuration.platform_components == (
        PlatformComponent("gateway", {"app": "oprc-gateway"}, "gateway"),
        PlatformComponent("pm", {"app": "pm", "tier": ""}, "package-manager"),
    )
    off, _ = resolved([], config.replace("platform:", "platform:\n    enabled: false"))
    assert off.platform is not None
    assert off.platform.enabled.origin == Origin("OTelConfig", "spec.platform.enabled")
    assert off.platform.enabled.value is False
    assert resolved([], otel_config("{}"))[0].platform is None


def test_a_platform_without_components_needs_no_endpoint() -> None:
    """A platform without components needs no endpoint."""
    assert resolved([], otel_config("platform: {}"))[1] == []
    components = "collector: {mode: external}\nplatform: {components: {gw: {match_labels: {a: b}}}}"
    _, results = resolved([], otel_config(components))
    assert codes_and_paths(results) == [("endpoint-missing", "spec.collector.endpoint")]
    assert resolved([], otel_config(components + "\nenabled: false"))[1] == []
