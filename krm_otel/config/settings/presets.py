"""Platforms whose components are known: the labels that their charts write, and the names of their services.

Source for `oaas-rs`: the charts of pawissanutt/oaas-rs (2026-03), rendered. The package manager's etcd has its
`app.kubernetes.io/name`, so its `component` tells them apart. Their router has no telemetry, and is left alone.
"""

from __future__ import annotations

from typing import Final

from krm_otel.config.settings.configuration import PlatformComponent

PRESETS: Final = {
    "oaas-rs": (
        PlatformComponent("gateway", {"app": "gateway", "platform": "oaas"}, "oprc-gateway"),
        PlatformComponent("crm", {"app.kubernetes.io/component": "crm"}, "oprc-crm"),
        PlatformComponent("pm", {"app.kubernetes.io/component": "oprc-pm"}, "oprc-pm"),
    )
}
"""Name of a platform → its components."""
