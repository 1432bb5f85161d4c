"""SDK profiles: which one a container has, and where its signals go in the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from krm_otel.config.settings.sdk_profiles import OAAS_RS, PROFILES
from tests.support.kubelet import POD_FIELDS, environment
from tests.support.laws import assert_laws

CLASS = """\
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {{name: cart, namespace: shop}}
spec: {{observability: {{enabled: true, telemetry: {{{telemetry}}}, collector: {{mode: external, {collector}}}}}}}
---
apiVersion: fn.oaas.io/v1alpha1
kind: OTelConfig
metadata: {{name: otel}}
spec: {{telemetry: {{propagators: [w3c]}}, {config}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: any, namespace: shop, labels: {{oaas.io/owner: cart, app: gateway}}, annotations: {{{annotations}}}}}
spec:
  template:
    metadata: {{annotations: {{{template}}}}}
    spec: {{containers: [{{name: {name}, image: {image}, env: [{env}]}}]}}
"""
AT_OTEL = "endpoint: 'http://otel:4317'"
UPSTREAM = "ghcr.io/pawissanutt/oaas-rs"
SPEC = "parentbased_traceidratio"
RS = "traceidratio"


def injected(**given: str) -> dict[str, str]:
    """The environment of the container in the end."""
    values: dict[str, Any] = dict.fromkeys(("telemetry", "config", "annotations", "template", "env"), "")
    values |= {"collector": AT_OTEL, "name": "function", "image": "acme/cart:1"}
    text = CLASS.format(**(values | given))
    out, _ = assert_laws(text.encode())
    (workload,) = (one for one in yaml.safe_load_all(out) if one["kind"] == "Deployment")
    (container,) = workload["spec"]["template"]["spec"]["containers"]
    return environment(container, POD_FIELDS, {})


@pytest.mark.parametrize(
    ("given", "sampler"),
    [
        ({}, SPEC),
        ({"name": "odgm"}, RS),
        ({"image": f"{UPSTREAM}/gateway:1"}, RS),
        ({"image": f"registry.example.com/mirror/oaas-rs/pm@sha256:{'0' * 64}"}, RS),
        ({"image": f"{UPSTREAM}/compiler:1"}, SPEC),
        ({"name": "odgm", "annotations": "oaas.io/otel-sdk: spec"}, SPEC),
        ({"annotations": "oaas.io/otel-sdk: spec", "template": "oaas.io/otel-sdk: oaas-rs"}, RS),
        ({"name": "odgm", "config": "sdk: {select: [{profile: spec, role: odgm}]}"}, SPEC),
        ({"name": "odgm", "config": "sdk: {select: [{profile: spec, role: function}]}"}, RS),
        (
            {"config": "sdk: {select: [{profile: oaas-rs, image: '*/cart', container: func*}]}", "image": "a.b/c/cart"},
            RS,
        ),
        ({"config": "sdk: {select: [{profile: oaas-rs, component: gateway}]}"}, SPEC),
        (
            {"annotations": "oaas.io/otel-sdk: spec", "config": "sdk: {select: [{profile: oaas-rs, role: function}]}"},
            SPEC,
        ),
    ],
)
def test_the_first_that_says_one_decides(given: dict[str, str], sampler: str) -> None:
    """Annotation, entry of the OTelConfig, what is certain, the specification."""
    assert injected(**given)["OTEL_TRACES_SAMPLER"] == sampler


PLATFORM = """\
apiVersion: fn.oaas.io/v1alpha1
kind: OTelConfig
metadata: {name: otel}
spec:
  telemetry: {propagators: [w3c]}
  collector: {mode: external, endpoint: "http://otel:4317"}
  platform: {preset: oaas-rs, components: {gateway: {match_labels: {app: edge}, service_name: oprc-gateway}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: edge, labels: {app: edge}}
spec: {template: {spec: {containers: [{name: edge, image: "registry.example.com/edge:1"}]}}}
"""


def test_a_component_with_other_labels_keeps_the_profile_of_the_preset() -> None:
    out, _ = assert_laws(PLATFORM.encode())
    (workload,) = (one for one in yaml.safe_load_all(out) if one["kind"] == "Deployment")
    (container,) = workload["spec"]["template"]["spec"]["containers"]
    assert environment(container, POD_FIELDS, {})["OTEL_TRACES_SAMPLER"] == RS


@pytest.mark.parametrize(
    ("collector", "general", "metrics"),
    [
        (AT_OTEL, "http://otel:4317", None),
        ("exporters: {traces: 'http://t:4317', metrics: 'http://m:4317'}", "http://t:4317", "http://m:4317"),
        (f"{AT_OTEL}, exporters: {{traces: 'http://t:4317'}}", "http://t:4317", "http://otel:4317"),
        (f"{AT_OTEL}, exporters: {{metrics: 'http://m:4317'}}", "http://otel:4317", "http://m:4317"),
        ("endpoint: 'http://otel:4318'", "http://otel:4317", None),
    ],
)
def test_each_signal_arrives_where_the_class_sends_it(collector: str, general: str, metrics: str | None) -> None:
    """These services read the general endpoint and that of metrics, and speak gRPC."""
    env = injected(name="odgm", collector=collector)
    assert env["OTEL_EXPORTER_OTLP_ENDPOINT"] == general
    assert env.get("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT") == metrics
    assert env["OTEL_EXPORTER_OTLP_PROTOCOL"] == "grpc"


def test_an_sdk_that_reads_the_endpoints_of_signals_only() -> None:
    """Each signal has its own, with the path that HTTP needs."""
    profile = "{reads: ['OTEL_EXPORTER_OTLP_*_ENDPOINT', 'OTEL_[!E]*'], protocols: [http]}"
    env = injected(config=f"sdk: {{select: [{{profile: mine, role: function}}], profiles: {{mine: {profile}}}}}")
    assert env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] == "http://otel:4318/v1/traces"
    assert env["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"] == "http://otel:4318/v1/metrics"
    assert "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT" not in env


@pytest.mark.parametrize("on", [True, False])
@pytest.mark.parametrize("signal", ["traces", "logs", "metrics"])
def test_switches(signal: str, on: bool) -> None:
    """Each signal has the switch that these services read; a blank endpoint of metrics is none."""
    others = {"traces", "logs", "metrics"} - {signal}
    telemetry = ", ".join([f"{signal}: {str(on).lower()}", *(f"{other}: true" for other in sorted(others))])
    env = injected(name="odgm", telemetry=telemetry)
    if signal == "metrics":
        assert (env.get("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http") == " ") is not on
    else:
        assert env[f"OTEL_{signal.upper()}_ENABLED"] == str(on).lower()


@pytest.mark.parametrize(("traces", "logs", "value"), [(True, True, "1"), (True, False, "1"), (False, False, "0")])
def test_of_signals_with_one_switch_one_that_is_on_decides(traces: bool, logs: bool, value: str) -> None:
    """What the class asks for is sent; case sdk/profile-cannot-express has the warning about what is sent, too."""
    switch = "{enabled: {ACME: '1'}, disabled: {ACME: '0'}}"
    profiles = f"profiles: {{acme: {{switches: {{traces: {switch}, logs: {switch}}}}}}}"
    telemetry = f"traces: {str(traces).lower()}, logs: {str(logs).lower()}"
    env = injected(telemetry=telemetry, config=f"sdk: {{select: [{{profile: acme, role: function}}], {profiles}}}")
    assert env["ACME"] == value


def test_a_service_name_from_an_attribute_reaches_code_that_reads_no_attribute() -> None:
    """Their `service.name` is set in code, from `OPRC_SERVICE_NAME`."""
    env = injected(name="odgm", telemetry="resource_attributes: {service.name: store}")
    assert (env["OPRC_SERVICE_NAME"], env["OTEL_SERVICE_NAME"]) == ("store", "store")


@pytest.mark.parametrize(
    ("written", "metrics", "traces"),
    [
        ("{name: OTEL_SERVICE_NAME, value: by-crm}", "by-crm", "by-crm"),
        ("{name: OPRC_SERVICE_NAME, value: by-hand}", "by-hand", "by-hand"),
        ("{name: OTEL_SERVICE_NAME, value: ''}", "", "cart-odgm"),
    ],
)
def test_a_service_name_of_the_manifest_is_that_of_all_signals(written: str, metrics: str, traces: str) -> None:
    """Their metrics have the name of the one variable, their traces and logs that of the other."""
    env = injected(name="odgm", env=written)
    assert (env["OTEL_SERVICE_NAME"], env["OPRC_SERVICE_NAME"]) == (metrics, traces)


def test_what_is_taken_over_names_no_other_variable() -> None:
    """With `adopt: true` the name of the class counts in all of them."""
    env = injected(name="odgm", env="{name: OTEL_SERVICE_NAME, value: by-crm}", config="adopt: true")
    assert (env["OPRC_SERVICE_NAME"], env["OTEL_SERVICE_NAME"]) == ("cart-odgm", "cart-odgm")


def test_the_documentation_has_every_variable_of_the_profile() -> None:
    """What it reads is a table in docs/sdk-profiles.md."""
    text = Path("docs/sdk-profiles.md").read_text()
    table = text.partition("## What the services")[2].partition("\n## ")[0]
    assert [name for name in PROFILES[OAAS_RS].reads if f"`{name}`" not in table] == []
