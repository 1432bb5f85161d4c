"""Knative's own webhook accepts what is rendered, and fills in nothing of ours.

What it fills in inside a list would show as a difference in Argo CD for ever, since Git does not have it.
"""

from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.cases import CASES, ROOT, read_environ
from tests.support.configuration import observability, otel_config
from tests.support.laws import function
from tests.tools.function import FUNCTION, Manifest
from tests.tools.matrix import Case, cases
from tools.build import require

GROUP = "serving.knative.dev/"
EXAMPLES = Path(__file__).parents[2] / "examples"
FIELD_REF = "kubernetes.podspec-fieldref=enabled"
FEATURES = {"inject/kind-knative-field-ref": FIELD_REF}
"""What a cluster has to switch on for a case that says that it has (`knative.field_ref`)."""
OURS = ("env", "ports", "volumeMounts")
"""The lists of the user's containers that we add to."""


# --- the webhook --------------------------------------------------------------------------------------------------


def ask(manifest: Manifest, *features: str) -> tuple[Manifest | None, str]:
    """The object as the webhook leaves it, or None and why it refuses it."""
    command = [str(require("knative-admission")), *features]
    done = subprocess.run(command, input=json.dumps(manifest), capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == (1 if done.stderr else 0), done
    return (json.loads(done.stdout) if done.stdout else None), done.stderr


def accepted(manifest: Manifest, *features: str) -> Manifest:
    left, refusal = ask(manifest, *features)
    assert left is not None, refusal
    return left


def of_knative(stream: str | bytes) -> list[Manifest]:
    """The Services and Configurations of a stream, or of the items of a ResourceList."""
    found = []
    for document in yaml.safe_load_all(stream):
        objects = document.get("items", [document]) if isinstance(document, dict) else []
        for one in objects:
            if isinstance(one, dict) and str(one.get("apiVersion", "")).startswith(GROUP):
                found += [one] if one["kind"] in ("Service", "Configuration") else []
    return found


# --- the law ------------------------------------------------------------------------------------------------------


def assert_accepted(given: list[Manifest], rendered: list[Manifest], *features: str) -> int:
    """What was accepted still is, and means the same for the user's containers. How many these were."""
    checked = 0
    for before, after in zip(given, rendered, strict=True):
        was, _ = ask(before, *features)
        if was is not None:
            left = accepted(after, *features)
            assert filled_in(before, after, left) == []
            assert changed(was, left) == []
            checked += 1
    return checked


def filled_in(before: Manifest, after: Manifest, left: Manifest) -> list[str]:
    """The places of what we added that the webhook leaves otherwise than it was."""
    places = []

    def compare(place: str, written: Any, now: Any) -> None:
        if written != now:
            places.append(f"{place}: {written} → {now}")

    for path in (("metadata",), ("spec", "template", "metadata")):
        for key in ("labels", "annotations"):
            compare(f"{path}.{key}", at(after, *path).get(key), at(left, *path).get(key))
    old, written, now = (at(one, "spec", "template", "spec") for one in (before, after, left))
    for key in written:
        if isinstance(written[key], list):
            known = len(old.get(key, ()))  # ours stand behind the user's
            compare(key, written[key][known:], now[key][known:])
    for index, container in enumerate(old["containers"]):
        for key in OURS:
            theirs = container.get(key, ())
            pairs = zip(written["containers"][index].get(key, ()), now["containers"][index].get(key, ()), strict=True)
            for entry, filled in pairs:
                if entry not in theirs:
                    compare(f"containers[{index}].{key}", entry, filled)
    return places


def changed(was: Manifest, left: Manifest) -> list[str]:
    """What is no longer as it was for the user's containers, both as the webhook leaves them: a name, a probe."""
    old, new = (at(one, "spec", "template", "spec", "containers") for one in (was, left))
    return [
        f"{one.get('name')}.{key}: {one.get(key)} → {other.get(key)}"
        for one, other in zip(old, new, strict=False)
        for key in sorted({*one, *other} - {*OURS})
        if one.get(key) != other.get(key)
    ]


def at(manifest: Manifest, *path: str) -> Any:
    """The mapping at a path; an empty one where there is none."""
    for key in path:
        manifest = manifest.get(key) or {}
    return manifest


# --- golden cases, examples, the matrix ---------------------------------------------------------------------------


def golden() -> dict[str, Path]:
    """The cases with something of Knative that are rendered."""
    found = {}
    for case in CASES:
        data = next(case.glob("input.*")).read_bytes()
        if GROUP.encode() in data and not (case / "exit").exists():
            found[str(case.relative_to(ROOT))] = case
    return found


GOLDEN = golden()


@pytest.mark.parametrize("name", GOLDEN)
def test_what_the_golden_cases_render_is_accepted(name: str) -> None:
    data = next(GOLDEN[name].glob("input.*")).read_bytes()
    out, _ = function(data, read_environ(GOLDEN[name] / "env"))
    assert_accepted(of_knative(data), of_knative(out), *filter(None, [FEATURES.get(name)]))


def test_there_are_golden_cases_that_are_accepted() -> None:
    """A check that finds nothing passes everything."""
    inputs = [one for case in GOLDEN.values() for one in of_knative(next(case.glob("input.*")).read_bytes())]
    assert sum(ask(one)[0] is not None for one in inputs) >= 8
    assert {"Service", "Configuration"} == {one["kind"] for one in inputs}


def test_a_cluster_has_to_allow_field_references_where_the_config_says_so() -> None:
    """The flag of FEATURES is needed, and does it."""
    for name in FEATURES:
        out, _ = function(next(GOLDEN[name].glob("input.*")).read_bytes())
        for one in of_knative(out):
            assert "valueFrom.fieldRef" in ask(one)[1]
            accepted(one, FIELD_REF)


def examples() -> Iterator[Path]:
    """The folders with something of Knative."""
    for folder in sorted(EXAMPLES.iterdir()):
        if any(GROUP in file.read_text() for file in folder.glob("*.yaml")):
            yield folder


def test_what_the_examples_render_is_accepted() -> None:
    found = list(examples())
    assert found
    for folder in found:
        given = [one for file in sorted(folder.glob("*.yaml")) for one in of_knative(file.read_text())]
        done = subprocess.run([FUNCTION, "render", folder], capture_output=True, check=True)
        assert assert_accepted(given, of_knative(done.stdout)) == len(given)


def test_every_sidecar_of_the_matrix_is_accepted() -> None:
    """Whatever the backends, headers, certificates, queues and signals are."""
    rows = [case for case in cases() if "mode: sidecar" in case.block]
    assert len(rows) > 50
    for case in rows:
        assert_rendered_is_accepted(stream_of(case))


def stream_of(case: Case) -> str:
    block = observability("enabled: true\n" + case.block, namespace="demo")
    return "---\n".join([otel_config(case.spec), block, service("containers: [{image: acme/echo}]")])


# --- one thing after the other ------------------------------------------------------------------------------------

SIDECAR = "collector: {mode: sidecar, exporters: {traces: 'http://tempo:4317', metrics: 'https://prometheus:4318'}}\n"
QUEUE = "collector: {queue: {persistent: true, size_limit: 1Gi}}"


def service(pod: str, about: str = "", template: str = "", kind: str = "Service") -> str:
    """A Knative Service of the class `echo`, or a Configuration; arguments are YAML in one line."""
    return (
        f"apiVersion: serving.knative.dev/v1\nkind: {kind}\n"
        f"metadata: {{name: echo, namespace: demo, labels: {{oaas.io/owner: echo}}, annotations: {{{about}}}}}\n"
        f"spec: {{template: {{metadata: {{{template}}}, spec: {{{pod}}}}}}}\n"
    )


def with_sidecar(pod: str, spec: str = "{}", block: str = SIDECAR, **about: str) -> str:
    return "---\n".join([otel_config(spec + "\n"), observability("enabled: true\n" + block), service(pod, **about)])


def assert_rendered_is_accepted(stream: str) -> Manifest:
    """The rendered Service, which the webhook accepts as it accepted the one that came in."""
    out, outcome = function(stream.encode())
    assert outcome.exit_code == 0, outcome.results
    rendered = of_knative(out)
    assert assert_accepted(of_knative(stream), rendered) == len(rendered) == 1
    return rendered[0]


PORT = "ports: [{containerPort: 8080}]"
PODS = {
    "without ports": "containers: [{name: function, image: acme/echo}]",
    "without a name": "containers: [{image: acme/echo}]",
    "a named port": "containers: [{name: function, image: acme/echo, ports: [{name: h2c, containerPort: 9000}]}]",
    "the second has the port": f"containers: [{{name: a, image: acme/a}}, {{name: b, image: acme/echo, {PORT}}}]",
    "two, one without a name": f"containers: [{{image: acme/echo, {PORT}}}, {{name: b, image: acme/b}}]",
    "two without a name": f"containers: [{{image: acme/echo, {PORT}}}, {{image: acme/b}}]",
    "volumes of its own": (
        "volumes: [{name: a, configMap: {name: a}}, {name: b, emptyDir: {}}], containers: [{name: function, "
        "image: acme/echo, volumeMounts: [{name: a, mountPath: /a, readOnly: true}, {name: b, mountPath: /b}]}]"
    ),
    "resources and a security context": (
        "containers: [{name: function, image: acme/echo, resources: {limits: {memory: 64Mi}}, "
        "securityContext: {runAsNonRoot: true}}]"
    ),
    "a probe": "containers: [{name: function, image: acme/echo, readinessProbe: {httpGet: {path: /ready}}}]",
    "variables": "containers: [{name: function, image: acme/echo, env: [{name: OTEL_SERVICE_NAME, value: a}]}]",
}


@pytest.mark.parametrize(
    "block", [SIDECAR, "collector: {endpoint: 'https://otel:4317'}\n"], ids=["sidecar", "external"]
)
@pytest.mark.parametrize("name", PODS)
def test_a_pod_is_accepted(name: str, block: str) -> None:
    assert_rendered_is_accepted(with_sidecar(PODS[name], block=block))


def test_exactly_one_container_has_exactly_one_port() -> None:
    """A container that had none gets Knative's own; one that is there stays alone."""
    ports = {}
    for name, pod in PODS.items():
        containers = assert_rendered_is_accepted(with_sidecar(pod))["spec"]["template"]["spec"]["containers"]
        ports[name] = [container.get("ports") for container in containers]
    assert ports["without ports"] == ports["without a name"] == [[{"containerPort": 8080, "protocol": "TCP"}], None]
    assert ports["a named port"] == [[{"name": "h2c", "containerPort": 9000}], None]
    assert ports["the second has the port"] == [None, [{"containerPort": 8080}], None]


@pytest.mark.parametrize("source", ["config_map", "secret"])
def test_certificates_are_accepted(source: str) -> None:
    spec = f"collector: {{endpoint: 'https://otel:4317', tls: {{ca: {{{source}: ca}}, client: {{secret: client}}}}}}"
    made = assert_rendered_is_accepted(with_sidecar(PODS["volumes of its own"], spec, block=""))
    mounts = made["spec"]["template"]["spec"]["containers"][0]["volumeMounts"]
    assert len(mounts) > 2
    assert all(mount["readOnly"] is True for mount in mounts[2:])


def test_annotations_of_all_are_accepted() -> None:
    """Knative's own and ours, on the object and on the template."""
    about, template = 'a: "b"', 'annotations: {autoscaling.knative.dev/min-scale: "1"}, labels: {a: b}'
    made = assert_rendered_is_accepted(with_sidecar(PODS["without ports"], about=about, template=template))
    assert set(made["metadata"]["annotations"]) == {"a", "oaas.io/otel-injected"}
    annotations = made["spec"]["template"]["metadata"]["annotations"]
    assert set(annotations) == {"autoscaling.knative.dev/min-scale", "oaas.io/otel-config-hash"}


def test_a_configuration_is_accepted() -> None:
    assert_rendered_is_accepted(with_sidecar(PODS["without ports"], kind="Configuration"))


def test_a_queue_in_files_and_pull_secrets_are_accepted() -> None:
    """Both without any feature: a volume `emptyDir` that a sidecar writes to, and `imagePullSecrets`."""
    spec = f"{QUEUE[:-1]}, pod: {{image_pull_secrets: [pull]}}}}"
    pod = assert_rendered_is_accepted(with_sidecar(PODS["without ports"], spec))["spec"]["template"]["spec"]
    assert pod["imagePullSecrets"] == [{"name": "pull"}]
    assert [volume["emptyDir"] for volume in pod["volumes"] if "emptyDir" in volume] == [{"sizeLimit": "1Gi"}]
    assert pod["containers"][1]["volumeMounts"][1].get("readOnly", False) is False


# --- what would not be accepted -----------------------------------------------------------------------------------

GONE = object()
POD = ("spec", "template", "spec")
USERS, SIDECARS = (*POD, "containers", 0), (*POD, "containers", 1)
Place = tuple[str | int, ...]


@cache
def rendered() -> tuple[Manifest, Manifest]:
    """A Service with a sidecar that keeps its queue in files: as it came in, and as it is rendered."""
    stream = with_sidecar("containers: [{image: acme/echo}]", QUEUE)
    return of_knative(stream)[0], assert_rendered_is_accepted(stream)


def edited(place: Place, value: Any) -> Manifest:
    """What is rendered, with another value at a place, or without it."""
    made = copy.deepcopy(rendered()[1])
    holder: Any = made
    for key in place[:-1]:
        holder = holder[key]
    if value is GONE:
        del holder[place[-1]]
    else:
        holder[place[-1]] = value
    return made


@pytest.mark.parametrize(
    ("place", "value", "why"),
    [
        ((*USERS, "ports"), GONE, "missing field(s): spec.template.spec.containers[*].ports"),
        ((*SIDECARS, "ports"), [{"containerPort": 4317}], "more than one container port is set"),
        ((*SIDECARS, "livenessProbe"), {"httpGet": {"port": 13133}}, "containers[1].livenessProbe"),
        ((*SIDECARS, "readinessProbe"), {"httpGet": {"port": 13133}}, "containers[1].readinessProbe"),
        (
            (*SIDECARS, "env"),
            [{"name": "MY_POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}],
            "containers[1].env[0].valueFrom.fieldRef",
        ),
        ((*SIDECARS, "env"), [{"name": "K_REVISION", "value": "a"}], '"K_REVISION" is a reserved environment variable'),
        ((*SIDECARS, "resources", "claims"), [{"name": "a"}], "resources.claims"),
        ((*SIDECARS, "securityContext", "procMount"), "Default", "securityContext.procMount"),
        ((*SIDECARS, "securityContext", "capabilities", "add"), ["NET_RAW"], "capabilities.add"),
        ((*SIDECARS, "restartPolicy"), "Always", "containers[1].restartPolicy"),
        ((*SIDECARS, "lifecycle"), {}, "containers[1].lifecycle"),
        ((*SIDECARS, "volumeMounts"), GONE, 'volume with name "oaas-otel-collector" not mounted'),
        ((*SIDECARS, "name"), "queue-proxy", '"queue-proxy" is a reserved container name'),
        ((*SIDECARS, "arg"), [], 'unknown field "arg"'),
        ((*POD, "volumes"), GONE, "volumeMount has no matching volume"),
        ((*POD, "volumes", 1), {"name": "a", "persistentVolumeClaim": {"claimName": "a"}}, "support is disabled"),
        ((*POD, "initContainers"), [{"name": "a", "image": "a"}], "support for init-containers is off"),
        ((*POD, "automountServiceAccountToken"), True, "automountServiceAccountToken"),
        ((*POD, "securityContext"), {"runAsUser": 1}, "spec.template.spec.securityContext"),
        ((*POD, "tolerations"), [{"operator": "Exists"}], "spec.template.spec.tolerations"),
        (("metadata", "annotations", "autoscaling.knative.dev/min-scale"), "1", "autoscaling annotations must be put"),
    ],
    ids=lambda value: ".".join(map(str, value[3:])) if isinstance(value, tuple) else None,
)
def test_knative_refuses(place: Place, value: Any, why: str) -> None:
    """Each thing that we leave out or write for Knative's sake is needed; and the checks above can fail."""
    left, refusal = ask(edited(place, value))
    assert left is None
    assert why in refusal


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        ((*SIDECARS, "volumeMounts", 0, "readOnly"), GONE, ["containers"]),
        ((*SIDECARS, "resources", "requests", "cpu"), "0.5", ["containers"]),
        ((*SIDECARS, "resources"), GONE, ["containers"]),
        ((*POD, "volumes", 1, "emptyDir", "sizeLimit"), "1024Mi", ["volumes"]),
    ],
)
def test_what_is_filled_in_is_noticed(place: Place, value: Any, told: list[str]) -> None:
    """What is not written out, or not as Kubernetes writes it, comes back otherwise."""
    made = edited(place, value)
    assert [entry.partition(":")[0] for entry in filled_in(rendered()[0], made, accepted(made))] == told


def test_a_container_that_would_get_another_name_is_noticed() -> None:
    """Knative numbers unnamed containers as soon as there are two: why we write the name out."""
    made = edited((*USERS, "name"), GONE)
    found = changed(accepted(rendered()[0]), accepted(made))
    assert found == ["user-container.name: user-container → user-container-0"]
