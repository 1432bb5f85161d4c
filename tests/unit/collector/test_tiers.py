"""Two tiers of collectors: what each does, how each is called, who may reach whom."""

from __future__ import annotations

from typing import Any

import pytest

from krm_otel.collector.config.build import build_config
from krm_otel.collector.config.checks import check_config
from krm_otel.collector.manifests import assets
from krm_otel.collector.manifests.sidecar import sidecar
from krm_otel.collector.naming import owner_value
from krm_otel.collector.operator import operator_assets
from krm_otel.collector.tiers import tiers
from tests.support.collector import class_and_settings

BLOCK = "telemetry: {logs: true}\ncollector: {mode: %s, exporters: {traces: vendor, metrics: debug, logs: debug}}"
SPEC = """
backends: {vendor: {endpoint: 'https://v:4317', headers: {Authorization: {secret: vendor, key: token}}}}
collector: {tail_sampling: {}, gateway: {%s}, span_metrics: {}%s}
"""


def objects(
    mode: str = "deployment", gateway: str = "", more: str = "", name: str = "echo"
) -> dict[str, dict[str, Any]]:
    """What is generated, by kind and name."""
    made = assets(*class_and_settings(BLOCK % mode, SPEC % (gateway, more), name=name))
    return {f"{one.data['kind']}/{one.data['metadata']['name']}": one.data for one in made}


def configs(mode: str, more: str = "") -> tuple[dict[str, Any], dict[str, Any]]:
    first, second = tiers(*class_and_settings(BLOCK % mode, SPEC % ("", more)))
    return build_config(first), build_config(second)


def test_without_a_gateway_there_is_one_tier() -> None:
    oaas_class, settings = class_and_settings(BLOCK % "deployment", "backends: {vendor: {endpoint: 'https://v:4317'}}")
    (tier,) = tiers(oaas_class, settings)
    assert tier.collector is settings.collector


def test_every_object_of_the_second_tier_is_named_after_it() -> None:
    assert list(objects()) == [
        "ConfigMap/echo-otel-config",
        "Deployment/echo-otel-collector",
        "Service/echo-otel-collector",
        "ServiceAccount/echo-otel-collector",
        "NetworkPolicy/echo-otel-collector",
        "ConfigMap/echo-otel-gateway-config",
        "Deployment/echo-otel-gateway",
        "Service/echo-otel-gateway",
        "ServiceAccount/echo-otel-gateway",
        "NetworkPolicy/echo-otel-gateway",
        "PodDisruptionBudget/echo-otel-gateway",
    ]
    by_load = objects("sidecar", "autoscaling: {max_replicas: 4}")
    assert [name for name in by_load if "gateway" not in name] == ["ConfigMap/echo-otel-config"]
    assert "replicas" not in by_load["Deployment/echo-otel-gateway"]["spec"]
    scaler = by_load["HorizontalPodAutoscaler/echo-otel-gateway"]["spec"]
    assert scaler["scaleTargetRef"]["name"] == "echo-otel-gateway"


def test_a_long_class_name_leaves_room() -> None:
    for name in objects(name="c" * 70):
        assert len(name.partition("/")[2]) <= 63


def test_the_tiers_differ_in_their_labels() -> None:
    made = objects()
    selectors = [
        made[f"Deployment/echo-otel-{tier}"]["spec"]["selector"]["matchLabels"] for tier in ("collector", "gateway")
    ]
    assert selectors[0] != selectors[1]
    for tier, selector in zip(("collector", "gateway"), selectors, strict=True):
        labels = made[f"Deployment/echo-otel-{tier}"]["spec"]["template"]["metadata"]["labels"]
        assert selector.items() <= labels.items()
        # Labels that Argo CD and kustomize write select no pods.
        own = {"otel.oaas.io/collector": f"echo-otel-{tier}"}
        assert own.items() <= labels.items()
        assert made[f"Service/echo-otel-{tier}"]["spec"]["selector"] == own
        assert made[f"NetworkPolicy/echo-otel-{tier}"]["spec"]["podSelector"]["matchLabels"] == own
    assert {owner_value(one["metadata"]["labels"]) for one in made.values()} == {"echo"}


def test_the_first_tier_finds_each_pod_of_the_second_by_its_headless_service() -> None:
    made = objects()
    spec = made["Service/echo-otel-gateway"]["spec"]
    assert spec["clusterIP"] == "None"
    assert [port["name"] for port in spec["ports"]] == ["otlp-grpc", "metrics"]
    assert "clusterIP" not in made["Service/echo-otel-collector"]["spec"]
    for host, expected in (
        ("", "echo-otel-gateway"),
        (", endpoint_host: svc", "echo-otel-gateway.demo.svc"),
        (", endpoint_host: fqdn", "echo-otel-gateway.demo.svc.cluster.local"),
    ):
        exporter = configs("sidecar", host)[0]["exporters"]["load_balancing"]
        assert exporter["resolver"] == {"dns": {"hostname": expected, "port": "4317"}}
        assert exporter["routing_key"] == "traceID"


