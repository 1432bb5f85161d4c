"""A folder with a base, an overlay and a patch: rendered in place, and rendered after it is built."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.tools.function import FUNCTION
from tools.build import require

BASE = {
    "base/kustomization.yaml": "resources: [class.yaml, deploy.yaml]\n",
    "base/class.yaml": """\
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {name: cart}
spec:
  observability:
    enabled: true
    telemetry: {propagators: [w3c]}
    collector: {mode: external, endpoint: "http://otel:4317"}
""",
    "base/deploy.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart-api, labels: {oaas.io/owner: cart}}
spec:
  template:
    spec:
      containers:
      - name: function
        image: ghcr.io/acme/add:1.4.0
""",
    "overlays/prod/kustomization.yaml": """\
resources: [../../base]
namePrefix: prod-
patches: [{path: patch.yaml}]
""",
    "overlays/prod/patch.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart-api, labels: {oaas.io/owner: cart}}
spec:
  template:
    spec:
      containers:
      - name: function
        env:
        - name: OTEL_SERVICE_NAME  # ours
          value: mine
""",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in BASE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def build(folder: Path) -> str:
    command = [str(require("kustomize")), "build", str(folder / "overlays" / "prod")]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def krm_otel(*arguments: str | Path, stdin: str | None = None) -> str:
    done = subprocess.run([FUNCTION, *arguments], input=stdin, capture_output=True, check=True, text=True)
    return done.stdout


def texts(folder: Path) -> dict[str, str]:
    return {name: (folder / name).read_text(encoding="utf-8") for name in BASE}


def environment(text: str) -> dict[str, Any]:
    (deployment,) = [one for one in yaml.safe_load_all(text) if one["kind"] == "Deployment"]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return {entry["name"]: entry.get("value") for entry in container.get("env", ())}


def test_a_patch_stays_as_it_is_and_the_build_has_both(folder: Path) -> None:
    """Rendered in place: only the base is injected, kustomize merges the patch, and uninject gives every byte back."""
    krm_otel("render", folder, "-o", folder)
    after = texts(folder)
    assert {name for name in BASE if after[name] != BASE[name]} == {"base/deploy.yaml"}
    found = environment(build(folder))
    assert found["OTEL_SERVICE_NAME"] == "mine"
    assert found["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://otel:4317"
    krm_otel("uninject", folder, "-o", folder)
    assert texts(folder) == BASE


def test_what_is_built_matches_although_the_class_is_renamed(folder: Path) -> None:
    """`kustomize build | krm-otel render -`: the label has the class's old name, and the patch's variable stays."""
    found = environment(krm_otel("render", "-", stdin=build(folder)))
    assert found["OTEL_SERVICE_NAME"] == "mine"
    assert found["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://otel:4317"
