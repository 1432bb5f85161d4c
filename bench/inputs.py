"""Inputs for measurements: generated ResourceLists of any size, and the quickstart of the examples as one.

A generated list has one class. A third of the other items are Deployments of that class, each with two containers of
four variables; all others are ConfigMaps and Services. Annotations are those that kpt gives to each item.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

QUICKSTART = Path(__file__).parents[1] / "examples" / "quickstart"

HEAD = """\
apiVersion: config.kubernetes.io/v1
kind: ResourceList
items:
"""

CLASS = """\
- apiVersion: oaas.io/v1alpha1
  kind: ClassRuntime
  metadata:
    name: shop
    namespace: demo
    annotations:
      config.kubernetes.io/index: '0'
      config.kubernetes.io/path: 'class.yaml'
      internal.config.kubernetes.io/index: '0'
      internal.config.kubernetes.io/path: 'class.yaml'
      internal.config.kubernetes.io/seqindent: 'compact'
  spec:
    observability:
      enabled: true
      telemetry:
        propagators: [w3c]
      collector:
        endpoint: http://otel-collector.observability:4317
"""

OTHER_VALUES = {
    "        propagators: [w3c]\n": "        propagators: [w3c, b3]\n        sampling_rate: 0.5\n"
    "        resource_attributes: {team: core}\n",
    "        endpoint: http://otel-collector.observability:4317\n": "        endpoint: http://gateway.telemetry:4317\n",
}
"""Line of the class → what stands there when all values change."""

DEPLOYMENT = """\
- apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: shop-{n}
    namespace: demo
    labels: # of the team
      app: shop-{n}
    annotations:
      oaas.io/class-runtime: shop
      config.kubernetes.io/index: '0'
      config.kubernetes.io/path: 'apps/shop-{n}.yaml'
      internal.config.kubernetes.io/index: '0'
      internal.config.kubernetes.io/path: 'apps/shop-{n}.yaml'
      internal.config.kubernetes.io/seqindent: 'compact'
  spec:
    replicas: 2
    selector:
      matchLabels:
        app: shop-{n}
    template:
      metadata:
        labels:
          app: shop-{n}
      spec:
        containers:
{containers}"""

CONTAINER = """\
        - name: {name}
          image: registry.example.com/team/{name}:1.{n}
          ports:
          - containerPort: 8080
          env:
          - name: LOG_LEVEL
            value: info
          - name: REGION # where it runs
            value: "eu-1"
          - name: POD_NAME
            valueFrom:
              fieldRef:
                fieldPath: metadata.name
          - name: GREETING
            value: >-
              hello from
              number {n}
          resources:
            requests: {{cpu: 100m, memory: 64Mi}}
"""

CONFIG_MAP = """\
- apiVersion: v1
  kind: ConfigMap
  metadata:
    name: config-{n}
    namespace: demo
    annotations:
      config.kubernetes.io/index: '0'
      config.kubernetes.io/path: 'config/{n}.yaml'
      internal.config.kubernetes.io/index: '0'
      internal.config.kubernetes.io/path: 'config/{n}.yaml'
      internal.config.kubernetes.io/seqindent: 'compact'
  data:
    mode: "0755"
    application.properties: |
      # Settings of number {n}
      server.port=8080
      server.timeout=30s
      features=a,b,c
    note: plain text of number {n}, which runs on for a while
"""

SERVICE = """\
- apiVersion: v1
  kind: Service
  metadata:
    name: shop-{n}
    namespace: demo
    annotations:
      config.kubernetes.io/index: '0'
      config.kubernetes.io/path: 'services/{n}.yaml'
      internal.config.kubernetes.io/index: '0'
      internal.config.kubernetes.io/path: 'services/{n}.yaml'
      internal.config.kubernetes.io/seqindent: 'compact'
  spec:
    selector:
      app: shop-{n}
    ports:
    - name: http
      port: 80
      targetPort: 8080
"""


def resource_list(items: int, *, enabled: bool = True, ours: bool = True) -> Iterator[str]:
    """A list in pieces: a process that held it all would lend its memory to those that it measures.

    Args:
        items: how many, with the class.
        enabled: whether the class is on.
        ours: whether there is a class at all; without one, nothing in the list has a name of ours.
    """
    yield HEAD
    yield from entries(items, enabled=enabled, ours=ours)


def entries(items: int, *, enabled: bool = True, ours: bool = True) -> Iterator[str]:
    """The items of a list, each an entry that begins with a dash."""
    if ours:
        yield CLASS.replace("enabled: true", f"enabled: {str(enabled).lower()}")
    deployment = DEPLOYMENT if ours else without_ours(DEPLOYMENT)
    for n in range(items - ours):
        if n % 3 == 0:
            containers = "".join(CONTAINER.format(name=name, n=n) for name in ("web", "worker"))
            yield deployment.format(n=n, containers=containers)
        else:
            yield (CONFIG_MAP if n % 3 == 1 else SERVICE).format(n=n)


def other_values(lines: Iterable[str]) -> Iterator[str]:
    """A list with another endpoint, sampling rate and propagator, and one more attribute, for its class."""
    for line in lines:
        yield OTHER_VALUES.get(line, line)


def files(items: int) -> Iterator[tuple[str, str]]:
    """The name and the text of each file of a package with these items, without the annotations of a client."""
    for number, entry in enumerate(entries(items)):
        lines = textwrap.dedent(entry.replace("- ", "  ", 1)).splitlines(keepends=True)
        text = "".join(line for line in lines if "config.kubernetes.io/" not in line)
        yield f"{number}.yaml", re.sub(r"^  annotations:\n(?!    )", "", text, flags=re.MULTILINE)


def quickstart(*, ours: bool = True) -> str:
    """The class and the workloads of examples/quickstart; or the workloads alone, with no name of ours."""
    files = ("classruntime.yaml", "workloads.yaml") if ours else ("workloads.yaml",)
    documents = [text for name in files for text in (QUICKSTART / name).read_text("utf-8").split("---\n")]
    items = ("- " + textwrap.indent(text, "  ").lstrip() for text in documents)
    return HEAD + "".join(items if ours else map(without_ours, items))


def without_ours(text: str) -> str:
    """A text without the lines that have a name of ours."""
    return "".join(line for line in text.splitlines(keepends=True) if "oaas.io/" not in line)
