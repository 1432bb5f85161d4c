"""Jaeger v2 on the cluster, all in one: it receives traces by OTLP, and its HTTP API returns them."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from tools.build import require
from tools.cluster import cluster
from tools.demo.traces import Span, read_spans

IMAGE = "docker.io/jaegertracing/jaeger:1.76.0"
NAMESPACE = "observability"
ENDPOINT = f"http://jaeger.{NAMESPACE}:4317"
QUERY = 16686
MANIFESTS = f"""
apiVersion: v1
kind: Namespace
metadata: {{name: {NAMESPACE}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: jaeger, namespace: {NAMESPACE}}}
spec:
  selector: {{matchLabels: {{app: jaeger}}}}
  template:
    metadata: {{labels: {{app: jaeger}}}}
    spec:
      containers:
      - name: jaeger
        image: {IMAGE}
        env: [{{name: JAEGER_LISTEN_HOST, value: 0.0.0.0}}]
        readinessProbe: {{httpGet: {{path: /, port: {QUERY}}}, periodSeconds: 1}}
---
apiVersion: v1
kind: Service
metadata: {{name: jaeger, namespace: {NAMESPACE}}}
spec:
  selector: {{app: jaeger}}
  ports: [{{name: otlp, port: 4317}}, {{name: otlp-http, port: 4318}}, {{name: query, port: {QUERY}}}]
"""


def load_image() -> None:
    """Loads Jaeger's image into the node."""
    cluster.load_image(IMAGE, require("jaeger"), user=10001)


def trace(address: str, trace_id: str) -> list[Span]:
    """The spans of a trace that Jaeger has so far.

    Args:
        address: of Jaeger's Service.
        trace_id: 32 hexadecimal digits.
    """
    return read_spans(get(address, f"/api/traces/{trace_id}"))


def get(address: str, path: str) -> Any:
    """A response of Jaeger's API, of any status code."""
    command = cluster.inside("curl", "--silent", "--max-time", "10", f"http://{address}:{QUERY}{path}")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return json.loads(done.stdout or "{}")
