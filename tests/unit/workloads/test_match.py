"""Which class a workload belongs to."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import pytest

import krm_otel.workloads.match as module
from krm_otel.config.settings import Configuration, OaasClass
from krm_otel.dataclass import replace
from krm_otel.diagnostics.result import Ref
from krm_otel.names import A_CLASS, L_OWNER
from krm_otel.workloads.kinds import Workload
from krm_otel.workloads.match import Match, Matcher, platform_class
from krm_otel.workloads.upstream import dns1035_safe, function_key
from tests.unit.workloads.objects import component, deployment, oaas_class, resource, view

A, B, C, D = (oaas_class(name, ("get", f"ghcr.io/team/{name}-fn:v1")) for name in "abcd")
GATEWAY, ROUTER = component("gateway", app="gw"), component("router", tier="edge")
CONFIGURATION = Configuration((A, B, C, D), platform_components=(GATEWAY, ROUTER), config_ref=Ref(kind="OTelConfig"))
FN = (("function", "any:1"),)


@dataclass(frozen=True)
class Row:
    """One line of the truth table: what is written, and what comes of it."""

    want: str | None
    rule: str = ""
    code: str | None = None
    name: str = "web"
    annotation: str = ""
    label: str = ""
    owners: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    containers: tuple[tuple[str, str], ...] = (("main", "web:1"),)


PLATFORM = "oaas-platform"
TABLE = {
    # Each rule by itself, and none.
    "none": Row(None),
    "1": Row("a", module.BY_ANNOTATION, annotation="a"),
    "2": Row("a", module.BY_LABEL, label="a"),
    "3": Row("a", module.BY_OWNER, owners=("a",)),
    "platform": Row(PLATFORM, module.BY_PLATFORM, labels={"app": "gw", "x": "y"}),
    "4": Row("a", module.BY_NAME, name="a", containers=FN),
    # A higher rule wins over all that stand below it.
    "1 over all": Row(
        "a", module.BY_ANNOTATION, name="d", annotation="a", label="b", owners=("c",), containers=FN,
        labels={"app": "gw"},
    ),
    "2 over 3, platform, 4": Row(
        "b", module.BY_LABEL, name="d", label="b", owners=("c",), labels={"app": "gw"}, containers=FN
    ),
    "3 over platform, 4": Row(
        "c", module.BY_OWNER, name="d", owners=("c",), labels={"app": "gw"}, containers=FN
    ),
    "platform over 4": Row(PLATFORM, module.BY_PLATFORM, name="d", labels={"app": "gw"}, containers=FN),
    # What names no class: the annotation ends the search, label and owner do not.
    "1 names nothing": Row(
        None, module.BY_ANNOTATION, "class-not-found", name="d", annotation="nope", label="b", containers=FN
    ),
    "2 names nothing, 3 holds": Row("c", module.BY_OWNER, label="nope", owners=("c",)),
    "2 and 3 name nothing, 4 holds": Row(
        "d", module.BY_NAME, name="d", label="nope", owners=("nope",), containers=FN
    ),
    # The platform by annotation.
    "1 platform": Row(
        PLATFORM, module.BY_ANNOTATION, annotation=PLATFORM, label="b", labels={"app": "gw"}
    ),
    "1 platform, no component": Row(
        None, module.BY_ANNOTATION, "class-not-found", annotation=PLATFORM, label="b"
    ),
    "1 platform, two components": Row(
        None, module.BY_ANNOTATION, "platform-component-ambiguous", annotation=PLATFORM,
        labels={"app": "gw", "tier": "edge"},
    ),
    "platform, two components": Row(
        None, module.BY_PLATFORM, "platform-component-ambiguous", name="d", containers=FN,
        labels={"app": "gw", "tier": "edge"},
    ),
    # Two classes by the same rule.
    "3 twice": Row(None, module.BY_OWNER, "class-ambiguous", owners=("a", "b")),
    "3 the same twice": Row("a", module.BY_OWNER, owners=("a", "a", "nope")),
}  # fmt: skip


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE.keys())
def test_truth_table(row: Row) -> None:
    """The table of the module's docstring, line by line."""
    labels = row.labels | ({L_OWNER: row.label} if row.label else {})
    workload = deployment(
        row.name,
        annotations={A_CLASS: row.annotation} if row.annotation else {},
        labels=labels,
        owners=row.owners,
        containers=row.containers,
    )
    found = Matcher.of(CONFIGURATION).match(workload)
    assert (found.oaas_class.name if found.oaas_class else None) == row.want
    assert found.rule == row.rule
    assert [result.code for result in found.results] == ([row.code] if row.code else [])
    assert (found.component is not None) == (row.want == PLATFORM)


