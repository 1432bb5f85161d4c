"""Pod Security: a Namespace of the input that refuses the pods of generated collectors.

Source: Kubernetes documentation, "Pod Security Standards": the level `baseline`, and so `restricted`, refuses ports of
the node. Everything else of a generated pod fits `restricted`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from krm_otel.config.settings import OaasClass, Settings
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import collector as rules
from krm_otel.krm.item import Item

L_ENFORCE: Final = "pod-security.kubernetes.io/enforce"
_REFUSE: Final = ("baseline", "restricted")


def check_pod_security(items: Iterable[Item], owner: OaasClass, settings: Settings) -> Iterator[Result]:
    """Warnings for the Namespace of collectors that have ports of the node."""
    if settings.collector is None or not settings.collector.host_port:
        return
    for item in items:
        if (item.api_version, item.kind) != ("v1", "Namespace") or (resource := item.resource) is None:
            continue
        level = resource.text("metadata", "labels", L_ENFORCE)
        if resource.name == owner.namespace and level in _REFUSE:
            text = f"{L_ENFORCE} is {level}, which refuses the collectors with ports of the node"
            where = Location(resource.ref, field_path("metadata", "labels", L_ENFORCE))
            fix = "write privileged, or leave collector.daemonset.host_port out"
            yield rules.HOST_PORT_REFUSED.at(where, text, fix=fix, current=level, proposed="privileged")
