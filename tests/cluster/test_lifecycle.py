"""Transitions on a real API server: what is applied is what is rendered, and nothing of ours stays behind.

Each step changes the package as a person does, renders it anew on its own earlier output, as GitOps does, and applies
it by server-side or client-side apply with pruning. After it the live objects say what was rendered, `kubectl diff` has
nothing to tell, and what somebody else wrote into the live objects is still there.
"""

from __future__ import annotations

import copy
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from krm_otel.names import A_RECORD
from krm_otel.run import Outcome, Source, run
from krm_otel.views.lines import lines
from tests.cluster.kubernetes import Cluster, until
from tools.cluster.cluster import KUBECONFIG, inside

Data = dict[str, Any]
Step = Callable[[Data], None]
EXPORTERS = {"traces": "http://sink.sink:4317", "metrics": "debug", "logs": "debug"}
SOURCE = """\
apiVersion: config.kubernetes.io/v1
kind: ResourceList
functionConfig:
  apiVersion: fn.oaas.io/v1alpha1
  kind: OTelConfig
  metadata: {{name: otel}}
  spec:
    telemetry: {{propagators: [w3c]}}
    collector: {{daemonset: {{manage: false}}, batch: {{timeout: 1s}}}}
    backends: {{store: {{type: otlp, endpoint: "http://sink.sink:4317"}}}}
items:
- apiVersion: kpt.dev/v1
  kind: Kptfile
  metadata: {{name: app}}
- apiVersion: oaas.io/v1alpha1
  kind: ClassRuntime
  metadata: {{name: echo, namespace: {namespace}}}
  spec: {{functions: [{{function_key: echo, provision_config: {{container_image: "oteldemo:1"}}}}]}}
- apiVersion: oaas.io/v1alpha1
  kind: ClassRuntime
  metadata: {{name: other, namespace: {namespace}}}
  spec: {{package_class_key: pkg.other}}
- apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: echo
    namespace: {namespace}
    labels: {{oaas.io/owner: echo}}
  spec:
    replicas: 0
    selector: {{matchLabels: {{app: echo}}}}
    template:
      metadata:
        labels: {{app: echo}}
        annotations: {{team: core}}
      spec:
        containers:
        - name: function
          image: oteldemo:1
          env:
          - name: FIRST
            value: "1"
          - name: OTEL_RESOURCE_ATTRIBUTES
            value: team=core
        - name: extra
          image: oteldemo:1
          env:
          - name: OTEL_PROPAGATORS
            value: b3
- apiVersion: apps/v1
  kind: StatefulSet
  metadata:
    name: store
    namespace: {namespace}
    labels: {{oaas.io/owner: other}}
  spec:
    replicas: 0
    serviceName: store
    selector: {{matchLabels: {{app: store}}}}
    template:
      metadata:
        labels: {{app: store}}
      spec:
        containers:
        - name: odgm
          image: oteldemo:1
- apiVersion: batch/v1
  kind: CronJob
  metadata:
    name: nightly
    namespace: {namespace}
    labels: {{oaas.io/owner: echo}}
  spec:
    schedule: "0 3 * * *"
    suspend: true
    jobTemplate:
      spec:
        template:
          spec:
            restartPolicy: Never
            containers:
            - name: once
              image: oteldemo:1
"""
JOB = """\
apiVersion: fn.oaas.io/v1alpha1
kind: OTelConfig
metadata: {{name: otel}}
spec: {{telemetry: {{propagators: [w3c]}}}}
---
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {{name: echo, namespace: {namespace}}}
spec: {{observability: {{enabled: false, collector: {{endpoint: "http://sink.sink:4317"}}}}}}
---
apiVersion: batch/v1
kind: Job
metadata: {{name: once, namespace: {namespace}, labels: {{oaas.io/owner: echo}}}}
spec:
  suspend: true
  template:
    spec:
      restartPolicy: Never
      containers: [{{name: once, image: "oteldemo:1"}}]
"""
KINDS = (
    "classruntimes,configmaps,services,serviceaccounts,deployments,statefulsets,cronjobs,networkpolicies,"
    "poddisruptionbudgets"
)
ALLOWED = (
    "oaas.io/v1alpha1/ClassRuntime",
    "core/v1/ConfigMap",
    "core/v1/Service",
    "core/v1/ServiceAccount",
    "apps/v1/Deployment",
    "apps/v1/StatefulSet",
    "batch/v1/CronJob",
    "networking.k8s.io/v1/NetworkPolicy",
    "policy/v1/PodDisruptionBudget",
)
"""What client-side apply may prune: by default it leaves most of these alone."""
FOREIGN = "elsewhere.example/note"