def match(workload: Workload, *classes: OaasClass) -> Match:
    return Matcher.of(Configuration(classes)).match(workload)


def belongs(workload: Workload, *classes: OaasClass) -> str | None:
    found = match(workload, *classes).oaas_class
    return found.name if found else None


def test_the_same_namespace_only() -> None:
    """Absent equals absent, and nothing else."""
    here, there, bare = (oaas_class("a", namespace=n) for n in ("x", "y", ""))
    for namespace, want in (("x", here), ("y", there), ("", bare)):
        workload = deployment(namespace=namespace, annotations={A_CLASS: "a"})
        assert match(workload, here, there, bare).oaas_class is want
    for rule in ({"annotations": {A_CLASS: "a"}}, {"labels": {L_OWNER: "a"}}):
        assert belongs(deployment(namespace="z", **rule), here, there, bare) is None  # type: ignore[arg-type]
    assert belongs(deployment("a", "z", owners=("a",), containers=FN), here, there, bare) is None


def test_the_platform_is_one_class_in_each_namespace() -> None:
    """Workloads of one namespace share the pseudo-class; another namespace has its own."""
    matcher = Matcher.of(CONFIGURATION)
    first = matcher.match(deployment("g", "x", labels={"app": "gw"}))
    second = matcher.match(deployment("r", "x", template_labels={"tier": "edge"}))
    other = matcher.match(deployment("g", "y", labels={"app": "gw"}))
    assert first.oaas_class == second.oaas_class == platform_class(CONFIGURATION, "x")
    assert other.oaas_class == platform_class(CONFIGURATION, "y")
    assert (first.component, second.component) == (GATEWAY, ROUTER)
    assert [match.oaas_class and match.oaas_class.namespace for match in (first, other)] == ["x", "y"]


def test_a_component_needs_all_its_labels_in_one_place() -> None:
    """On the object or on the template; labels of both are not added up, and no labels fit nothing."""
    configuration = Configuration((), platform_components=(component("x", a="1", b="2"), component("empty")))
    matcher = Matcher.of(configuration)
    assert matcher.match(deployment(template_labels={"a": "1", "b": "2"})).component is not None
    assert matcher.match(deployment(labels={"a": "1"}, template_labels={"b": "2"})).component is None
    assert matcher.match(deployment()).component is None


def test_an_annotation_on_the_template_counts_where_the_object_has_none() -> None:
    """The object's comes first; an empty one reads as absent."""
    both = deployment(annotations={A_CLASS: "a"}, template_annotations={A_CLASS: "b"})
    assert belongs(both, A, B) == "a"
    empty = deployment(annotations={A_CLASS: " "}, template_annotations={A_CLASS: "b"})
    assert belongs(empty, A, B) == "b"


def test_labels_of_object_and_template_that_differ_are_two_classes() -> None:
    """Both hold by rule 2: an error that names both and says what to write."""
    workload = deployment(labels={L_OWNER: "a"}, template_labels={L_OWNER: "b"})
    found = match(workload, A, B)
    (fault,) = found.results
    assert fault.severity == "error" and "a and b" in fault.message and A_CLASS in fault.message
    assert found.candidates == (A, B)
    assert belongs(workload, B) == "b"


def test_a_label_may_be_the_safe_form() -> None:
    """Upstream labels with a name made safe; two classes that are made safe alike are ambiguous."""
    dotted, dashed = oaas_class("My.Class"), oaas_class("my-class")
    workload = deployment(template_labels={L_OWNER: "my-class"})
    assert belongs(workload, dotted) == "My.Class"
    assert [r.code for r in match(workload, dotted, dashed).results] == ["class-ambiguous"]
    assert belongs(deployment(annotations={A_CLASS: "my-class"}), dotted) is None


def test_owner_references_of_others_do_not_count() -> None:
    """Kind and group have to be those of a ClassRuntime; any version of the group."""
    text = """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata:
          name: x
          ownerReferences:
            - {{apiVersion: {}, kind: {}, name: a}}
        spec: {{template: {{spec: {{containers: [{{name: c}}]}}}}}}
        """
    assert belongs(view(text.format("oaas.io/v1beta1", "ClassRuntime")), A) == "a"
    assert belongs(view(text.format("oaas.example/v1", "ClassRuntime")), A) is None
    assert belongs(view(text.format("oaas.io/v1alpha1", "Deployment")), A) is None
    odd = view("{apiVersion: apps/v1, kind: Deployment, metadata: {ownerReferences: [x, {name: a}, ]}}")
    assert belongs(odd, A) is None
    assert belongs(view("{apiVersion: apps/v1, kind: Deployment, metadata: {ownerReferences: {}}}"), A) is None