@pytest.mark.parametrize(
    ("mode", "peer"),
    [
        (
            "deployment",
            {"otel.oaas.io/collector": "echo-otel-collector"},
        ),
        ("sidecar", {"otel.oaas.io/class": "echo"}),
    ],
)
def test_only_the_first_tier_gets_in(mode: str, peer: dict[str, str]) -> None:
    (rule,) = objects(mode)["NetworkPolicy/echo-otel-gateway"]["spec"]["ingress"]
    ((key, value),) = peer.items()
    # Not matchLabels: kustomize adds its own labels to those of peers.
    selector = {"matchExpressions": [{"key": key, "operator": "In", "values": [value]}]}
    assert rule == {"from": [{"podSelector": selector}], "ports": [{"protocol": "TCP", "port": 4317}]}


@pytest.mark.parametrize("mode", ["sidecar", "deployment"])
def test_the_first_tier_does_everything_but_decide(mode: str) -> None:
    first, second = configs(mode)
    assert first["service"]["pipelines"]["traces"]["exporters"] == ["load_balancing", "span_metrics"]
    assert first["service"]["pipelines"]["traces"]["processors"] == ["memory_limiter", "resource", "batch"]
    assert list(first["service"]["pipelines"]) == ["traces", "metrics", "logs"]
    assert list(second["service"]["pipelines"]) == ["traces"]
    assert second["service"]["pipelines"]["traces"] == {
        "receivers": ["otlp"],
        "processors": ["memory_limiter", "tail_sampling", "batch"],
        "exporters": ["otlp_grpc/vendor"],
    }
    assert list(second["receivers"]["otlp"]["protocols"]) == ["grpc"]
    assert "connectors" not in second


def test_secrets_go_where_they_are_used() -> None:
    """The first tier does not send to the vendor any more."""
    made = objects()
    variables = {
        tier: [entry["name"] for entry in container(made[f"Deployment/echo-otel-{tier}"])["env"]]
        for tier in ("collector", "gateway")
    }
    assert "OAAS_OTEL_HEADER_VENDOR_AUTHORIZATION" in variables["gateway"]
    assert "OAAS_OTEL_HEADER_VENDOR_AUTHORIZATION" not in variables["collector"]
    assert "OAAS_OTEL_HEADER_VENDOR_AUTHORIZATION" not in str(
        sidecar(*class_and_settings(BLOCK % "sidecar", SPEC % ("", "")), False)
    )


def container(deployment: dict[str, Any]) -> dict[str, Any]:
    (found,) = deployment["spec"]["template"]["spec"]["containers"]
    assert isinstance(found, dict)
    return found


def test_each_tier_has_its_own_config_merged_in() -> None:
    own = "config: {service: {telemetry: {logs: {level: debug}}}}"
    more = ", config: {service: {telemetry: {logs: {level: warn}}}}"
    first, second = map(build_config, tiers(*class_and_settings(BLOCK % "deployment", SPEC % (own, more))))
    assert first["service"]["telemetry"]["logs"] == {"level": "warn"}
    assert second["service"]["telemetry"]["logs"] == {"level": "debug"}


def test_the_merged_config_of_a_gateway_is_checked() -> None:
    own = "config: {service: {pipelines: {traces: {exporters: [debgu]}}}}"
    (found,) = check_config(*class_and_settings(BLOCK % "deployment", SPEC % (own, "")))
    assert found.code == "collector-config"
    assert found.field_path == "spec.collector.gateway.config"
    assert "with collector.gateway.config merged in, service.pipelines.traces.exporters names debgu" in found.message


def test_a_queue_in_a_claim_stays_with_the_first_tier() -> None:
    made = objects("deployment", "", ", queue: {persistent: true, claim: kept}")
    volumes = {
        tier: made[f"Deployment/echo-otel-{tier}"]["spec"]["template"]["spec"]["volumes"][-1]
        for tier in ("collector", "gateway")
    }
    assert volumes["collector"]["persistentVolumeClaim"] == {"claimName": "kept"}
    assert volumes["gateway"]["emptyDir"] == {}
    exporter = configs("deployment", ", queue: {persistent: true}")[0]["exporters"]["load_balancing"]
    assert exporter["sending_queue"]["storage"] == "file_storage"


def test_the_operator_runs_both_tiers_and_has_names_of_its_own() -> None:
    """It calls the Service of the pods' addresses `<name>-collector-headless`."""
    made = [one.data for one in operator_assets(*class_and_settings(BLOCK % "sidecar", SPEC % ("replicas: 3", "")))]
    first, second = (one for one in made if one["kind"] == "OpenTelemetryCollector")
    assert (first["metadata"]["name"], first["spec"]["mode"]) == ("echo-otel", "sidecar")
    assert (second["metadata"]["name"], second["spec"]["mode"]) == ("echo-otel-gateway", "deployment")
    assert second["spec"]["replicas"] == 3
    resolver = first["spec"]["config"]["exporters"]["load_balancing"]["resolver"]
    assert resolver["dns"]["hostname"] == "echo-otel-gateway-collector-headless"
    assert "tail_sampling" in second["spec"]["config"]["processors"]
