"""What an overlay adds before and after the function: all workloads are injected, what they refer to is in the build.

Or the build fails and says what to write. By exec; `test_image` has the component by container.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.tools.clients import Answer, Kustomize, as_function, run, write_kustomization
from tests.tools.function import FUNCTION, UNINJECT, Manifest, environment, injected, manifests

EXAMPLE = Path(__file__).parents[2] / "examples" / "kustomize"
KINDS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Pod", "Service", "Configuration")
"""The last two are Knative's."""
OVERLAY: dict[str, Any] = {
    "namePrefix": "eu-",
    "nameSuffix": "-x",
    "namespace": "shop",
    "images": [{"name": "ghcr.io/acme/cart-add", "newName": "mirror.example/add", "newTag": "2"}],
    "replicas": [{"name": "w-deployment", "count": 3}],
    "labels": [{"pairs": {"tier": "gold"}, "includeSelectors": True}],
    "configMapGenerator": [{"name": "ca", "literals": ["ca.crt=pem"]}, {"name": "settings", "literals": ["A=b"]}],
    "secretGenerator": [
        {"name": "token", "literals": ["token=t"]},
        {"name": "client", "literals": ["tls.crt=c", "tls.key=k"]},
        {"name": "pull", "type": "kubernetes.io/dockerconfigjson", "literals": [".dockerconfigjson={}"]},
    ],
}
"""Everything that kustomize adds, with hashes on what the collector's settings name."""
SETTINGS: dict[str, Any] = {
    "telemetry": {"propagators": ["w3c"]},
    "collector": {
        "exporters": {"traces": "tempo", "metrics": "tempo"},
        "pod": {"image_pull_secrets": ["pull"]},
    },
    "backends": {
        "tempo": {
            "type": "otlp",
            "endpoint": "https://tempo.observability:4317",
            "headers": {"authorization": {"secret": "token", "key": "token"}},
            "tls": {"ca": {"config_map": "ca"}, "client": {"secret": "client"}},
        }
    },
}


def workload(kind: str) -> Manifest:
    """One that belongs to the class by its label; of Kubernetes' kinds with a generated ConfigMap as environment."""
    container: dict[str, Any] = {"name": "function", "image": "ghcr.io/acme/cart-add:1"}
    knative = kind in ("Service", "Configuration")
    if not knative:  # where kustomize carries no name on that is the user's
        container["envFrom"] = [{"configMapRef": {"name": "settings"}}]
    pod: dict[str, Any] = {"containers": [container]}
    if kind in ("Job", "CronJob"):
        pod["restartPolicy"] = "Never"
    spec: dict[str, Any] = {"template": {"metadata": {"labels": {"app": kind}}, "spec": pod}}
    if kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"):
        spec["selector"] = {"matchLabels": {"app": kind}}
    if kind == "CronJob":
        spec = {"schedule": "0 0 * * *", "jobTemplate": {"spec": spec}}
    group = "serving.knative.dev/v1" if knative else {"Pod": "v1", "Job": "batch/v1", "CronJob": "batch/v1"}.get(kind)
    return {
        "apiVersion": group or "apps/v1",
        "kind": kind,
        "metadata": {"name": f"w-{kind.lower()}", "labels": {"oaas.io/owner": "cart"}},
        "spec": pod if kind == "Pod" else spec,
    }


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "base"
    folder.mkdir()
    shutil.copy(EXAMPLE / "base" / "classruntime.yaml", folder / "class.yaml")
    (folder / "workloads.yaml").write_text(yaml.safe_dump_all(map(workload, KINDS)))
    write_kustomization(folder, resources=["class.yaml", "workloads.yaml"])
    return folder