IMAGE = (("main", "reg:5000/x/echo:v9@sha256:ab"),)
ECHO = oaas_class("echo", ("get", "reg:5000/x/echo:v1"), ("put", "reg:5000/x/put"))


@pytest.mark.parametrize(
    ("name", "containers", "belongs_to_it"),
    [
        ("echo", FN, True),
        ("echo", IMAGE, True),
        ("echo", (("main", "other:v1"),), False),
        ("echo", (("main", "reg:5000/x"),), False),
        ("echo", (("main", ""),), False),
        ("echo", (("odgm", "x"),), False),
        ("echo-fn-0", FN, True),
        ("echo-fn-1", IMAGE, True),
        ("echo-fn-12", FN, True),
        ("echo-fn-01", FN, False),
        ("echo-fn-x", FN, False),
        ("echo-fn-", FN, False),
        ("echo-fn-\uff11", FN, False),
        ("echo-fn-0-canary", FN, False),
        ("echo-odgm", (("odgm", "x"),), True),
        ("echo-odgm", FN, False),
        ("echo-odgm", IMAGE, False),
        ("my-echo", FN, False),
        ("echo2", FN, False),
    ],
)
def test_deterministic_names(name: str, containers: tuple[tuple[str, str], ...], belongs_to_it: bool) -> None:
    """Rule 4: a name together with a container; tag and digest do not count, a registry's port does."""
    found = match(deployment(name, containers=containers), ECHO)
    assert (found.oaas_class is ECHO) == belongs_to_it
    assert found.rule == (module.BY_NAME if belongs_to_it else "")


def test_names_are_tried_in_safe_form() -> None:
    """Upstream makes a class's name safe before it names Deployments after it."""
    dotted = oaas_class("Team.Echo")
    assert belongs(deployment("team-echo-fn-0", containers=FN), dotted) == "Team.Echo"
    assert belongs(deployment("team-echo-odgm", containers=(("odgm", ""),)), dotted) == "Team.Echo"


def test_two_classes_by_name() -> None:
    """A class that is called like another one's function is ambiguous, unless a higher rule speaks."""
    echo, clash = oaas_class("echo"), oaas_class("echo-fn-0")
    found = match(deployment("echo-fn-0", containers=FN), echo, clash)
    (fault,) = found.results
    assert fault.code == "class-ambiguous" and "echo and echo-fn-0" in fault.message
    assert fault.field_path == f"metadata.annotations[{A_CLASS}]"
    labelled = deployment("echo-fn-0", labels={L_OWNER: "echo"}, containers=FN)
    assert belongs(labelled, echo, clash) == "echo"


def test_names_before_kustomize_renamed() -> None:
    """namePrefix renames class and workload; labels, annotations and images stay or change by themselves."""
    renamed = oaas_class("p-echo", ("get", "x/echo:1"), previous=("echo",))
    previous = {"internal.config.kubernetes.io/previousNames": "echo-fn-0,"}
    for workload in (
        deployment("p-web", annotations={A_CLASS: "echo"}),
        deployment("p-web", annotations={A_CLASS: "p-echo"}),
        deployment("p-web", labels={L_OWNER: "echo"}),
        deployment("p-web", owners=("echo",)),
        deployment("p-echo-fn-0", annotations=previous, containers=(("main", "x/echo:2"),)),
        deployment("other", annotations=previous, containers=FN),
    ):
        assert belongs(workload, renamed) == "p-echo"


def test_one_class_given_twice_is_one() -> None:
    """Helm passes hooks along with what they copy: the same ClassRuntime twice is no ambiguity."""
    assert belongs(deployment(annotations={A_CLASS: "a"}), A, replace(A, functions=())) == "a"


def test_two_classes_that_had_one_name() -> None:
    """An annotation that two classes answer to says so; it does not propose itself."""
    found = match(
        deployment(annotations={A_CLASS: "echo"}),
        oaas_class("x-echo", previous=("echo",)),
        oaas_class("echo"),
    )
    (fault,) = found.results
    assert fault.code == "class-ambiguous" and "echo and x-echo" in fault.message
    assert found.oaas_class is None


