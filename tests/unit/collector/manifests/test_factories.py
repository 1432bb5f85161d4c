"""The generated objects, and the sidecar."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from krm_otel.collector.manifests import assets
from krm_otel.collector.manifests.sidecar import sidecar
from krm_otel.collector.naming import owner_key
from krm_otel.yamltext.emit import block as emit
from tests.support.collector import class_and_settings, config_of

BACKEND = """
backends:
  vendor:
    endpoint: https://otlp.vendor.example:4317
    headers: {Authorization: {secret: vendor, key: token}}
    tls: {ca: {config_map: ca}, client: {secret: client}}
"""
VENDOR = "collector: {mode: %s, exporters: {traces: vendor, metrics: prometheus-scrape}}"
KINDS = ["ConfigMap", "Deployment", "Service", "ServiceAccount", "NetworkPolicy", "PodDisruptionBudget"]


def made(block: str = "", spec: str | None = None, namespace: str = "demo") -> dict[str, dict[str, Any]]:
    found = assets(*class_and_settings(block, spec, namespace=namespace))
    for asset in found:
        assert asset.reason
        assert yaml.safe_load("\n".join([*emit(asset.data), ""])) == asset.data
    return {asset.data["kind"]: asset.data for asset in found}


@pytest.mark.parametrize(
    ("block", "spec", "kinds"),
    [
        ("", None, KINDS[:1]),
        ("collector: {mode: deployment}", None, KINDS[:5]),
        ("collector: {mode: deployment}", "collector: {replicas: 2}", KINDS),
        ("collector: {mode: deployment}", "collector: {service_account: {name: mine}}", [*KINDS[:3], KINDS[4]]),
        ("collector: {mode: deployment}", "collector: {network_policy: {enabled: false}}", KINDS[:4]),
        ("collector: {mode: deployment, endpoint: 'http://x:4317'}", None, []),
        ("collector: {mode: external, endpoint: 'http://x:4317'}", None, []),
        ("telemetry: {traces: false, metrics: false}", None, []),
    ],
)
def test_each_mode_generates_only_the_objects_that_it_needs(block: str, spec: str | None, kinds: list[str]) -> None:
    assert list(made(block, spec)) == kinds


def test_files_are_in_a_volume_of_their_own_in_the_pod_or_in_a_claim() -> None:
    spec = "backends: {kept: {type: file, file: {claim: telemetry, max_megabytes: 9}}, gone: {type: file}}"
    block = "collector: {mode: deployment, exporters: {traces: [kept, gone], metrics: kept}}"
    object_ = made(block, spec)["Deployment"]["spec"]
    pod = object_["template"]["spec"]
    volumes = {volume.pop("name"): volume for volume in pod["volumes"]}
    assert volumes["oaas-otel-collector-files-1"] == {"persistentVolumeClaim": {"claimName": "telemetry"}}
    assert volumes["oaas-otel-collector-files-2"] == {"emptyDir": {}}
    mounts = {mount["name"]: mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]}
    exporters = config_of(class_and_settings(block, spec))["exporters"]
    for name, backend in (("oaas-otel-collector-files-1", "kept"), ("oaas-otel-collector-files-2", "gone")):
        assert exporters[f"file/{backend}"]["path"].startswith(f"{mounts[name]}/")
    assert exporters["file/kept"]["rotation"] == {"max_megabytes": 9, "max_backups": 3}
    # Two pods would write the same file while one replaces the other; the volume belongs to the collector's group.
    assert object_["strategy"] == {"type": "Recreate"}
    assert pod["securityContext"]["fsGroup"] == 10001


def test_every_object_has_the_labels_that_pruning_reads() -> None:
    for data in made("collector: {mode: deployment}", "collector: {replicas: 3}").values():
        metadata = data["metadata"]
        assert metadata["namespace"] == "demo"
        assert metadata["labels"][owner_key(data["kind"])] == "echo"
        assert metadata["labels"]["component"] == "otel"
        assert metadata["annotations"]["oaas.io/generated-by"] == "krm-otel"


def test_a_class_without_namespace_makes_objects_without_one() -> None:
    for data in made("collector: {mode: deployment}", namespace="").values():
        assert "namespace" not in data["metadata"]


def test_flux_leaves_the_config_alone() -> None:
    annotations = made()["ConfigMap"]["metadata"]["annotations"]
    assert annotations["kustomize.toolkit.fluxcd.io/substitute"] == "disabled"


def test_labels_and_selectors_belong_together() -> None:
    found = made("collector: {mode: deployment}", "collector: {replicas: 2, pod: {labels: {team: core}}}")
    labels = found["Deployment"]["spec"]["template"]["metadata"]["labels"].items()
    assert ("team", "core") in labels
    assert found["Deployment"]["spec"]["selector"]["matchLabels"].items() <= labels
    assert found["Service"]["spec"]["selector"].items() <= labels
    assert found["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"].items() <= labels
    assert found["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"].items() <= labels


def test_ports_of_service_and_container_belong_together() -> None:
    found = made("collector: {mode: deployment, exporters: {metrics: prometheus-scrape}}")
    (container,) = found["Deployment"]["spec"]["template"]["spec"]["containers"]
    declared = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert declared == {"otlp-grpc": 4317, "otlp-http": 4318, "metrics": 8888, "prometheus": 8889}
    assert {port["targetPort"]: port["port"] for port in found["Service"]["spec"]["ports"]} == declared


def test_only_the_class_and_named_scrapers_come_in() -> None:
    spec = """
        collector:
          network_policy:
            mesh: istio
            scrapers:
              - namespace_labels: {kubernetes.io/metadata.name: monitoring}
                pod_labels: {app: prometheus}
    """
    senders, scrapers = made("collector: {mode: deployment}", spec)["NetworkPolicy"]["spec"]["ingress"]
    own = {"matchExpressions": [{"key": "otel.oaas.io/class", "operator": "In", "values": ["echo"]}]}
    assert senders["from"] == [{"podSelector": own}]
    assert [port["port"] for port in senders["ports"]] == [4317, 4318, 15008]
    assert scrapers["from"] == [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}},
            "podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["prometheus"]}]},
        }
    ]
    assert [port["port"] for port in scrapers["ports"]] == [8888, 15008]


def containers() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """(container, its pod spec) of both modes."""
    pod = made(VENDOR % "deployment", BACKEND)["Deployment"]["spec"]["template"]["spec"]
    beside = sidecar(*class_and_settings(VENDOR % "sidecar", BACKEND), knative=False)
    return [(pod["containers"][0], pod), (beside.container, {"volumes": beside.volumes})]


def test_every_collector_is_hardened() -> None:
    for container, _ in containers():
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        assert container["resources"]["requests"].keys() == container["resources"]["limits"].keys() == {"cpu", "memory"}
        assert {"startupProbe", "livenessProbe"} <= container.keys()
    _, pod = containers()[0]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True


def test_headers_come_from_secrets_and_every_volume_is_mounted_read_only() -> None:
    for container, pod in containers():
        secret = {"secretKeyRef": {"name": "vendor", "key": "token"}}
        assert {"name": "OAAS_OTEL_HEADER_VENDOR_AUTHORIZATION", "valueFrom": secret} in container["env"]
        assert [v["name"] for v in pod["volumes"]] == [m["name"] for m in container["volumeMounts"]]
        assert all(mount["readOnly"] is True for mount in container["volumeMounts"])


def test_go_knows_its_memory() -> None:
    spec = "collector: {resources: {limits: {memory: 512Mi}}}"
    container = sidecar(*class_and_settings("", spec), knative=False).container
    assert {"name": "GOMEMLIMIT", "value": "409MiB"} in container["env"]


def test_the_pods_options_are_passed_on() -> None:
    spec = """
        collector:
          pod:
            image_pull_secrets: [pull]
            tolerations: [{key: infra, operator: Exists}]
            node_selector: {pool: infra}
            affinity: {nodeAffinity: {}}
            priority_class_name: high
            labels: {team: core}
            annotations: {sidecar.istio.io/inject: "false"}
            security_context: {fsGroup: 1, runAsUser: 5}
    """
    template = made("collector: {mode: deployment}", spec)["Deployment"]["spec"]["template"]
    pod = template["spec"]
    assert template["metadata"]["labels"]["team"] == "core"
    assert template["metadata"]["annotations"]["sidecar.istio.io/inject"] == "false"
    assert pod["imagePullSecrets"] == [{"name": "pull"}]
    assert pod["tolerations"] == [{"key": "infra", "operator": "Exists"}]
    assert pod["nodeSelector"] == {"pool": "infra"}
    assert pod["affinity"] == {"nodeAffinity": {}}
    assert pod["priorityClassName"] == "high"
    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
        "fsGroup": 1,
        "runAsUser": 5,
    }


# --- the sidecar ---


def test_a_native_sidecar_has_a_restart_policy() -> None:
    found = sidecar(*class_and_settings(), knative=False)
    assert found.native
    assert found.container["restartPolicy"] == "Always"
    assert "readinessProbe" not in found.container
    assert [listener.address.port for listener in found.listening.all] == [4317, 4318, 13133, 8888]


def test_an_ordinary_sidecar_is_asked_for() -> None:
    found = sidecar(*class_and_settings("", "collector: {native_sidecar: false}"), knative=False)
    assert not found.native
    assert "restartPolicy" not in found.container


def test_knative_refuses_nothing_of_it() -> None:
    """No ports, probes, downward API or init container; volumes read-only; none of queue-proxy's ports."""
    found = sidecar(*class_and_settings(VENDOR % "sidecar", BACKEND), knative=True)
    allowed = {"name", "image", "args", "env", "resources", "securityContext", "volumeMounts"}
    assert found.container.keys() <= allowed
    assert not found.native
    assert "fieldRef" not in json.dumps(found.container)
    listening = {listener.address.port for listener in found.listening.all}
    assert not {8008, 8012, 8013, 8022, 8112, 9090, 9091} & listening