def with_function(folder: Path, place: str, spec: Mapping[str, Any], **fields: Any) -> Path:
    """An overlay of the base with the function in one of two places, and the fields given."""
    config = {"apiVersion": "fn.oaas.io/v1alpha1", "kind": "OTelConfig", "metadata": {"name": "otel"}, "spec": spec}
    here = folder / "overlay"
    below = here if place == "transformer" else folder / "component"
    for one in (here, below):
        one.mkdir(exist_ok=True)
    (below / "otel.yaml").write_text(as_function(config, [FUNCTION]))
    shutil.copy(EXAMPLE / "component" / "namereference.yaml", below)
    uses = {"transformers": ["otel.yaml"], "configurations": ["namereference.yaml"]}
    if place == "transformer":
        write_kustomization(here, resources=["../base"], **uses, **fields)
    else:
        component = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component", **uses}
        (below / "kustomization.yaml").write_text(yaml.safe_dump(component))
        write_kustomization(here, resources=["../base"], components=["../component"], **fields)
    return here


def settings(mode: str, **more: Any) -> dict[str, Any]:
    collector = {**SETTINGS["collector"], "mode": mode}
    if mode == "external":
        collector = {"mode": mode, "endpoint": "https://tempo.observability:4317"}
        headers = {"authorization": {"secret": "token", "key": "token"}}
        collector |= {"headers": headers, "tls": {"ca": {"config_map": "ca"}, "client": {"secret": "client"}}}
    if mode == "daemonset":
        collector |= {"daemonset": {"manage": True}}
    return {**SETTINGS, "collector": collector, **more}


# ------------------------------------------------------------------------------------- what refers to what


def walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for member in node.values():
            yield from walk(member)
    elif isinstance(node, list):
        for member in node:
            yield from walk(member)


