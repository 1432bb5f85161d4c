"""Sidecars: pods that cannot have one, and what a user has changed in one."""

from __future__ import annotations

from typing import Final

from krm_otel.diagnostics.rule import Rule

HOOK_WITHOUT_SIDECAR: Final = Rule(
    "hook-without-sidecar",
    "warning",
    "A Helm or Argo CD hook runs before the ConfigMap of its sidecar exists, so krm-otel leaves it alone.",
    "Set `collector.endpoint` for its class, or use `mode: deployment`.",
    example="helm.sh/hook makes this a hook, which runs before its collector's ConfigMap exists, so it is left alone: "
    "write collector.endpoint for its class to instrument it",
)
SIDECAR_HOST_NETWORK: Final = Rule(
    "sidecar-host-network",
    "error",
    "The pod uses the host's network, where the ports of two collectors would clash.",
    "Write `mode: deployment`.",
    example="the pod uses the host's network, where the ports of two collectors would clash: write mode: deployment",
)
SIDECAR_KEPT: Final = Rule(
    "sidecar-kept",
    "info",
    "The collector's container, or one of its volumes, was changed by hand, so krm-otel no longer changes it.",
    "Nothing. Delete it to get the generated one back.",
    example="otel-collector was changed by hand and is kept as it is: delete it to get the generated one back",
)
SIDECAR_NAME_TAKEN: Final = Rule(
    "sidecar-name-taken",
    "error",
    "A container or volume has a name that the sidecar needs.",
    "Rename it, or write `mode: deployment`.",
    example="otel-collector is a name that the sidecar needs: rename it, or write mode: deployment",
)
SIDECAR_NEVER_ENDS: Final = Rule(
    "sidecar-never-ends",
    "error",
    "A Job with an ordinary collector container (`native_sidecar: false`) would never end.",
    "Write `mode: deployment`, or leave `native_sidecar` out.",
    example="the pod would never end: its collector is an ordinary container (native_sidecar: false) and goes on: "
    "write mode: deployment, or leave native_sidecar out",
)
SIDECAR_POD_RESOURCES: Final = Rule(
    "sidecar-pod-resources",
    "error",
    "The pod as a whole has `resources`, and the sidecar does not fit into them. The API server refuses such a pod.",
    "Raise the pod's resources, lower `collector.resources`, or write `mode: deployment`.",
    example="the pod has less memory than its containers ask for once the sidecar requests 64Mi: write 192Mi or more, "
    "lower collector.resources.requests.memory, or write mode: deployment",
)
SIDECAR_PORT_TAKEN: Final = Rule(
    "sidecar-port-taken",
    "error",
    "A container listens on a port of the sidecar.",
    "Write `mode: deployment`.",
    example="the sidecar listens on port 4317 of the same pod: write mode: deployment",
)
SIDECAR_WINDOWS: Final = Rule(
    "sidecar-windows",
    "error",
    "The pod runs on Windows. The API server refuses the sidecar's security context there.",
    "Write `mode: deployment`.",
    example="the pod runs on Windows, where a cluster refuses the sidecar's security context: write mode: deployment",
)
