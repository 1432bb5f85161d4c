"""Our ClassRuntime definition on a real API server: structural, upstream's objects stay valid, each rule refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.kubernetes import Cluster

ROOT = Path(__file__).parents[2]
RELEASED = ROOT.parent / "shared" / "crds" / "oaas.io_classruntimes.upstream.yaml"
SAMPLES = ("examples/quickstart", "examples/kpt", "examples/kustomize/base", "tests/cases/sample/as-written/input.yaml")
"""The last is the proposal's own."""
UPSTREAM = """
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {name: released, namespace: default}
spec:
  package_class_key: pkg.cls
  functions:
  - function_key: echo
    config: {LEVEL: info}
    provision_config: {container_image: "echo:1", port: 8080, max_scale: 3, need_http2: true}
    qos_requirement: {availability: 0.99}
  - {function_key: wasm, provision_config: {wasm_module_url: "oci://x", cpu_limit: null}}
  nfr_requirements: {min_throughput_rps: 100, max_latency_ms: 50, availability_pct: 99.9, consistency: null}
  enforcement: {mode: observe, dimensions: [replicas]}
  odgm_config:
    collections: [a]
    partition_count: 3
    collection_assignments: {a: [{primary: 1, replica: [2], shard_ids: [3]}]}
    invocations: {fn_routes: {echo: {url: "http://echo", stateless: true}}, disabled_fn: []}
    options: {k: v}
  telemetry: {enabled: true, sampling_rate: 0.5, resource_attributes: {team: core}, logs: null}
"""
OURS = """
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {name: ours, namespace: default}
spec:
  observability:
    enabled: true
    telemetry:
      traces: true
      sampling_rate: 3
      service_name: own
      propagators: [w3c, b3]
      resource_attributes: {team.name: core, gone: null}
      protocol: null
      logs: null
      env: {OTEL_METRIC_EXPORT_INTERVAL: 15000, OTEL_LOG_LEVEL: debug, SPLUNK_ACCESS_TOKEN: {secret: s, key: k}}
    collector:
      mode: deployment
      image: null
      exporters: {traces: [tempo, "http://x:4317"], metrics: prometheus}
"""
REFUSED = {
    "observability: {collector: {endpoint: 'collector:4317'}}": "must be a URL that starts with http:// or https://",
    "observability: {collector: {endpoint: 'http://me:secret@c:4317'}}": "must not contain a user or password",
    "observability: {collector: {image: 'a b'}}": "must be an image without white space",
    "observability: {telemetry: {propagators: []}}": "must not be empty",
    "observability: {telemetry: {propagators: [none, w3c]}}": "none stands alone",
    "observability: {telemetry: {service_name: ' '}}": "must not be blank",
    "observability: {telemetry: {resource_attributes: {'a=b': c}}}": "keys have no white space, comma or equals sign",
    "observability: {collector: {mode: agent}}": "must be one of sidecar, deployment, daemonset, external",
    "observability: {telemetry: {propagators: [b4]}}": "Unsupported value",
    "observability: {telemetry: {sampling_rate: '10%'}}": "expected numeric (int or float), got string",
    "observability: {enabeld: true}": ".spec.observability.enabeld: field not declared in schema",
}


def krm_otel(*arguments: str, text: str = "") -> str:
    program = str(Path(sys.executable).with_name("krm-otel"))
    return subprocess.run([program, *arguments], input=text, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def definition(cluster: Cluster) -> Iterator[None]:
    """Upstream's released definition first, where it is beside the checkout: ours takes its place."""
    if RELEASED.exists():
        cluster.apply(RELEASED.read_text())
        cluster.established("classruntimes.oaas.io")
        cluster.apply(UPSTREAM.replace("released", "before"))
    else:
        assert os.environ.get("CI") != "true", "upstream's definition has to be beside the checkout"
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "--filename", "-", text=krm_otel("crd"))
    cluster.established("classruntimes.oaas.io")
    yield
    cluster.kubectl("delete", "crd", "classruntimes.oaas.io")


