"""Files that a kustomization names and that are no objects."""

from __future__ import annotations

import pytest

from krm_otel.krm.reader import read_envelope
from krm_otel.workloads.kustomizations import Kustomizations


def named(text: str, file: str = "app/kustomization.yaml") -> set[str]:
    return set(Kustomizations.of(read_envelope(text, file).items).named_by)


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("patches: [{path: a.yaml}, {patch: '{}'}]", {"app/a.yaml"}),
        ("patches: [{path: ../shared/a.yaml}, {path: ./b.yaml}]", {"shared/a.yaml", "app/b.yaml"}),
        ('patchesStrategicMerge: [a.yaml, "kind: A\\nb: c"]', {"app/a.yaml"}),
        ("patchesJson6902: [{path: a.json, target: {kind: A}}]", {"app/a.json"}),
        ("replacements: [{path: a.yaml}, {source: {}}]", {"app/a.yaml"}),
        ("configurations: [a.yaml]\ncrds: [b.yaml]", {"app/a.yaml", "app/b.yaml"}),
        ("openapi: {path: a.json}", {"app/a.json"}),
        ("configMapGenerator: [{name: a, files: [x.yaml, y.yaml=z.yaml], envs: [e]}]",
         {"app/x.yaml", "app/z.yaml", "app/e"}),
        ("secretGenerator: [{name: a, files: [x.yaml]}]", {"app/x.yaml"}),
        ("helmCharts: [{name: a, valuesFile: v.yaml, additionalValuesFiles: [w.yaml]}]", {"app/v.yaml", "app/w.yaml"}),
        ("resources: [a.yaml]\ntransformers: [t.yaml]\ngenerators: [g.yaml]", set()),
        ("patches: {path: a.yaml}", set()),
        ("patches: [a.yaml]", set()),
    ],
)  # fmt: skip
def test_what_is_named(text: str, files: set[str]) -> None:
    """Patches, values and schemas are no objects; resources are, and configs of functions may be."""
    assert named(text) == files


@pytest.mark.parametrize(
    ("head", "file", "is_one"),
    [
        ("", "kustomization.yaml", True),
        ("", "a/kustomization.yml", True),
        ("", "a/Kustomization", True),
        ("", "a/other.yaml", False),
        ("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n", "a/other.yaml", True),
        ("apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n", "a/other.yaml", True),
        ("apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n", "a/other.yaml", False),
    ],
)
def test_what_is_a_kustomization(head: str, file: str, is_one: bool) -> None:
    """By kind, or by the file's name: both fields may be absent. Flux has another kind of that name."""
    assert bool(named(f"{head}patches: [{{path: a.yaml}}]", file)) is is_one
