"""What flavor `operator` generates, on a real API server with the Operator's own definitions."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.cases import rendered
from tests.cluster.kubernetes import Cluster

ROOT = Path(__file__).parents[2]
CRDS = ROOT.parent / "shared" / "crds"
NAMES = ("opentelemetry.io_opentelemetrycollectors.yaml", "opentelemetry.io_instrumentations.yaml")
CASES = sorted(path.parent for path in (ROOT / "tests" / "cases").rglob("input.yaml"))


@pytest.fixture(scope="module")
def definitions(cluster: Cluster) -> Iterator[None]:
    """The Operator's; they lie beside the checkout."""
    if not CRDS.exists():
        assert os.environ.get("CI") != "true", "the Operator's definitions have to be beside the checkout"
        pytest.skip("the Operator's definitions are not beside the checkout")
    text = "---\n".join((CRDS / name).read_text() for name in NAMES)
    # Without the Operator, nobody answers for its conversions.
    made = [one for one in yaml.safe_load_all(text) if one]
    for one in made:
        one["spec"].pop("conversion", None)
    cluster.apply("---\n".join(map(yaml.safe_dump, made)))
    for one in made:
        cluster.established(one["metadata"]["name"])
    for namespace in ("shop", "oaas-system"):
        cluster.apply(f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {namespace}}}\n")
    yield
    for one in made:
        cluster.kubectl("delete", "crd", one["metadata"]["name"])
    for namespace in ("shop", "oaas-system"):
        cluster.kubectl("delete", "namespace", namespace)  # other tests have one of that name


def generated(case: Path) -> list[dict[str, Any]]:
    """What a case generates with flavor operator; nothing where the settings do not go with it."""
    found = rendered(case, {"flavor": "operator"})
    return [one for one in found if str(one.get("apiVersion", "")).startswith("opentelemetry.io/")]


@pytest.mark.usefixtures("definitions")
def test_every_object_is_accepted(cluster: Cluster) -> None:
    """By server-side apply, which refuses unknown fields; of every case with a collector."""
    areas = ("collector", "operator")
    found = {case.name: generated(case) for case in CASES if case.parent.name in areas}
    objects = [one for several in found.values() for one in several]
    for number, one in enumerate(objects):
        # One namespace, and names of their own: it is shapes that are looked at.
        one["metadata"]["namespace"] = "shop"
        one["metadata"]["name"] = f"case-{number}"
    kinds = [one["kind"] for one in objects]
    assert kinds.count("OpenTelemetryCollector") > 20
    assert kinds.count("Instrumentation") > 20
    cluster.kubectl(
        *("apply", "--server-side", "--validate=strict", "--filename", "-"),
        text="---\n".join(map(yaml.safe_dump, objects)),
    )
    live = cluster.get("opentelemetrycollectors", "shop")
    assert {one["spec"]["mode"] for one in live} == {"sidecar", "deployment", "daemonset"}
    assert all(one["spec"]["config"]["service"]["pipelines"] for one in live), "the config is there as it was sent"
