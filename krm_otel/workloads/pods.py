"""Facts of a pod spec that decide what can be added to it.

Sources: Kubernetes API reference, `PodSpec`; API server's validation (`validateOS`, `validatePodResourceConsistency`,
pkg/apis/core/validation); KEP-2837 (resources of a pod); KEP-753 (native sidecars).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from krm_otel.config.types.quantity import parse
from krm_otel.workloads.kinds import Workload
from krm_otel.yamltext.nodes import Node
from krm_otel.yamltext.query import as_mapping, items_of, lookup, text_of

if TYPE_CHECKING:
    from fractions import Fraction

_OS_LABELS: Final = ("kubernetes.io/os", "beta.kubernetes.io/os")
_WINDOWS: Final = "windows"
_ENDING: Final = frozenset(("Never", "OnFailure"))


def pod_text(workload: Workload, *path: str | int) -> str:
    """The text of a field of the pod spec; empty where it is absent."""
    return workload.resource.text(*workload.pod_path, *path)


def windows_field(workload: Workload) -> tuple[str | int, ...] | None:
    """The field of the pod spec that puts the pod on Windows; None where nothing does."""
    if pod_text(workload, "os", "name") == _WINDOWS:
        return ("os", "name")
    for label in _OS_LABELS:
        if pod_text(workload, "nodeSelector", label) == _WINDOWS:
            return ("nodeSelector", label)
    required = ("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
    terms = items_of(workload.resource.node(*workload.pod_path, *required))
    if terms and all(map(_demands_windows, terms)):
        return required
    host_process = ("securityContext", "windowsOptions", "hostProcess")
    return host_process if pod_text(workload, *host_process) == "true" else None


def _demands_windows(term: Node) -> bool:
    """Whether a term of a node selector fits nodes with Windows alone."""
    for expression in items_of(lookup(term, "matchExpressions")):
        values = [text_of(value) for value in items_of(lookup(expression, "values"))]
        is_os = text_of(lookup(expression, "key")) in _OS_LABELS and text_of(lookup(expression, "operator")) == "In"
        if is_os and values == [_WINDOWS]:
            return True
    return False


def runs_to_completion(workload: Workload) -> bool:
    """Whether the pod is to end by itself: a Job's, or one that is not always restarted."""
    return workload.kind.ends or pod_text(workload, "restartPolicy") in _ENDING


def pod_level(workload: Workload, section: str) -> dict[str, Fraction]:
    """The `requests` or `limits` of the pod as a whole, by resource; empty where it has none."""
    return dict(_amounts(workload.resource.node(*workload.pod_path, "resources", section)))


def container_requests(workload: Workload, resource: str) -> Fraction:
    """What all containers that run together request of a resource. A limit without a request is also the request."""
    from fractions import Fraction

    total = Fraction(0)
    for section in ("containers", "initContainers"):
        for container in items_of(workload.resource.node(*workload.pod_path, section)):
            if section == "initContainers" and text_of(lookup(container, "restartPolicy")) != "Always":
                continue
            requests, limits = (dict(_amounts(lookup(container, "resources", key))) for key in ("requests", "limits"))
            total += requests.get(resource, limits.get(resource, Fraction(0)))
    return total


def _amounts(node: Node | None) -> Iterator[tuple[str, Fraction]]:
    mapping = as_mapping(node)
    for key, value in mapping.pairs if mapping else ():
        amount = parse(text_of(value) or "")
        if amount is not None:
            yield text_of(key) or "", amount