def test_a_pod_that_runs_as_root_does_not_make_the_collector_root() -> None:
    assert sidecar(*class_and_settings(), knative=False, root=True).container["securityContext"]["runAsUser"] == 10001


def test_the_hash_changes_with_the_config_and_with_nothing_else() -> None:
    """What is not in the config does not roll the pods by its hash."""

    def hash_of(block: str = "", spec: str | None = None) -> str:
        (value,) = sidecar(*class_and_settings(block, spec), knative=False).annotations.values()
        return value

    assert hash_of() == hash_of("telemetry: {sampling_rate: 0.2}")
    assert hash_of() == hash_of("", "collector: {image_registry: mirror.example}")
    assert hash_of() != hash_of("", "collector: {batch: {timeout: 1s}}")
    deployment = made("collector: {mode: deployment}")["Deployment"]["spec"]["template"]["metadata"]["annotations"]
    assert deployment.keys() == {"oaas.io/otel-config-hash"}


def test_two_headers_that_would_share_a_variable_do_not() -> None:
    spec = """
        backends:
          a-b: {endpoint: 'http://x:4317', headers: {X: {secret: one, key: k}}}
          a.b: {endpoint: 'http://y:4317', headers: {X: {secret: two, key: k}}}
    """
    oaas_class, settings = class_and_settings("collector: {exporters: {traces: [a-b, a.b]}}", spec)
    env = {e["name"]: e.get("valueFrom", {}) for e in sidecar(oaas_class, settings, False).container["env"]}
    assert env["OAAS_OTEL_HEADER_A_B_X"]["secretKeyRef"]["name"] == "one"
    assert env["OAAS_OTEL_HEADER_A_B_X_2"]["secretKeyRef"]["name"] == "two"


def test_variables_for_ones_own_part_of_the_config_come_from_secrets() -> None:
    spec = "collector: {env: {API_TOKEN: {secret: s, key: k}}, config: {extensions: {x: {token: '${env:API_TOKEN}'}}}}"
    env = sidecar(*class_and_settings("", spec), knative=True).container["env"]
    assert {"name": "API_TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}} in env