def test_an_annotation_without_a_class_is_explained() -> None:
    """The nearest name is proposed; a class of that name elsewhere is named; the name is kept."""
    here = oaas_class("orders", namespace="x")
    found = match(deployment(namespace="x", annotations={A_CLASS: "order"}), here)
    (warning,) = found.results
    assert (warning.severity, warning.current, warning.proposed) == ("warning", "order", "orders")
    assert warning.field_path == f"metadata.annotations[{A_CLASS}]"
    assert found.absent_class == "order"

    found = match(deployment(namespace="y", template_annotations={A_CLASS: "orders"}), here)
    (warning,) = found.results
    assert "in namespace x" in warning.message and "in namespace y" in warning.message
    assert warning.field_path == f"spec.template.metadata.annotations[{A_CLASS}]"

    found = match(deployment(annotations={A_CLASS: "orders"}), here)
    assert "without a namespace" in found.results[0].message


def test_a_class_that_is_absent_is_remembered() -> None:
    """Half an input: a label or an owner names a class that is not here, which is no fault."""
    for workload in (deployment(labels={L_OWNER: "gone"}), deployment(owners=("gone",))):
        found = match(workload, A)
        assert (found.absent_class, found.results) == ("gone", ())


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("echo", "echo"),
        ("Team.Echo", "team-echo"),
        ("-a_b-", "a-b"),
        ("9lives", "a9lives"),
        ("", "default"),
        ("...", "default"),
        ("É", "default"),
        ("aİb", "a-b"),
        ("x" * 70, "x" * 63),
        ("x" * 62 + "-y", "x" * 62),
    ],
)
def test_safe_names(name: str, safe: str) -> None:
    """Upstream's `dns1035_safe`."""
    assert dns1035_safe(name) == safe


@pytest.mark.parametrize(
    ("name", "container", "key"),
    [
        ("echo-fn-0", ("function", ""), "get"),
        ("echo-fn-1", ("function", "x/get"), "put"),  # the index says it
        ("echo-fn-7", ("function", ""), None),
        ("echo-fn-7", ("function", "x/put:2"), "put"),
        ("other-fn-1", ("function", ""), None),
        ("echo", ("function", ""), None),  # two functions
        ("echo", ("function", "x/put"), "put"),
        ("web", ("main", "x/put@sha256:ab"), "put"),
        ("web", ("main", ""), None),
        ("echo-odgm", ("odgm", "x/odgm"), None),
    ],
)
def test_function_key(name: str, container: tuple[str, str], key: str | None) -> None:
    """By index, else by the image that only one function has."""
    owner = oaas_class("echo", ("get", "x/get:1"), ("put", "x/put:1"))
    workload = deployment(name, containers=(container,))
    assert function_key(workload, workload.containers[0], owner) == key


def test_function_key_of_the_only_function() -> None:
    """`<class>` with one function is that function; two functions of one image cannot be distinguished."""
    single, alike = oaas_class("echo", ("get", "")), oaas_class("echo", ("get", "x:1"), ("put", "x:2"))
    workload = deployment("echo", containers=(("main", "x:3"),))
    assert function_key(workload, workload.containers[0], single) == "get"
    assert function_key(workload, workload.containers[0], alike) is None
    web = deployment("web")
    assert function_key(web, web.containers[0], single) is None


def test_many_workloads_and_classes_are_fast() -> None:
    """3,000 workloads with 500 classes: classes are looked up, never walked through."""
    classes = tuple(oaas_class(f"class-{i}", ("f", f"x/{i}:1"), namespace=f"n{i % 5}") for i in range(500))
    matcher = Matcher.of(Configuration(classes))
    workloads = [
        deployment(f"class-{i % 500}-fn-0", f"n{i % 5}", containers=(("c", f"x/{i % 500}:2"),))
        if i % 2
        else deployment("w", f"n{i % 5}", annotations={A_CLASS: f"clas-{i}"})
        for i in range(3000)
    ]
    started = time.perf_counter()
    found = [matcher.match(workload) for workload in workloads]
    assert time.perf_counter() - started < 3
    assert sum(1 for m in found if m.oaas_class) == 1500


def test_odd_objects_match_no_class() -> None:
    """No metadata, lists where mappings belong: nothing matches, nothing fails."""
    for text in (
        "{apiVersion: apps/v1, kind: Deployment}",
        "{apiVersion: apps/v1, kind: Deployment, metadata: [], spec: 3}",
        "{apiVersion: v1, kind: Pod, metadata: {name: [], labels: [a], annotations: text}}",
    ):
        assert resource(text).kind
        assert match(view(text), A) == Match()