# --- steps: what people change ---------------------------------------------------------------------------------------


def found(data: Data, kind: str, name: str) -> Data:
    (one,) = [item for item in data["items"] if (item["kind"], item["metadata"]["name"]) == (kind, name)]
    assert isinstance(one, dict)
    return one


def container(data: Data, number: int = 0) -> Data:
    one = found(data, "Deployment", "echo")["spec"]["template"]["spec"]["containers"][number]
    assert isinstance(one, dict)
    return one


def block(name: str, mode: str = "", **said: Any) -> Step:
    """A class's block; of `said`, what is no setting of the collector goes to the telemetry."""
    collector: Data = {key: said.pop(key) for key in ("endpoint", "exporters") if key in said}
    collector |= {"mode": mode} if mode else {}
    if mode in ("sidecar", "deployment"):
        collector.setdefault("exporters", EXPORTERS)

    def step(data: Data) -> None:
        spec = found(data, "ClassRuntime", name)["spec"]
        # An empty mapping where there was a full one: server-side apply makes a null of it (1.36).
        parts = {key: value for key, value in (("telemetry", said), ("collector", collector)) if value}
        spec["observability"] = copy.deepcopy({"enabled": True, **parts})

    return step


def disable(*names: str) -> Step:
    def step(data: Data) -> None:
        for name in names:
            found(data, "ClassRuntime", name)["spec"]["observability"] = {"enabled": False}

    return step


def configure(key: str, value: Any) -> Step:
    def step(data: Data) -> None:
        data["functionConfig"]["spec"].pop(key, None)
        if value is not None:
            data["functionConfig"]["spec"][key] = copy.deepcopy(value)

    return step


def several(*steps: Step) -> Step:
    def step(data: Data) -> None:
        for one in steps:
            one(data)

    return step


def owner(kind: str, workload: str, name: str) -> Step:
    def step(data: Data) -> None:
        found(data, kind, workload)["metadata"]["labels"]["oaas.io/owner"] = name

    return step


def rename_class(old: str, new: str) -> Step:
    def step(data: Data) -> None:
        found(data, "ClassRuntime", old)["metadata"]["name"] = new

    return step


def remove(kind: str, name: str) -> Step:
    return lambda data: data["items"].remove(found(data, kind, name))


def image(data: Data) -> None:
    container(data)["image"] = "oteldemo:2"


def remove_container(data: Data) -> None:
    found(data, "Deployment", "echo")["spec"]["template"]["spec"]["containers"].pop(1)


def opt_out(data: Data) -> None:
    annotations = found(data, "Deployment", "echo")["metadata"].setdefault("annotations", {})
    annotations["oaas.io/otel-inject"] = "false"


def opt_in(data: Data) -> None:
    annotations = found(data, "Deployment", "echo")["metadata"]["annotations"]
    del annotations["oaas.io/otel-inject"]
    if not annotations:
        del found(data, "Deployment", "echo")["metadata"]["annotations"]