@pytest.mark.usefixtures("definition")
def test_it_is_structural_and_takes_what_upstream_released(cluster: Cluster) -> None:
    (crd,) = [one for one in cluster.get("crds", "default") if one["metadata"]["name"] == "classruntimes.oaas.io"]
    conditions = {one["type"]: one["status"] for one in crd["status"]["conditions"]}
    assert conditions == {"NamesAccepted": "True", "Established": "True"}
    for text in (UPSTREAM, UPSTREAM.replace("released", "before"), OURS):
        cluster.apply(text)
    found = {one["metadata"]["name"]: one["spec"] for one in cluster.get("classruntimes", "default")}
    assert found["released"]["addons"] == ["odgm"], "what upstream fills in is filled in"
    ours = found["ours"]["observability"]
    assert ours["telemetry"]["sampling_rate"] == 3
    assert ours["telemetry"]["env"]["OTEL_METRIC_EXPORT_INTERVAL"] == 15000
    assert ours["telemetry"]["env"]["SPLUNK_ACCESS_TOKEN"] == {"secret": "s", "key": "k"}
    assert set(ours["collector"]) <= {"mode", "exporters", "image"}, "nothing of ours is filled in"
    assert ours["collector"]["exporters"] == {"traces": ["tempo", "http://x:4317"], "metrics": "prometheus"}
    table = cluster.kubectl("get", "classruntime", "ours", "--namespace", "default")
    assert table.split()[:5] == ["NAME", "OBSERVABILITY", "MODE", "PHASE", "AGE"]


def class_runtime(name: str, spec: str) -> str:
    metadata = f"{{name: {name}, namespace: default}}"
    return f"apiVersion: oaas.io/v1alpha1\nkind: ClassRuntime\nmetadata: {metadata}\nspec: {{{spec}}}\n"


@pytest.mark.usefixtures("definition")
@pytest.mark.parametrize("spec", REFUSED)
def test_each_rule_refuses_with_its_message(cluster: Cluster, spec: str) -> None:
    text = class_runtime("bad", spec)
    with pytest.raises(AssertionError) as refused:
        cluster.apply(text)
    assert REFUSED[spec] in str(refused.value)


@pytest.mark.usefixtures("definition")
@pytest.mark.parametrize("name", ["oaas-platform", "oaas-otel"])
def test_names_that_are_taken(cluster: Cluster, name: str) -> None:
    text = class_runtime(name, "")
    with pytest.raises(AssertionError, match=f"the name {name} is that of"):
        cluster.apply(text)


@pytest.mark.usefixtures("definition")
@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("written", [False, True])
def test_samples_and_what_is_rendered_of_them_apply(cluster: Cluster, sample: str, written: bool) -> None:
    """By server-side apply without force, with conditions in the class, too."""
    source = objects((ROOT / sample).rglob("*.yaml") if (ROOT / sample).is_dir() else [ROOT / sample])
    config = "apiVersion: fn.oaas.io/v1alpha1\nkind: OTelConfig\nmetadata: {name: otel}\nspec: {status: write}\n---\n"
    text = "---\n".join(map(yaml.safe_dump, source))
    out = [one for one in yaml.safe_load_all(krm_otel(text=config * written + text)) if one["kind"] != "OTelConfig"]
    assert len(out) >= len(source)
    (status,) = {"status" in one for one in out if one["kind"] == "ClassRuntime"}
    assert status is written
    for wanted in (source, out):
        text = "---\n".join(map(yaml.safe_dump, wanted))
        cluster.kubectl("apply", "--server-side", "--dry-run=server", "--filename", "-", text=text)


def objects(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """What of a package goes to a server, in the namespace that is there; Knative's have tests of their own."""
    found: list[dict[str, Any]] = []
    for path in sorted(paths):
        for data in yaml.safe_load_all(path.read_text()):
            found += data["items"] if data and data["kind"] == "ResourceList" else [data]
    wanted = [one for one in found if one and one["apiVersion"].partition("/")[0] in ("v1", "apps", "batch", "oaas.io")]
    for one in wanted:
        one["metadata"]["namespace"] = "default"
    assert wanted
    return wanted


@pytest.mark.usefixtures("definition")
def test_upstreams_definition_with_the_block_merged_in(cluster: Cluster) -> None:
    """It is structural and says the same of the block; the last test here, since it takes our definition's place."""
    if not RELEASED.exists():
        pytest.skip("upstream's definition is not beside the checkout")
    config = "apiVersion: fn.oaas.io/v1alpha1\nkind: OTelConfig\nmetadata: {name: otel}\nspec: {merge_crd: true}\n---\n"
    merged = krm_otel(text=config + RELEASED.read_text()).removeprefix(config)
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "--filename", "-", text=merged)
    cluster.established("classruntimes.oaas.io")
    cluster.apply(UPSTREAM)
    cluster.apply(OURS)
    for spec, message in REFUSED.items():
        with pytest.raises(AssertionError) as refused:
            cluster.apply(class_runtime("bad", spec))
        assert message in str(refused.value)
