"""Containers: names, images, faults."""

from __future__ import annotations

import pytest

from krm_otel.workloads.kinds import Workload
from tests.unit.workloads.objects import view


def deployment(spec: str) -> Workload:
    head = "apiVersion: apps/v1, kind: Deployment, metadata: {name: d}"
    return view(f"{{{head}, spec: {{template: {{spec: {spec}}}}}}}")


def knative(spec: str) -> Workload:
    return view(f"{{apiVersion: serving.knative.dev/v1, kind: Service, spec: {{template: {{spec: {spec}}}}}}}")


def test_containers_in_order_with_their_places() -> None:
    """Name, index, image and path of each; an image may be absent."""
    found = deployment("{containers: [{name: a, image: x:1}, {image: y, name: 'b'}, {name: 3}]}").containers
    assert [(c.name, c.index, c.image, c.path[-1], c.named) for c in found] == [
        ("a", 0, "x:1", 0, True),
        ("b", 1, "y", 1, True),
        ("3", 2, "", 2, True),
    ]


def test_containers_are_read_through_aliases() -> None:
    """An entry that is an alias, and a name that a merge key brings, are read."""
    found = view(
        """
        apiVersion: apps/v1
        kind: Deployment
        x: &whole {name: a, image: i}
        spec: {template: {spec: {containers: [*whole, {<<: *whole, name: b}]}}}
        """
    )
    assert [(c.name, c.image) for c in found.containers] == [("a", "i"), ("b", "i")]


@pytest.mark.parametrize(
    ("spec", "code", "path", "left"),
    [
        ("{}", "containers-missing", "", 0),
        ("{containers: }", "containers-missing", "", 0),
        ("{containers: []}", "containers-missing", "", 0),
        ("{containers: {name: a}}", "containers-not-a-list", "", 0),
        ("{containers: text}", "containers-not-a-list", "", 0),
        ("{containers: [a, {name: b}]}", "container-not-a-mapping", "[0]", 1),
        ("{containers: [{name: b}, ]}", None, "", 1),
        ("{containers: [{name: b}, null]}", "container-not-a-mapping", "[1]", 1),
        ("{containers: [{image: i}, {name: b}]}", "container-without-name", "[0].name", 1),
        ("{containers: [{name: '', image: i}]}", "container-without-name", "[0].name", 0),
        ("{containers: [{name: [a]}]}", "container-without-name", "[0].name", 0),
        ("{containers: [{name: b}, {name: a}, {name: b}]}", "container-name-twice", "[2].name", 2),
    ],
)
def test_faults(spec: str, code: str | None, path: str, left: int) -> None:
    """Each fault is one result with the place, and the sound entries are still there. No containers at all
    is a warning: patches for kustomize look like that."""
    found = deployment(spec)
    if code is None:
        assert found.results == ()
    else:
        (fault,) = found.results
        severity = "warning" if code == "containers-missing" else "error"
        assert (fault.code, fault.severity) == (code, severity)
        assert fault.field_path == "spec.template.spec.containers" + path
        assert fault.ref.name == "d"
    assert len(found.containers) == left


def test_all_faults_are_reported() -> None:
    """Not only the first."""
    found = deployment("{containers: [a, {image: b}, {name: c}, {name: c}]}")
    assert [fault.code for fault in found.results] == [
        "container-not-a-mapping",
        "container-without-name",
        "container-name-twice",
    ]


def test_unnamed_containers_are_marked() -> None:
    """A sidecar's config needs to know which names are not in the text."""
    assert [c.named for c in knative("{containers: [{image: a}, {name: b}]}").containers] == [False, True]