def edit(data: Data) -> None:
    """A value of ours is changed, and is the user's from then on; a variable of ours is removed, and returns."""
    env = container(data)["env"]
    mine = {"name": "OTEL_TRACES_SAMPLER_ARG", "value": "0.77"}
    if any(entry["name"] == "OTEL_TRACES_SAMPLER_ARG" for entry in env):
        container(data)["env"] = [
            mine if entry["name"] == mine["name"] else entry for entry in env if entry["name"] != "OTEL_TRACES_EXPORTER"
        ]
    else:  # the source, which has nothing of ours
        env.append(mine)


def nothing(_: Data) -> None:
    """Only rendered and applied once more."""


QUIET = "nothing that pods see"
STEPS: dict[str, Step] = {
    "sidecar": several(block("echo", "sidecar"), block("other", "sidecar")),
    f"{QUIET}: once more": nothing,
    "signals, names, attributes": block(
        "echo", "sidecar", logs=True, service_name="own", resource_attributes={"a": "b"}
    ),
    "edited by hand": edit,
    "deployment": several(block("echo", "deployment"), block("other", "deployment")),
    f"{QUIET}: conditions are written": configure("status", "write"),
    f"{QUIET}: a backend that nobody uses": configure(
        "backends", {name: {"type": "otlp", "endpoint": "http://sink.sink:4317"} for name in ("store", "spare")}
    ),
    "backends changed": block("echo", "deployment", exporters={"traces": ["store", "debug"], "metrics": "store"}),
    "rate": block("other", "deployment", sampling_rate=0.2),
    "an image": image,
    "images of collectors": configure(
        "collector", {"daemonset": {"manage": False}, "image_registry": "mirror.example", "replicas": 2}
    ),
    "what was set by hand is taken over": configure("adopt", True),
    "and given back": configure("adopt", None),
    f"{QUIET}: a faulty class keeps what it had": several(configure("on_error", "degrade"), block("other", "external")),
    "which is mended": several(
        configure("on_error", None), block("other", "external", endpoint="http://sink.sink:4318")
    ),
    "moved to the other class": owner("Deployment", "echo", "other"),
    "and back": owner("Deployment", "echo", "echo"),
    "a container is removed": remove_container,
    "opted out": opt_out,
    "and in again": opt_in,
    "daemonset": block("echo", "daemonset"),
    "an endpoint": block("echo", endpoint="http://sink.sink:4317"),
    "over HTTP": block("echo", endpoint="http://sink.sink:4318"),
    "sidecar again": block("echo", "sidecar"),
    "renamed with its workloads": several(
        rename_class("echo", "ping"), owner("Deployment", "echo", "ping"), owner("CronJob", "nightly", "ping")
    ),
    "switched off": configure("enabled", False),
    "switched on": configure("enabled", None),
    "a workload is removed": remove("CronJob", "nightly"),
    "no signal": block("other", "deployment", traces=False, metrics=False),
    "a class is deleted": remove("ClassRuntime", "ping"),
    "the other is off": disable("other"),
}


# --- the tests -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def definition(cluster: Cluster) -> Iterator[None]:
    printed = subprocess.run(
        [str(Path(sys.executable).with_name("krm-otel")), "crd"], capture_output=True, text=True, check=True
    )
    cluster.apply(printed.stdout)
    cluster.established("classruntimes.oaas.io")
    yield
    cluster.kubectl("delete", "crd", "classruntimes.oaas.io")


