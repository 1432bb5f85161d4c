"""Pods whose sidecar a Prometheus would scrape twice: by the PodMonitor, and by annotations.

Source: Prometheus, `documentation/examples/prometheus-kubernetes.yml`: `prometheus.io/scrape` selects pods, and
`prometheus.io/port` one port; without it every declared port is fetched.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from krm_otel.collector.manifests.ports import metrics_ports
from krm_otel.collector.manifests.sidecar import Sidecar
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import destinations as rules
from krm_otel.workloads.kinds import Workload

_SCRAPE: Final = "prometheus.io/scrape"
_PORT: Final = "prometheus.io/port"


def check_scraped(workload: Workload, new_sidecar: Sidecar) -> Iterator[Result]:
    """A warning for the annotations of a pod that a PodMonitor selects."""
    if workload.kind.knative:
        return  # a PodMonitor has no port to name there
    annotations = workload.template_annotations
    port = annotations.get(_PORT)
    ours = [str(found.number) for found in metrics_ports(new_sidecar.listening)]
    if annotations.get(_SCRAPE) != "true" or not ours or (port is not None and port not in ours):
        return
    text = f"{_SCRAPE} fetches the sidecar's metrics, and the PodMonitor fetches them, too"
    fix = f"write {_PORT} with a port of the function" if port is None else "leave it out"
    where = Location(workload.resource.ref, field_path(*workload.template_path, "metadata", "annotations", _SCRAPE))
    yield rules.SERIES_TWICE.at(where, text, fix=f"{fix}, or write monitors: {{enabled: false}}")
