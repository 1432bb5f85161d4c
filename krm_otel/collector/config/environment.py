"""Environment variables of the collector's container, and texts in its config, where `$` begins a variable."""

from __future__ import annotations

from typing import Final

from krm_otel.config.placement import POD_IP_VARIABLE

NAMESPACE_VARIABLE: Final = "MY_POD_NAMESPACE"
NODE_VARIABLE: Final = "K8S_NODE_NAME"
NODE_IP_VARIABLE: Final = "K8S_NODE_IP"
DOWNWARD: Final = {
    POD_IP_VARIABLE: "status.podIP",
    NAMESPACE_VARIABLE: "metadata.namespace",
    "MY_POD_NAME": "metadata.name",
    "MY_POD_UID": "metadata.uid",
    NODE_VARIABLE: "spec.nodeName",
    NODE_IP_VARIABLE: "status.hostIP",
}
"""Variable → the field of the pod that it has, as the collector's Helm chart calls them. The container has those that
its config refers to."""


def literal(text: str) -> str:
    """A text in which the collector replaces nothing."""
    return text.replace("$", "$$")