@pytest.fixture
def namespace(cluster: Cluster, request: pytest.FixtureRequest, definition: None) -> Iterator[str]:  # noqa: ARG001 - classes go first
    how = request.node.callspec.params["how"] if hasattr(request.node, "callspec") else "job"
    name = f"lifecycle-{how}"
    cluster.apply(f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n")
    until(
        lambda: cluster.get("serviceaccounts", name, "--field-selector=metadata.name=default") or None,
        lambda: f"{name} has no account",
    )
    yield name
    cluster.kubectl("delete", "namespace", name)


@pytest.mark.parametrize("how", ["server-side", "client-side"])
def test_transitions(cluster: Cluster, namespace: str, how: str) -> None:
    source: Data = yaml.safe_load(SOURCE.format(namespace=namespace))
    package = copy.deepcopy(source)
    apply(cluster, namespace, documents(package), how)
    meddle(cluster, namespace)
    templates: dict[str, Any] = {}
    generations: dict[str, int] = {}
    for step, change in STEPS.items():
        change(source)
        change(package)
        package = yaml.safe_load(text_of(function(package)))
        wanted = documents(package)
        apply(cluster, namespace, wanted, how)
        for data in wanted:
            name = ("get", data["kind"], data["metadata"]["name"], "--namespace", namespace, "--output", "yaml")
            live = yaml.safe_load(cluster.kubectl(*name))
            where = f"{step}: {data['kind']}"
            if (data["kind"], data["metadata"]["name"]) == ("Deployment", "echo"):
                assert_untouched(live, where)
            assert_says(live, {key: value for key, value in data.items() if key != "status"}, where)
            known = f"{data['kind']}/{data['metadata']['name']}"
            # What the server counts is the spec: as long as that is the same, no pod is made anew.
            if data.get("spec") == templates.get(known, ...):
                assert live["metadata"].get("generation") == generations[known], f"{where} changed"
            else:
                assert not step.startswith(QUIET) or data["kind"] == "ClassRuntime", where
            templates[known], generations[known] = data.get("spec"), live["metadata"].get("generation")
        ours = [data for data in wanted if data["metadata"]["labels"].get("component") == "otel"]
        assert len(cluster.get(KINDS, namespace, "--selector=component=otel")) == len(ours), step
    # What there is at last is what there was at first, with what people changed since, and nothing of ours.
    assert documents(package) == documents(source)
    assert "otel.oaas.io" not in cluster.kubectl("get", KINDS, "--namespace", namespace, "--output", "yaml")
    assert A_RECORD not in cluster.kubectl(
        "get", KINDS, "--namespace", namespace, "--output", "jsonpath={..annotations}"
    )


def test_a_job_that_is_there_is_refused_and_warned_of(cluster: Cluster, namespace: str) -> None:
    off = JOB.format(namespace=namespace)

    def applied(outcome: Outcome) -> None:
        data = [one for one in yaml.safe_load_all(text_of(outcome)) if one["kind"] != "OTelConfig"]
        cluster.apply("---\n".join(map(yaml.safe_dump, data)))

    applied(run([Source(off.encode())], {}))
    on = run([Source(off.replace("enabled: false", "enabled: true").encode())], {})
    (warning,) = [result for result in on.results if result.severity == "warning"]
    assert (warning.code, warning.ref.kind) == ("immutable-workload", "Job")
    with pytest.raises(AssertionError, match="field is immutable"):
        applied(on)
    cluster.kubectl("delete", "job", "once", "--namespace", namespace)
    applied(on)
    again = run([Source(text_of(on).replace("enabled: true", "enabled: false").encode())], {})
    assert text_of(again) == off
    (line,) = [line.text for line in lines(again) if line.text.startswith("Job/once removed")]
    assert "delete the Job first" in line
    with pytest.raises(AssertionError, match="field is immutable"):
        applied(again)


def meddle(cluster: Cluster, namespace: str) -> None:
    """Somebody else's fields, by somebody else's hand."""
    note = {"annotations": {FOREIGN: "mine"}}
    extra = {"containers": [{"name": "function", "env": [{"name": "FOREIGN", "value": "mine"}]}]}
    foreign = {"metadata": note, "spec": {"template": {"metadata": note, "spec": extra}}}
    cluster.kubectl(
        *("patch", "deployment", "echo", "--namespace", namespace, "--field-manager=elsewhere"),
        *("--patch", yaml.safe_dump(foreign)),
    )


def assert_untouched(live: Data, where: str) -> None:
    """Takes somebody else's variable out of what is compared afterwards."""
    template = live["spec"]["template"]
    assert live["metadata"]["annotations"][FOREIGN] == "mine", where
    assert template["metadata"]["annotations"][FOREIGN] == "mine", where
    env = template["spec"]["containers"][0]["env"]
    assert {"name": "FOREIGN", "value": "mine"} in env, where
    env.remove({"name": "FOREIGN", "value": "mine"})


def assert_same(cluster: Cluster, namespace: str, text: str, *flags: str) -> None:
    """`kubectl diff` has nothing to tell, once no controller writes a status between its two requests."""
    reasons: list[str] = []

    def same() -> bool | None:
        try:
            cluster.kubectl("diff", *flags, "--namespace", namespace, "--filename", "-", text=text)
        except AssertionError as error:
            reasons.append(str(error))
            return None
        return True

    until(same, lambda: reasons[-1])


def apply(cluster: Cluster, namespace: str, wanted: list[Data], how: str) -> None:
    """Applies with pruning; a second look then has nothing to tell."""
    if how == "server-side":
        text = "---\n".join(map(yaml.safe_dump, wanted))
        flags = ("--server-side", "--prune", "--applyset=configmaps/package")
        with_apply_sets("apply", *flags, "--namespace", namespace, "--filename", "-", text=text)
        # Which objects belong to the set is written on them, by the same manager.
        (parent,) = cluster.get("configmaps", namespace, "--field-selector=metadata.name=package")
        for data in wanted:
            labels = data["metadata"].setdefault("labels", {})
            labels["applyset.kubernetes.io/part-of"] = parent["metadata"]["labels"]["applyset.kubernetes.io/id"]
        text = "---\n".join(map(yaml.safe_dump, wanted))
        assert_same(cluster, namespace, text, "--server-side")
    else:
        for data in wanted:
            data["metadata"].setdefault("labels", {})["applied"] = "by-us"
        text = "---\n".join(map(yaml.safe_dump, wanted))
        more = ("--prune", "--selector=applied=by-us", *(f"--prune-allowlist={one}" for one in ALLOWED))
        cluster.kubectl("apply", *more, "--namespace", namespace, "--filename", "-", text=text)
        assert_same(cluster, namespace, text)
    live = {(one["kind"], one["metadata"]["name"]) for one in cluster.get(KINDS, namespace)}
    live -= {("ConfigMap", "package"), ("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")}
    assert live == {(data["kind"], data["metadata"]["name"]) for data in wanted}, "what is not wanted is pruned"


def with_apply_sets(*arguments: str, text: str) -> None:
    """With apply sets, which kubectl has behind a variable."""
    command = inside("env", "KUBECTL_APPLYSET=true", "kubectl", "--kubeconfig", str(KUBECONFIG), *arguments)
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"kubectl {' '.join(arguments)}\n{done.stderr}"


def function(package: Data) -> Outcome:
    outcome = run([Source(yaml.safe_dump(package, sort_keys=False).encode())], {})
    assert outcome.exit_code == 0, outcome.results
    return outcome


def text_of(outcome: Outcome) -> str:
    (text,) = outcome.texts
    assert text is not None
    return text


def documents(package: Data) -> list[Data]:
    """What is applied: all but what is for kpt."""
    return copy.deepcopy([data for data in package["items"] if data["kind"] != "Kptfile"])


def assert_says(live: Any, wanted: Any, where: str) -> None:
    """Everything that is wanted is there, lists in their order; the server may have filled in more."""
    if isinstance(wanted, dict):
        assert isinstance(live, dict), where
        for key, value in wanted.items():
            if value is None:
                continue
            assert key in live or value in ({}, []), f"{where}: {key} is not there"
            assert_says(live.get(key, value), value, f"{where}.{key}")
    elif isinstance(wanted, list):
        assert isinstance(live, list) and len(live) == len(wanted), f"{where}: {live} instead of {wanted}"
        for number, (left, right) in enumerate(zip(live, wanted, strict=True)):
            assert_says(left, right, f"{where}[{number}]")
    else:
        assert live == wanted, f"{where}: {live!r} instead of {wanted!r}"