def referred(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Kind and name of every ConfigMap, Secret and Service of ours that a manifest names."""
    for node in walk(manifest):
        for key, kind in (("configMap", "ConfigMap"), ("configMapRef", "ConfigMap"), ("configMapKeyRef", "ConfigMap")):
            if isinstance(node.get(key), dict) and "name" in node[key]:
                yield kind, node[key]["name"]
        for key in ("secretKeyRef", "secretRef"):
            if isinstance(node.get(key), dict):
                yield "Secret", node[key]["name"]
        if isinstance(node.get("secret"), dict):
            yield "Secret", node["secret"]["secretName"]
        for one in node.get("imagePullSecrets") or []:
            yield "Secret", one["name"]
        if "serviceAccountName" in node:
            yield "ServiceAccount", node["serviceAccountName"]
        annotations = node.get("annotations") if isinstance(node.get("annotations"), dict) else {}
        for key, name in (annotations or {}).items():
            if key == "sidecar.opentelemetry.io/inject":
                yield "OpenTelemetryCollector", name
            if key == "instrumentation.opentelemetry.io/inject-sdk":
                yield "Instrumentation", name


def hosts(manifest: Manifest) -> Iterator[str]:
    for node in walk(manifest):
        for entry in node.get("env") or []:
            if re.fullmatch(r"OTEL_EXPORTER_OTLP(_\w+)?_ENDPOINT", entry.get("name", "")):
                yield urlsplit(entry["value"]).hostname or ""


def dangling(build: list[Manifest]) -> list[str]:
    """What is named and is not there."""
    there = {(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in build}
    found = []
    for one in build:
        whose = f"{one['kind']}/{one['metadata']['name']}"
        space = one["metadata"].get("namespace")
        found += [f"{whose}: {kind} {name}" for kind, name in referred(one) if (kind, space, name) not in there]
        for host in hosts(one):
            name, _, rest = host.partition(".")
            if host == "127.0.0.1" or host == "tempo.observability":
                continue
            if ("Service", rest.partition(".")[0] or space, name) not in there:
                found.append(f"{whose}: {host}")
    return found


def owned(build: list[Manifest]) -> dict[str, Manifest]:
    """The workloads of the base, by kind; `Service` is Knative's."""
    found = [one for one in build if one["metadata"]["name"].startswith("eu-w-")]
    assert [one["metadata"]["name"] for one in found if not one["metadata"]["name"].endswith("-x")] == []
    return {one["kind"]: one for one in found}


def variables(manifest: Manifest) -> dict[str, Any]:
    return next(environment(node) for node in walk(manifest) if node.get("name") == "function" and "image" in node)


def build(kustomize: Kustomize, folder: Path) -> Answer:
    return kustomize.build(folder, env={"PATH": f"{FUNCTION.parent}{os.pathsep}{os.environ['PATH']}"})


# --------------------------------------------------------------------------------------------------- tests


@pytest.mark.parametrize(
    ("place", "mode"),
    [
        ("transformer", "sidecar"),
        ("transformer", "deployment"),
        ("transformer", "daemonset"),
        ("transformer", "external"),
        ("component", "sidecar"),
        ("component", "external"),
    ],
)
def test_every_workload_is_injected_and_nothing_dangles(
    kustomize: Kustomize, base: Path, place: str, mode: str
) -> None:
    more: dict[str, Any] = {"names_may_change": True} if place == "component" else {}
    if mode == "daemonset":  # these collectors live elsewhere, and so do the Secrets that they read
        more["backends"] = {"tempo": {"type": "otlp", "endpoint": "http://tempo.observability:4317"}}
    spec = settings(mode, **more)
    if mode == "daemonset":
        spec["collector"] = {**spec["collector"], "pod": {}}
    found = manifests(build(kustomize, with_function(base.parent, place, spec, **OVERLAY)).ok().stdout)
    workloads = owned(found)
    assert set(workloads) == set(KINDS)
    assert {kind: "OTEL_EXPORTER_OTLP_ENDPOINT" in variables(one) for kind, one in workloads.items()} == dict.fromkeys(
        KINDS, True
    )
    assert dangling(found) == []
    # The test means something only if kustomize did all of it.
    text = yaml.safe_dump(found)
    assert "mirror.example/add:2" in text and "tier: gold" in text
    assert re.search(r"name: eu-settings-x-\w{10}\n", text)
    assert workloads["Deployment"]["spec"]["replicas"] == "3"
    if mode in ("sidecar", "deployment", "external"):
        assert re.search(r"secretName: eu-client-x-\w{10}\n", text) and re.search(r"name: eu-token-x-\w{10}\n", text)


@pytest.mark.parametrize(
    ("place", "mode"), [("transformer", "sidecar"), ("transformer", "deployment"), ("component", "sidecar")]
)
def test_a_whole_build_can_be_undone(kustomize: Kustomize, base: Path, place: str, mode: str) -> None:
    """Volumes and Secrets are ours by whatever name kustomize has carried them on to: it is the build with `cat`."""
    more: dict[str, Any] = {"names_may_change": True} if place == "component" else {}
    overlay = with_function(base.parent, place, settings(mode, **more), **OVERLAY)
    ours = build(kustomize, overlay).ok().stdout
    undone = run(UNINJECT, stdin=ours).ok()
    config = (overlay if place == "transformer" else base.parent / "component") / "otel.yaml"
    config.write_text(config.read_text().replace(str(FUNCTION), "cat"))
    assert manifests(ours) != manifests(undone.stdout) == manifests(build(kustomize, overlay).ok().stdout)
    assert "kept" not in undone.stderr


@pytest.mark.parametrize(
    ("mode", "more", "advice"),
    [
        ("deployment", {}, "run the function as a transformer of the last overlay, or write mode: sidecar"),
        ("daemonset", {}, "make them in a package without a later namePrefix, nameSuffix or namespace"),
        ("sidecar", {"flavor": "operator"}, "run the function as a transformer of the last overlay, or write native"),
        ("external", {"flavor": "operator"}, "run the function as a transformer of the last overlay, or write native"),
    ],
)
def test_names_that_would_not_follow_are_refused(
    kustomize: Kustomize, base: Path, mode: str, more: dict[str, Any], advice: str
) -> None:
    """They stand in texts: of endpoints, and of annotations for the Operator. That is so, says the second half."""
    folder = with_function(base.parent, "component", {**settings(mode, **more), "names_may_change": True}, **OVERLAY)
    answer = build(kustomize, folder)
    assert (answer.code, answer.stdout) == (1, b"")
    assert advice in answer.stderr
    plain = {"tempo": {"type": "otlp", "endpoint": "http://tempo.observability:4317"}}
    spec = {**settings(mode, **more), "backends": plain}
    spec["collector"] = {key: value for key, value in spec["collector"].items() if key not in ("headers", "tls")}
    found = manifests(build(kustomize, with_function(base.parent, "component", spec, **OVERLAY)).ok().stdout)
    assert dangling(found)


def test_the_operators_objects_are_named_as_they_are(kustomize: Kustomize, base: Path) -> None:
    """As a transformer of the last overlay, annotations name what is there; Secrets get their hashes."""
    spec = settings("sidecar", flavor="operator")
    found = manifests(build(kustomize, with_function(base.parent, "transformer", spec, **OVERLAY)).ok().stdout)
    assert dangling(found) == []
    named = {pair for one in owned(found).values() for pair in referred(one)}
    assert {("OpenTelemetryCollector", "eu-cart-x-otel"), ("Instrumentation", "eu-cart-x-otel")} <= named
    assert "eu-token-x-" in yaml.safe_dump([one for one in found if one["kind"] == "OpenTelemetryCollector"])


# ----------------------------------------------------------------------------------------------- generators


@pytest.mark.parametrize("mode", ["sidecar", "deployment"])
def test_a_generator_beside_the_class_and_a_transformer(kustomize: Kustomize, base: Path, mode: str) -> None:
    """The class is a function config and among the resources, where it comes out once; nothing is there twice."""
    spec = settings(mode)
    overlay = with_function(base.parent, "transformer", spec, **OVERLAY)
    class_runtime = yaml.safe_load((base / "class.yaml").read_text())
    class_runtime["spec"]["observability"]["collector"] = {
        "mode": mode,
        "exporters": {"traces": "http://tempo.observability:4317", "metrics": "http://tempo.observability:4317"},
    }
    (overlay / "class.yaml").write_text(as_function(class_runtime, [FUNCTION]))
    kustomization = yaml.safe_load((overlay / "kustomization.yaml").read_text())
    (overlay / "kustomization.yaml").write_text(yaml.safe_dump({**kustomization, "generators": ["class.yaml"]}))
    answer = build(kustomize, overlay).ok()
    assert "ConfigMap/cart-otel-config generated" in answer.stderr
    assert "no workload belongs" not in answer.stderr
    found = manifests(answer.stdout)
    assert set(owned(found)) == set(KINDS)
    assert dangling(found) == []
    assert [one["kind"] for one in found].count("ClassRuntime") == 1
    assert sum("otel-config" in one["metadata"]["name"] for one in found) == 1


def test_the_collectors_of_all_nodes_as_a_generator(kustomize: Kustomize, tmp_path: Path) -> None:
    """In a folder of their own, whose namespace is the one that endpoints name."""
    config = {
        "apiVersion": "fn.oaas.io/v1alpha1",
        "kind": "OTelConfig",
        "metadata": {"name": "otel"},
        "spec": settings("daemonset"),
    }
    (tmp_path / "otel.yaml").write_text(as_function(config, [FUNCTION]))
    write_kustomization(tmp_path, generators=["otel.yaml"])
    found = manifests(build(kustomize, tmp_path).ok().stdout)
    assert {one["kind"] for one in found} >= {"DaemonSet", "Service", "ConfigMap", "ServiceAccount"}
    assert {one["metadata"].get("namespace", "oaas-system") for one in found} == {"oaas-system"}
    assert not any(injected(found).get(name) for name in injected(found))
