"""A package with one class in one namespace, rendered by the real command."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.kubernetes import SINK

_CLASS = """
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {{name: echo, namespace: {namespace}}}
spec:
  functions: [{{function_key: echo, container_image: "oteldemo:1"}}]
  observability:
    enabled: true
    telemetry: {{logs: true, sampling_rate: 1.0}}
    collector: {{{collector}}}
"""
_CONFIG = """
apiVersion: fn.oaas.io/v1alpha1
kind: OTelConfig
metadata: {{name: otel}}
spec:
  telemetry: {{propagators: [w3c]}}
  collector: {{{collector}}}
"""
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: echo, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{app: echo}}}}
  template:
    metadata: {{labels: {{app: echo}}}}
    spec:
      containers:
      - name: function
        image: oteldemo:1
        ports: [{{containerPort: 8080}}]
---
apiVersion: v1
kind: Service
metadata: {{name: echo, namespace: {namespace}}}
spec: {{selector: {{app: echo}}, ports: [{{port: 80, targetPort: 8080}}]}}
"""
JOB = """
apiVersion: batch/v1
kind: Job
metadata: {{name: echo-once, namespace: {namespace}, labels: {{oaas.io/owner: echo}}}}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
      - {{name: once, image: "oteldemo:1", args: [once]}}
"""
KNATIVE = """
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {{name: echo, namespace: {namespace}}}
spec:
  template:
    metadata: {{annotations: {{autoscaling.knative.dev/min-scale: "1"}}}}
    spec:
      containers:
      - image: oteldemo:1
"""
EXPORTERS = ", ".join(f"{signal}: '{SINK}'" for signal in ("traces", "metrics", "logs"))


def rendered(folder: Path, namespace: str, collector: str, config: str, workloads: Sequence[str]) -> str:
    """What is applied: all but the class, whose kind this cluster does not know.

    Args:
        folder: an empty one for the package.
        collector: of the class.
        config: `collector` of the OTelConfig.
        workloads: templates of this module.
    """
    texts = [workload.format(namespace=namespace) for workload in workloads]
    return rendered_texts(folder, [_CLASS.format(namespace=namespace, collector=collector), *texts], config)


def rendered_texts(folder: Path, texts: Sequence[str], config: str) -> str:
    """The same of any classes and workloads."""
    folder.mkdir()
    for number, text in enumerate(texts):
        (folder / f"{number}.yaml").write_text(text)
    settings = folder.with_suffix(".config.yaml")
    settings.write_text(_CONFIG.format(collector=config))
    command = [str(Path(sys.executable).with_name("krm-otel")), "render", str(folder), "-c", str(settings)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return "---\n".join(yaml.safe_dump(data) for data in _documents(done.stdout) if data["kind"] != "ClassRuntime")


def _documents(text: str) -> list[dict[str, Any]]:
    return [data for data in yaml.safe_load_all(text) if data]
